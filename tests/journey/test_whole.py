"""The whole journey in a real terminal, from an empty home to leaving: nothing but keys."""

import sys
from pathlib import Path

import pytest

from memtui import config
from tests.engine.helpers import make_pdf, memtui_json
from tests.journey.terminal import Terminal
from tests.journey.test_tutorial import PAGES

ENTER, ESCAPE, DOWN, NEXT, SAVE = "\r", "\x1b", "\x1b[B", "\x0e", "\x13"
F4, F6, F8, CTRL_L, CTRL_Q = "\x1bOS", "\x1b[17~", "\x1b[19~", "\x0c", "\x11"

STEPS = (
    "Which language model?", "findable by meaning?", "Where is the archival memory?",
    "Who is a new agent?", "How does it look?", "Save this?",
)  # fmt: skip


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    make_pdf(folder / "tides.pdf", PAGES)
    make_pdf(folder / "birds.pdf", ["The osprey lives near lakes and eats fish."])
    return folder


@pytest.mark.parametrize(("columns", "lines"), [(140, 45), (80, 24)])
def test_the_whole_journey(
    home: Path, papers: Path, monkeypatch: pytest.MonkeyPatch, columns: int, lines: int
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    with Terminal([sys.executable, "-m", "memtui"], columns, lines) as terminal:
        # the first run: set it up, with the offline reader
        terminal.wait_for("welcome to memtui", "Set it up")
        terminal.type(DOWN + DOWN + ENTER)
        terminal.wait_for("Welcome to memtui")
        for title in STEPS:
            terminal.type(NEXT)
            terminal.wait_for(title)
        assert not config.is_configured()
        terminal.wait_for('+model = "offline"')
        terminal.type(NEXT)
        terminal.wait_for("offline reader", "Nothing is attached yet")
        assert config.load().text("llm.model") == "offline"

        # a folder of PDFs; what follows a key at once is for where it leads
        terminal.type(CTRL_L + str(papers))
        terminal.wait_for("birds.pdf", "With the folders inside it")
        terminal.type(ENTER)
        terminal.wait_for("Loaded papers: 2 files added; 4 passages in all")

        # attach and ask
        terminal.type("/attach")
        terminal.wait_for("Attach a source")
        terminal.type(ENTER)
        terminal.wait_for("attach a source", "papers  ")
        terminal.type(ENTER)
        terminal.wait_for("Attached papers")
        terminal.type("How large is the tidal range in Lysa in spring?" + ENTER)
        terminal.wait_for("3.4 metres", "tides.pdf p. 2]", "searched the archive", "4 hits")
        terminal.wait_until(lambda text: "esc stops" not in text, "the end of the turn")

        # the passage that it cites, and the hit
        terminal.type(F6)
        terminal.wait_for("→ citation")
        terminal.type(ENTER)
        terminal.wait_for("passage 2", "← → passages")
        terminal.type(ESCAPE)
        terminal.wait_until(lambda text: "← → passages" not in text, "the conversation")
        terminal.type(F4)
        terminal.wait_for("1 Act", "archival_memory_search", "fold all")
        terminal.type("4")
        terminal.wait_until(
            lambda text: "p. 1–3" in text and "archival_memory_search" not in text, "the hits"
        )
        terminal.type(DOWN + ENTER)
        terminal.wait_for("hybrid", "esc back")
        terminal.type(ESCAPE)
        terminal.wait_until(lambda text: "esc back" not in text, "the main screen")

        # the memory: edited and as it was
        terminal.type(F8)
        terminal.wait_for("First name: Chad", "Beyond core memory")
        terminal.type("j" + ENTER)
        terminal.wait_for("^s saves")
        terminal.type("\nLikes tides.")
        terminal.wait_for("Likes tides.")
        terminal.type(SAVE)
        terminal.wait_for("Saved.", "Beyond core memory", "Likes tides.")
        terminal.type("u")
        terminal.wait_for("Undone")
        terminal.wait_until(lambda text: "Likes tides." not in text, "the memory as it was")
        terminal.type(CTRL_Q)
        assert terminal.wait_for_end() == 0

    (agent,) = memtui_json("list", "agents")
    assert [source["name"] for source in agent["sources"]] == ["papers"]
    assert b"Traceback" not in terminal.raw
