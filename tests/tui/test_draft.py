"""What the wizard is about to save, without a screen."""

import sys

import pytest

from memtui import config
from memtui.tui.wizard.draft import Draft, Tried, new_draft


@pytest.fixture
def draft() -> Draft:
    config.save({"llm.model": "openai/x", "llm.api_key": "sk-1234567890"})
    return new_draft(config.load())


def test_nothing_changed_is_nothing_to_save(draft: Draft) -> None:
    draft.put("llm.model", "openai/x ")
    assert draft.changes() == {}
    assert draft.difference() == []
    assert draft.to_save() == {"llm.model": "openai/x"}


def test_the_difference_has_no_secret(draft: Draft) -> None:
    draft.put("llm.model", "openai/y")
    draft.put("llm.api_key", "sk-0987654321")
    assert draft.changes() == {"llm.model": "openai/y", "llm.api_key": "sk-0987654321"}
    assert draft.difference() == [" [llm]", '-model = "openai/x"', '+model = "openai/y"']


def test_a_saved_key_is_not_sent_elsewhere(draft: Draft) -> None:
    assert draft.outdated() == []
    draft.put("llm.model", "openai/y")
    assert draft.outdated() == []
    draft.put("llm.api_base", "http://elsewhere")
    assert draft.changes()["llm.api_key"] == ""
    draft.put("llm.api_key", "new")
    assert draft.outdated() == []


def test_a_change_makes_what_was_said_void(draft: Draft) -> None:
    draft.tried["model"] = draft.tried["archive"] = Tried(((True, "works"),))
    draft.wrong["llm.model"] = "does not exist"
    draft.put("llm.model", "openai/x")
    assert draft.wrong  # the same value
    draft.put("llm.model", "openai/y")
    assert not draft.wrong
    assert set(draft.tried) == {"archive"}
    assert draft.untried() == ["model"]


def test_checks(draft: Draft) -> None:
    for key, text in (
        ("llm.model", " "), ("llm.api_base", "host"), ("llm.context_window", "-1"),
        ("ui.keymap", "no.such=x"),
    ):  # fmt: skip
        draft.put(key, text)
    assert draft.check("model") == "llm.model"
    assert draft.check("look") == "ui.keymap"
    assert draft.check("welcome") == ""
    assert set(draft.wrong) == {"llm.model", "llm.api_base", "llm.context_window", "ui.keymap"}


def test_the_environment_wins(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_UI__THEME", "nord")
    draft = new_draft(config.load())
    draft.put("ui.theme", "memtui-light")
    assert draft.overridden() == ["MEMTUI_UI__THEME"]


def test_no_keyring_is_asked_to_begin(draft: Draft) -> None:
    assert draft.has_secret == {"llm.api_key"}
    assert draft.key_for("llm.api_key") is None
    assert "sk-" not in repr(draft)
    assert "memtui.tui.wizard.draft" in sys.modules
