"""Bindings: every one is declared, explained, and alone on its key."""

import pytest
from textual.binding import Binding, BindingsMap
from textual.widgets import TextArea

from memtui import config
from memtui.tui.actions import ACTIONS, bindings, key_sign, parse_keymap
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.load import Load
from memtui.tui.screens.main import MainScreen
from memtui.tui.screens.modal import Modal
from memtui.tui.screens.model import Model
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.permission import Permission
from memtui.tui.screens.picker import Picker
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.rows import Rows
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.transcript import Transcript
from tests.tui.conftest import Open, until

OWNERS = [
    MemtuiApp, MainScreen, Prompt, Sources, Transcript, Mind, Rows, Modal, Confirm, Load, Model,
    Passage, Permission, Picker,
]  # fmt: skip

CHAINS = [
    ("app", "main", "prompt"),
    ("app", "main", "rows", "sources"),
    ("app", "main", "rows", "transcript"),
    ("app", "main", "rows", "mind"),
    ("app", "modal", "passage"),
    ("app", "modal", "picker"),
    ("app", "modal", "confirm"),
    ("app", "modal", "form"),
    ("app", "modal", "permission"),
]


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
        if action.where in ("app", "main") and not action.priority:
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
    keymap, wrong = parse_keymap("app.help=f12, main.load=ctrl+o ctrl+y, no.such=x, app.quit=")
    assert keymap == {"app.help": "f12", "main.load": "ctrl+o,ctrl+y"}
    assert len(wrong) == 2
    assert key_sign("ctrl+j") == "^j"
    assert key_sign("shift+enter") == "shift+enter"


async def test_the_configured_keymap_holds(opened: Open) -> None:
    config.save({"ui.keymap": "prompt.send=ctrl+s, main.memory=f12"})
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter", "ctrl+s")
        await until(pilot, lambda: "turn:message" in app.client.calls)
        await pilot.press("f12")
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_the_palette_has_every_action_that_says_so(opened: Open) -> None:
    async with opened() as (app, pilot):
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert titles == [action.palette for action in ACTIONS if action.palette]
        await pilot.press("ctrl+p")
        await pilot.press(*"core mem")
        await pilot.pause(0.3)
        await pilot.press("escape")
