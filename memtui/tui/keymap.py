"""The keys that the user has chosen: `ui.keymap`, and what is wrong with it."""

from collections.abc import Iterator, Mapping

from textual.keys import Keys, _character_to_key

from memtui.tui.actions import ACTIONS, key_sign

CHAINS: tuple[tuple[str, ...], ...] = (
    ("app", "main", "prompt"),
    ("app", "main", "rows", "sources"),
    ("app", "main", "sources_filter"),
    ("app", "find"),
    ("app", "main", "rows", "transcript"),
    ("app", "main", "mind_tabs", "rows", "mind"),
    ("app", "main", "mind_tabs", "rows", "memory"),
    ("app", "mind_tabs", "rows", "versions"),
    ("app", "mind_tabs", "block_editor"),
    ("app", "modal", "passage"),
    ("app", "inspector", "hits", "reading"),
    ("app", "hits", "rows", "reading"),
    ("app", "modal", "picker", "earlier"),
    ("app", "modal", "confirm"),
    ("app", "modal", "form", "check"),
    ("app", "modal", "rows", "folders"),
    ("app", "modal", "permission"),
    ("app", "modal", "rows", "agents"),
    ("app", "modal", "filter"),
    ("app", "modal", "ticked"),
    ("app", "wizard", "form"),
    ("app", "modal", "settings"),
    ("app", "modal", "rows", "problems"),
    ("app", "modal", "report"),
)
"""What can be meant by one key press: the app, a screen, the widgets that have the focus in it.

A `where` of `ACTIONS` that can be focused together with others stands in a chain with them.
"""


def parse_keymap(text: str) -> tuple[dict[str, str], list[str]]:
    """`app.help=f12, main.load=ctrl+o` as a key map, and a sentence for each part that is wrong.

    Several keys for one action are separated by spaces.
    """
    known = {action.id for action in ACTIONS}
    keymap: dict[str, str] = {}
    wrong: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, keys = (piece.strip() for piece in part.partition("="))
        if name in known and keys:
            given = [key.lower() if "+" in key else key for key in keys.split()]
            wrong += [f"ui.keymap: {sentence}" for key in given if (sentence := _unusable(key))]
            keymap[name] = ",".join(given)
        elif name in known:
            wrong.append(f"ui.keymap gives {name} no key: write {name}=KEY.")
        else:
            wrong.append(f"ui.keymap names {name!r}, which no action has. F1 lists them.")
    return keymap, wrong + clashes(keymap)


def _unusable(key: str) -> str:
    """Why no terminal sends that key, as a sentence; or nothing."""
    *modifiers, name = key.split("+")
    if key in _SAME:
        return f"terminals send {_SAME[key]} for {key}. Take another key."
    named = name in _NAMES or (len(name) == 1 and name.isprintable())
    if not named or not {"alt", "ctrl", "shift", "super", "meta", "hyper"}.issuperset(modifiers):
        return f"there is no key {key!r}. Keys are called like f5, ctrl+y, alt+comma or pageup."
    return ""


_SAME = {"ctrl+m": "Enter", "ctrl+i": "Tab", "ctrl+left_square_bracket": "Escape"}
_NAMES = {key.value.rpartition("+")[2] for key in Keys} | {
    _character_to_key(chr(code)) for code in range(33, 127)
}
"""What Textual calls keys, without what is held down with them."""


def clashes(keymap: Mapping[str, str]) -> list[str]:
    """A sentence for each key that two actions have where both can be meant."""
    found: dict[tuple[str, str, str], None] = {}
    for chain in CHAINS:
        taken: dict[str, str] = {}
        for name, key in _keys(chain, keymap):
            other = taken.setdefault(key, name)
            if other != name and {other, name} & set(keymap):
                one, two = sorted((other, name))
                found[(key, one, two)] = None
    return [
        f"ui.keymap gives {key_sign(key)} to both {one} and {other}. Give one of them another key."
        for key, one, other in found
    ]


def _keys(chain: tuple[str, ...], keymap: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for action in ACTIONS:
        if action.where in chain:
            for key in keymap.get(action.id, action.keys).split(","):
                yield action.id, key.strip()
