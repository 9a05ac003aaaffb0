"""`memtui configure` in a real terminal: the wizard from its first step to what it has saved."""

import sys
from pathlib import Path

from memtui import config, paths
from tests.journey.terminal import Terminal

NEXT, ESCAPE, TEST = "\x0e", "\x1b", "\x1b[15~"
CONFIGURE = [sys.executable, "-m", "memtui", "configure"]


def test_the_wizard(home: Path) -> None:
    with Terminal(CONFIGURE, 80, 24) as terminal:
        terminal.wait_for("Welcome to memtui")
        terminal.type(NEXT)
        terminal.wait_for("Which language model?", "the offline reader")
        terminal.type(NEXT)
        terminal.wait_for("findable by meaning?")
        terminal.type(TEST)
        terminal.wait_for("384 numbers")
        terminal.type(NEXT)
        terminal.wait_for("Where is the archival memory?")
        terminal.type(TEST)
        terminal.wait_for("Milvus Lite 3")
        terminal.type(NEXT)
        terminal.wait_for("Who is a new agent?", "memgpt_doc")
        terminal.type(NEXT)
        terminal.wait_for("How does it look?")
        terminal.type("\x1b[B")
        terminal.type(NEXT)
        terminal.wait_for("Save this?", '+theme = "memtui-light"')
        assert not config.is_configured()
        terminal.type(NEXT)
        assert terminal.wait_for_end() == 0
    assert str(paths.config_file()).encode() in terminal.raw.replace(b"\r\n", b"")
    assert config.load().text("ui.theme") == "memtui-light"


def test_leaving_it_changes_nothing(home: Path) -> None:
    with Terminal(CONFIGURE) as terminal:
        terminal.wait_for("Welcome to memtui")
        terminal.type(ESCAPE)
        assert terminal.wait_for_end() == 0
    assert b"Nothing was changed" in terminal.raw
    assert not config.is_configured()
