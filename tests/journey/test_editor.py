"""The draft of a message in the user's own editor, in a real terminal."""

import sys
from pathlib import Path

import pytest

from tests.journey.terminal import Terminal

APP = [sys.executable, "-m", "memtui", "run", "--persona", "memgpt_doc"]
EDITOR = """
import os, signal, stat, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
path = sys.argv[-1]
with open(path) as file:
    draft = file.read()
modes = [oct(stat.S_IMODE(os.stat(one).st_mode)) for one in (path, os.path.dirname(path))]
print("EDITING", repr(draft), *modes, flush=True)
input()
if "fail" in draft:
    sys.exit(3)
with open(path, "w") as file:
    file.write(draft.upper() + "\\nand a second line\\n")
"""


@pytest.mark.usefixtures("home")
def test_the_draft_in_an_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, temporary = tmp_path / "my editor.py", tmp_path / "tmp"
    script.write_text(EDITOR)
    temporary.mkdir()
    monkeypatch.setenv("VISUAL", f"{sys.executable} '{script}' --wait")
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    monkeypatch.setenv("TMPDIR", str(temporary))
    with Terminal(APP, 100, 30) as terminal:
        terminal.wait_for("❯ Message", "offline reader")
        terminal.type("a draft\x07")
        terminal.wait_for("EDITING 'a draft' 0o600 0o700")
        terminal.type("\x03")  # is the editor's
        terminal.type("\r")
        terminal.wait_for("A DRAFT", "and a second line")
        assert not list(temporary.glob("memtui-*"))
        terminal.type(" fail\x07")
        terminal.wait_for("EDITING 'A DRAFT")
        terminal.type("\r")
        # The sentence begins with the interpreter's path, so any of its spaces may be a line's end.
        terminal.wait_until(lambda text: {"ended", "status"} <= set(text.split()), "the status")
        terminal.wait_for("and a second line fail")
