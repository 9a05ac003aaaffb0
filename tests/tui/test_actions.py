"""Bindings: every one is declared, explained, and alone on its key."""

import importlib
import inspect
import pkgutil

import pytest
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.widgets import TextArea

import memtui.tui
from memtui import config
from memtui.tui.actions import ACTIONS, KEYS_ONLY, bindings, key_sign
from memtui.tui.keymap import CHAINS, clashes, parse_keymap
from tests.tui.conftest import Open, until


def owners() -> list[type[DOMNode]]:
    """Every app, screen and widget of memtui that binds keys, in every module there is."""
    found: list[type[DOMNode]] = []
    for module in pkgutil.walk_packages(memtui.tui.__path__, "memtui.tui."):
        loaded = importlib.import_module(module.name)
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            own = kind.__module__ == module.name and "BINDINGS" in kind.__dict__
            if own and issubclass(kind, DOMNode):
                found.append(kind)
    return found


OWNERS = owners()


def test_every_binding_has_an_id_words_and_a_tooltip() -> None:
    declared = {action.id for action in ACTIONS}
    assert len(declared) == len(ACTIONS)
    for owner in OWNERS:
        for binding in owner.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), owner
            assert binding.id in declared, (owner, binding)
            assert binding.tooltip, binding
            assert binding.description, binding


@pytest.mark.parametrize("chain", CHAINS, ids="-".join)
def test_no_two_share_a_key_where_both_can_be_meant(chain: tuple[str, ...]) -> None:
    keys: dict[str, str] = {}
    for binding in Binding.make_bindings(bindings(*chain)):
        assert binding.key not in keys, (keys.get(binding.key), binding.id)
        keys[binding.key] = str(binding.id)


def test_the_text_field_of_the_prompt_takes_no_key_of_ours() -> None:
    taken = {binding.key for binding in Binding.make_bindings(TextArea.BINDINGS)}
    for action in ACTIONS:
        if action.where in ("app", "main") and not action.priority and action.id != "app.suspend":
            assert not taken & {key.strip() for key in action.keys.split(",")}, action.id


def test_every_place_is_used() -> None:
    used = {
        str(binding.id).split(".")[0]
        for owner in OWNERS
        for binding in owner.__dict__.get("BINDINGS", ())
    }
    assert used == {action.where for action in ACTIONS}


def test_actions_exist() -> None:
    BindingsMap(bindings("main"))
    for owner in OWNERS:
        for binding in owner.__dict__.get("BINDINGS", ()):
            name = binding.action.split("(")[0]
            if "." not in name:
                assert hasattr(owner, f"action_{name}"), (owner, name)


def test_keymap() -> None:
    keymap, wrong = parse_keymap("app.help=f24, main.load=f22 f23, no.such=x, app.quit=")
    assert keymap == {"app.help": "f24", "main.load": "f22,f23"}
    assert len(wrong) == 2
    assert key_sign("ctrl+j") == "^j"
    assert key_sign("shift+enter") == "shift+enter"


def test_a_key_given_twice_is_told_with_both_names() -> None:
    keymap, wrong = parse_keymap(
        "app.quit=Ctrl+Y, app.help=nokey, main.load=ctrl+m, app.jump=alt+,"
    )
    assert keymap["app.quit"] == "ctrl+y"
    assert [sentence.split(" ")[1:5] for sentence in wrong[:2]] == [
        ["there", "is", "no", "key"], ["terminals", "send", "Enter", "for"]
    ]  # fmt: skip
    _, wrong = parse_keymap("main.memory=f24, mind.folds=f24")
    assert wrong == [
        "ui.keymap gives f24 to both main.memory and mind.folds. Give one of them another key."
    ]
    (sentence,) = clashes({"main.memory": "ctrl+q"})
    assert "both app.quit and main.memory" in sentence
    assert not clashes({"mind.folds": "a"})  # that of the sources: never meant at once
    assert not clashes({})


def test_every_place_stands_in_a_focus_chain() -> None:
    """So that a clash of what was added last is found, too."""
    assert {action.where for action in ACTIONS} == {place for chain in CHAINS for place in chain}


def test_what_is_global_is_in_the_palette() -> None:
    offered = {action.run for action in ACTIONS if action.palette}
    for action in ACTIONS:
        if action.where in ("app", "main") and action.id not in ("app.palette", "main.escape"):
            assert action.run in offered, action.id
    assert {action.id for action in ACTIONS if not action.palette} >= KEYS_ONLY


async def test_the_configured_keymap_holds(opened: Open) -> None:
    config.save({"ui.keymap": "prompt.send=f23, main.load=f24"})
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter", "f23")
        await until(pilot, lambda: "turn:message" in app.client.calls)
        await pilot.press("f24")
        await until(pilot, lambda: len(app.screen_stack) == 2)
