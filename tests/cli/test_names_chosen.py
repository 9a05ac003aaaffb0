"""What is wrong with the names that somebody chooses is said when they are saved."""

import pytest

from memtui import paths
from tests.engine.helpers import memtui


def test_a_key_given_twice_is_told_with_both_names() -> None:
    done = memtui("configure", "--set", "ui.keymap=main.memory=ctrl+q, no.such=x")
    assert "Saved" in done.stdout
    assert "both app.quit and main.memory" in done.stderr
    assert "'no.such', which no action has" in done.stderr
    assert not memtui("configure", "--set", "ui.keymap=main.memory=f24").stderr


def test_a_theme_that_there_is_not_is_told_with_those_that_there_are() -> None:
    done = memtui("configure", "--set", "ui.theme=nope")
    assert "Saved" in done.stdout
    assert "no theme 'nope'" in done.stderr
    assert "memtui-light" in done.stderr
    folder = paths.private_dir(paths.themes_dir())
    (folder / "nope.toml").write_text('primary = "#8fb4ee"', encoding="utf-8")
    assert not memtui("configure", "--set", "ui.theme=nope").stderr


@pytest.mark.parametrize("kind", ["persona", "human"])
def test_a_template_that_there_is_not_is_told_and_found_by_the_doctor(kind: str) -> None:
    done = memtui("configure", "--set", f"agent.{kind}=nope")
    assert "Saved" in done.stdout
    assert f"There is no {kind} called 'nope'" in done.stderr
    assert f"FAIL  agent: There is no {kind} called 'nope'" in memtui("doctor", check=False).stdout
    memtui("add", kind, "--name", "nope", "--text", "I am nobody.")
    assert "FAIL" not in memtui("doctor").stdout
