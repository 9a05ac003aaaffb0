"""Embedding that costs money is asked about before it begins."""

from pathlib import Path

import pytest

from memtui import config
from tests.engine.helpers import memtui
from tests.fakes.server import ScriptedServer


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_load_that_costs_much_is_asked_about(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Copper melts at 1085 degrees Celsius.")
    with ScriptedServer([]) as server:
        config.save(
            {
                "embedding.model": "openai/text-embedding-3-small",
                "embedding.api_base": server.api_base,
                "embedding.api_key": "sk-1234",
                "embedding.ask_above": 0.0,
            }
        )
        load = ["load", "directory", "--name", "n", "--input-files", str(note)]
        refused = memtui(*load, check=False)
        assert refused.returncode == 1
        assert "Embedding these files costs about $0.00" in refused.stderr
        assert "Add -y" in refused.stderr
        assert server.others == []
        assert memtui(*load, "-y").stdout == "Loaded 1 passages and 1 documents from n\n"
        assert "unchanged" in memtui(*load).stderr, "nothing is left that would cost"
        config.save({"embedding.model": "openai/a-model-of-ones-own"})
        assert "about $" not in memtui("reindex").stderr, "no price is known"
        memtui("engine", "stop")
