"""Keys typed as early as a terminal allows: the real app on a real terminal."""

import sys

import pytest

from tests.journey.terminal import Terminal


@pytest.mark.parametrize(("columns", "lines"), [(40, 10), (140, 45)])
def test_keys_typed_right_after_the_first_frame_are_not_lost(columns: int, lines: int) -> None:
    app = [sys.executable, "-m", "memtui", "run", "--persona", "memgpt_doc"]
    with Terminal(app, columns, lines) as terminal:
        while not terminal.text.strip():
            terminal.read()
        for letter in "typed early":
            terminal.type(letter)
            terminal.read(0.01)
        terminal.wait_for("❯ typed early")
        terminal.type("\r")
        terminal.wait_until(
            lambda text: "no source is attached" in " ".join(text.split()), "the reply", 30
        )
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0
