"""The tutorial, word for word, in the real app in a real terminal, on a real PDF.

`test_whole` has the rest of what the app does there, and the small terminal.
"""

import re
import sys
from pathlib import Path

import pytest

from tests.engine.helpers import make_pdf, memtui, memtui_json
from tests.journey.terminal import Terminal

ENTER, ESCAPE, CTRL_Q = "\r", "\x1b", "\x11"

PAGES = [
    "Tides of the Fjord. This paper describes how the tide moves through the narrow fjord of "
    "Lysa, and why its mussels close at noon.",
    "The tidal range in Lysa is 3.4 metres in spring. It was measured with a float gauge between "
    "1987 and 1991 at the old pier.",
    "The mussels close at noon because the water then carries silt from the river. Harvesters "
    "therefore work before eleven.",
]


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    return make_pdf(tmp_path / "paper.pdf", PAGES)


def test_the_tutorial(home: Path, paper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    load = memtui("load", "directory", "--name", "paper", f"--input-files={paper}")
    found = re.fullmatch(r"Loaded (\d+) passages and 3 documents from paper\n", load.stdout)
    assert found, load.stdout

    app = [sys.executable, "-m", "memtui", "run", "--persona", "memgpt_doc"]
    with Terminal(app) as terminal:
        terminal.wait_until(
            lambda text: bool(re.search(r"[A-Z][a-z]+[A-Z][a-z]+ · memgpt_doc", text)),
            "an agent with a made-up name",
        )
        terminal.wait_for("offline reader")
        terminal.type("/attach")
        terminal.wait_for("/attach")
        terminal.type(ENTER)
        terminal.wait_for("attach a source", "paper  ")
        terminal.type(ENTER)
        terminal.wait_for("Attached paper")
        terminal.type("How large is the tidal range in Lysa in spring?")
        terminal.wait_for("range in Lysa in spring?")
        terminal.type(ENTER)
        terminal.wait_for("3.4 metres", "[paper p. 2]", "archival_memory_search")
        terminal.type(CTRL_Q)
        assert terminal.wait_for_end() == 0

    agents = memtui_json("list", "agents")
    assert [source["name"] for source in agents[0]["sources"]] == ["paper"]
    reply = memtui_json("ask", "--agent", agents[0]["name"], "Why do the mussels close at noon?")
    assert reply["citations"][0]["page"] == 3
    assert "silt" in reply["reply"]
