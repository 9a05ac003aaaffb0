"""The list of completions above the prompt."""

from dataclasses import dataclass

from textual.widgets import OptionList
from textual.widgets.option_list import Option

from memtui.tui import commands, safe
from memtui.tui.store import Store


@dataclass(frozen=True)
class Entry:
    """`value` is what the prompt will hold; `ready` when nothing more has to be typed.

    `free`: other values than those offered may be meant, so Enter takes what was typed.
    """

    value: str
    title: str
    detail: str
    ready: bool = False
    free: bool = False


def entries(text: str, store: Store) -> list[Entry]:
    """What `text` in the prompt may become: a command, or one with a source's or model's name."""
    found = [
        Entry(
            f"/{c.name}{' ' if c.takes else ''}", f"/{c.name} {c.takes}".strip(), c.help,
            ready=not c.takes,
        )
        for c in commands.completions(text)
    ]  # fmt: skip
    if "\n" in text:
        return found
    for name, attached in (("attach", False), ("detach", True)):
        begin = f"/{name} "
        typed = text.removeprefix(begin).casefold()
        if text.startswith(begin) and all(typed != s.name.casefold() for s in store.sources):
            found += [
                Entry(begin + source.name, source.name, f"{source.passages:,} passages", True)
                for source in store.sources
                if store.attached(source.id) is attached and typed in source.name.casefold()
            ][:50]
    if text.startswith("/model "):
        found += _models(text.removeprefix("/model "), store)
    return found


def _models(typed: str, store: Store) -> list[Entry]:
    names = [(commands.DEFAULT_MODEL, "what is configured")]
    names += [(model.name, model.detail) for model in store.models or ()]
    if typed in dict(names):
        return []
    return [
        Entry(f"/model {name}", name, detail, True, True)
        for name, detail in names
        if typed.casefold() in name.casefold()
    ][:50]


class Completion(OptionList, can_focus=False):
    """Shown while there is something to complete. The prompt keeps the focus."""

    def __init__(self, store: Store) -> None:
        super().__init__(id="completion", compact=True, markup=False)
        self.store = store
        self.entries: list[Entry] = []
        self.moved = False  # an entry was chosen with the arrows
        self.display = False

    def offer(self, text: str) -> bool:
        """Show what `text` may become; whether there is anything."""
        found = entries(text, self.store)
        if len(found) == 1 and found[0].value == text:
            found = []
        if found != self.entries:
            self.entries, self.moved = found, False
            self.clear_options()
            width = max((len(entry.title) for entry in found), default=0) + 2
            self.add_options(
                Option(
                    safe.line(entry.title, "$primary", 60).pad_right(
                        max(0, min(width, 26) - len(entry.title))
                    )
                    + safe.line(entry.detail, "$muted", 80)
                )
                for entry in found
            )
            self.highlighted = 0 if found else None
        self.display = bool(found)
        return self.display

    def close(self) -> None:
        self.entries = []
        self.display = False

    def move(self, step: int) -> None:
        self.moved = True
        if step > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()

    @property
    def chosen(self) -> Entry | None:
        at = self.highlighted
        return self.entries[at] if at is not None and at < len(self.entries) else None
