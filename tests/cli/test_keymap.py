"""What is wrong with the keys that somebody chooses is said when they are saved."""

from tests.engine.helpers import memtui


def test_a_key_given_twice_is_told_with_both_names() -> None:
    done = memtui("configure", "--set", "ui.keymap=main.memory=ctrl+q, no.such=x")
    assert "Saved" in done.stdout
    assert "both app.quit and main.memory" in done.stderr
    assert "'no.such', which no action has" in done.stderr
    assert not memtui("configure", "--set", "ui.keymap=main.memory=f24").stderr
