"""The app and its terminal: suspended and resumed, ended by a signal, without colours or Unicode.

All of it over one engine, in real pseudo-terminals.
"""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.journey import terminal as terminals
from tests.journey.terminal import Terminal

pytestmark = pytest.mark.usefixtures("shared")

APP = [sys.executable, "-m", "memtui", "run", "--persona", "memgpt_doc"]
SHELL = [
    sys.executable, "-c",
    "import fcntl, os, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])",
]  # fmt: skip
"""A shell that has the terminal as its own, as job control needs it."""

GIVEN_BACK = [b"?1049l", b"?25h", b"?2004l", b"?1000l", b"?1003l", b"?1006l", b"?1004l", b"?7h"]
"""Alternate screen, cursor, bracketed paste, mouse, focus, line wrap."""
TAKEN = [b"?1049h", b"?25l", b"?2004h", b"?1000h", b"?1003h", b"?1006h", b"?1004h", b"?7l"]

CTRL_Z, CTRL_Q, F4, F9 = "\x1a", "\x11", "\x1bOS", "\x1b[20~"


def modes(raw: bytes, wanted: list[bytes]) -> bool:
    """Whether each of the modes was set last as `wanted`."""
    last = {}
    for number, state in re.findall(rb"\x1b\[\?(\d+)([hl])", raw):
        last[number] = state
    return all(last.get(mode[1:-1]) == mode[-1:] for mode in wanted)


def app_of(shell: Terminal) -> int:
    listed = subprocess.run(
        ["pgrep", "-P", str(shell.process.pid)], capture_output=True, text=True, check=True
    )
    return int(listed.stdout.split()[0])


def sane(shell: Terminal) -> None:
    """The shell has the terminal again: it echoes, reads lines, and passes signals on."""
    shell.screen.reset()
    shell.type("stty -a\r")
    text = shell.wait_for("isig", "icanon", "echo ")
    assert not re.search(r"-(isig|icanon|echo|icrnl|opost)\b", text), text


def test_suspended_while_an_answer_comes_and_ended_by_a_signal() -> None:
    with Terminal(SHELL, 100, 30) as shell:
        shell.type("PS1='ready> '\r")
        shell.wait_for("\nready>")
        shell.type(" ".join(APP) + "\r")
        shell.wait_for("offline reader", "Nothing is attached", "❯ Message")
        assert modes(shell.raw, TAKEN)

        shell.type("How high is the tower?\r" + CTRL_Z)
        shell.wait_for("Stopped")
        assert modes(shell.raw[: shell.raw.rindex(b"Stopped")], GIVEN_BACK)
        sane(shell)

        shell.resize(120, 28)
        shell.screen.reset()
        shell.type("fg\r")
        shell.wait_for("❯ Message", "╭─ mind", "I found nothing", "^p commands")
        assert modes(shell.raw, TAKEN)
        assert all(line.rstrip() for line in shell.screen.display)  # the whole of it

        shell.type(CTRL_Z)  # and with the size that it had
        shell.wait_for("Stopped")
        shell.screen.reset()
        shell.type("fg\r")
        shell.wait_for("❯ Message", "╭─ mind", "I found nothing", "^p commands")
        shell.type("typed")
        shell.wait_for("❯ typed")

        os.kill(app_of(shell), signal.SIGTERM)
        shell.wait_until(lambda _: b"ready> " in shell.raw[-40:], "the shell")
        assert modes(shell.raw[: shell.raw.rindex(b"\x1b[?2004h")], GIVEN_BACK)
        sane(shell)
        shell.type("exit\r")
        shell.wait_for_end()


def seen(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Terminal:
    """The app in such a terminal: a pane and a row of the agents have the focus. Then it ends."""
    usual = terminals._environment()
    monkeypatch.setattr(terminals, "_environment", lambda: {**usual, **variables})
    with Terminal(APP, 100, 30) as terminal:
        terminal.wait_for("offline reader", "Nothing is attached", "mind", "commands")
        terminal.type(F4)
        terminal.wait_for("fold all")
        terminal.type(F9)
        terminal.wait_for("persona", "memgpt_doc", "filter")
        terminal.type(CTRL_Q)
        assert terminal.wait_for_end() == 0
    assert modes(terminal.raw, GIVEN_BACK)
    return terminal


def styles(terminal: Terminal) -> set[bytes]:
    found = re.findall(rb"\x1b\[([\d;]*)m", terminal.raw)
    return {part for style in found for part in style.split(b";")}


def test_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = seen(monkeypatch, NO_COLOR="1")
    assert styles(terminal) <= {b"", b"0", b"1", b"2", b"3", b"4", b"7"}
    assert b"7" in styles(terminal)  # the row that is chosen
    assert "┏".encode() in terminal.raw  # the pane that has the focus


def test_with_sixteen_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal's own, so that nothing is black on black."""
    terminal = seen(monkeypatch, TERM="xterm", COLORTERM="")
    assert not styles(terminal) & {b"38", b"48", b"40", b"30"}
    for style in set(re.findall(rb"\x1b\[([\d;]*)m", terminal.raw)):
        parts = [int(part) % 10 for part in style.split(b";") if len(part) > 1]
        assert len(parts) < 2 or parts[0] != parts[1] or parts[0] == 9, style


def test_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = seen(monkeypatch, LANG="C", LC_ALL="", LC_CTYPE="")
    assert terminal.raw.isascii()
    assert "+- agents" in terminal.text


def test_a_terminal_that_is_closed_ends_the_app() -> None:
    with Terminal(APP, 100, 30) as terminal:
        terminal.wait_for("❯ Message")
        terminal.close()
        assert terminal.process.wait(30) == 128 + signal.SIGTERM


def test_alt_and_a_letter_is_a_key_and_no_letter() -> None:
    """As terminals without the kitty protocol send it."""
    with Terminal(APP, 100, 30) as terminal:
        terminal.wait_for("❯ Message", "Nothing is attached")
        terminal.type("two")
        terminal.wait_for("❯ two")
        terminal.type("\x1bw")
        terminal.wait_for("Welcome to memtui")
        terminal.type("\x1b")
        terminal.wait_until(lambda text: "❯ two" in text and "twow" not in text, "the prompt")
        terminal.type("\x1b,")
        terminal.wait_for("llm.model")
        terminal.type("\x1b")
        terminal.wait_for("❯ two")
        assert "two," not in terminal.text
