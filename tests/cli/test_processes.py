"""What only a process of its own can show: pipes, signals, terminals, and opening the app."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from memtui.cli import demo, terminal
from tests.cli.conftest import Memtui

pytestmark = pytest.mark.usefixtures("shared")

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


def test_results_and_notes_go_their_own_ways(shell: Shell, pdf: Path) -> None:
    loaded = shell(
        "load", "directory", "--name", "paper", "--input-files=" + pdf.name, cwd=pdf.parent
    )
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.count("\n") == 1
    assert "\r" not in loaded.stderr
    asked = shell("ask", "--source", "paper", "-", input="When was the lighthouse built?\n")
    assert asked.returncode == 0, asked.stderr
    assert "1879" in asked.stdout
    assert "\x1b" not in asked.stdout + asked.stderr


def _large(tmp_path: Path) -> Path:
    text = tmp_path / "large.txt"
    sentences = (f"Sentence {number} speaks of the number {number * 7}." for number in range(12000))
    text.write_text("\n".join(sentences))
    return text


def test_ctrl_c_stops_a_load_and_keeps_what_is_done(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = _large(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "memtui", "load", "directory", "--name", "large", str(large)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "passages" not in (line := process.stderr.readline()):  # until something is recorded
        assert line.startswith("large: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "goes on from there" in err
    assert "Traceback" not in err
    assert "cancelled" in shell("list", "jobs").stdout


def test_ctrl_c_ends_a_watch(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "ships"
    folder.mkdir()
    (folder / "a.txt").write_text("The ship came home.")
    arguments = ["load", "directory", "--name", "ships", "--input-dir", str(folder), "--watch"]
    process = subprocess.Popen(
        [sys.executable, "-m", "memtui", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None

    def until(words: str) -> None:
        while words not in (line := process.stderr.readline()):  # type: ignore[union-attr]
            assert line.startswith("ships: ")

    until("1 added; 1 passage in all. Watching the folder; Ctrl-C ends it.")
    (folder / "a.txt").rename(folder / "b.txt")
    until("1 renamed; 1 passage in all.")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, ""), err
    assert err.endswith("Watching has ended. ships keeps its 1 passage.\n")
    (folder / "c.txt").write_text("Nobody looks.")
    assert "cancelled" in shell("list", "jobs").stdout
    listed = shell("list", "documents").stdout
    assert "b.txt" in listed
    assert "c.txt" not in listed
    assert shell(*arguments[:-3], "--input-dir", f"{folder}2", "--prune").returncode == 2


def _on_a_terminal(*arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """The exit status of `memtui ARGUMENTS` on a pseudo-terminal, and all it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "memtui", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that ^C is a signal
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    written = b""
    deadline, again = time.monotonic() + 60, 0.0
    while time.monotonic() < deadline:
        ready, _, _ = select.select([ours], [], [], 0.1)
        if ready:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux: the other end is closed
                break
            if not piece:
                break
            written += piece
        elif process.poll() is not None:
            break
        elif b"[y/N]:" in written and time.monotonic() > again and b"Stopped" not in written:
            # A ^C between Python's last look at signals and its wait for a key is seen only with
            # the next one.
            os.write(ours, answer)
            again = time.monotonic() + (2 if answer == b"\x03" else 60)
    os.close(ours)
    return process.wait(10), written.decode("utf-8", "replace")


def test_on_a_terminal(shell: Shell, pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, screen = _on_a_terminal("load", "directory", "--name", "paper", str(pdf))
    assert status == 0, screen
    assert re.search(r"\r[━─]{24} +\d+% ", screen)
    assert re.search(r"\r\x1b\[KLoaded \d+ passages and 3 documents from paper\r\n$", screen)

    status, screen = _on_a_terminal("search", "petroleum")
    assert "\x1b[1m" in screen
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1m" not in _on_a_terminal("search", "petroleum")[1]

    status, screen = _on_a_terminal("delete", "source", "paper", answer=b"n\n")
    assert status == 0
    assert "Nothing was deleted" in screen
    status, screen = _on_a_terminal("delete", "source", "paper", answer=b"\x03")
    assert status == 130, screen
    status, screen = _on_a_terminal("delete", "source", "paper", answer=b"y\n")
    assert "Deleted the source paper" in screen


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Stands in for the app: what `run_app` was called with."""
    seen: dict[str, object] = {}

    def run_app(**arguments: object) -> int:
        seen.clear()
        seen.update({name: value for name, value in arguments.items() if value})
        return 0

    module = ModuleType("memtui.tui.app")
    module.run_app = run_app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "memtui.tui.app", module)
    monkeypatch.setattr(terminal, "has_terminal", lambda: True)
    monkeypatch.setattr(demo, "has_terminal", lambda: True)
    return seen


def test_opening_the_app(memtui: Memtui, app: dict[str, object]) -> None:
    assert memtui().status == 0
    assert app == {}
    assert memtui("run").status == 0
    assert app == {"choose": True}

    assert memtui("run", "--persona", "memgpt_doc").status == 0
    assert app == {"persona": "memgpt_doc"}, "the app makes the agent, which greets"
    assert memtui("run", "--agent", "Ada", "--human", "cs_phd").status == 0
    made = dict(app)
    assert set(made) == {"agent"}
    assert memtui("run", "--agent", "ada").status == 0
    assert app == made
    assert memtui("run", "--model", "offline").status == 0
    assert set(app) == {"agent"}
    assert app != made
    app.clear()
    for arguments, status in (
        (["--model", "nosuch/model"], 1),
        (["--agent", "Bob"], 1),
        (["--agent", "Ada", "--persona", "sam"], 2),
        (["--persona", "nobody"], 1),
    ):
        result = memtui("run", *arguments)
        assert result.status == status
        assert result.err.count("\n") == 1
        assert app == {}, "the app was not opened"


def test_the_demo(memtui: Memtui, app: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    first = memtui("demo")
    assert first.status == 0, first.err
    assert re.fullmatch(r"Loaded \d+ passages and \d\d documents from memtui-handbook\n", first.out)
    assert app["draft"] == demo.QUESTION
    assert memtui("show", "agent", str(app["agent"])).out.startswith("name")

    monkeypatch.setattr(demo, "has_terminal", lambda: False)
    monkeypatch.setattr(terminal, "has_terminal", lambda: False)
    again = memtui("demo")
    assert again.status == 1
    assert "Demo is ready" in again.out
    assert "needs a terminal" in again.err
    assert "Loaded" not in again.out, "what exists is used again"

    answer = memtui("ask", "--agent", "Demo", demo.QUESTION)
    assert answer.status == 0, answer.err
    assert "memtui-handbook p." in answer.out
    assert memtui("list", "agents").out.count("Demo") == 1
