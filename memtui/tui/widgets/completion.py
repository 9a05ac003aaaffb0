"""The list of completions above the prompt."""

from textual.widgets import OptionList
from textual.widgets.option_list import Option

from memtui.tui import commands, offers, safe
from memtui.tui import format as fmt
from memtui.tui.mentions import Word, word_at
from memtui.tui.offers import Entry, Folder
from memtui.tui.store import Store


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
                Entry(begin + source.name, source.name, fmt.count(source.passages, "passage"), True)
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
    """Shown while there is something to complete. The prompt keeps the focus.

    `word` is what an entry replaces; None: all that is in the prompt.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(id="completion", compact=True, markup=False)
        self.store = store
        self.entries: list[Entry] = []
        self.moved = False  # an entry was chosen with the arrows
        self.word: Word | None = None
        self.folder: Folder | None = None  # what was read of the folder that the word names
        self.wanted = ""  # the folder that is to be read, as it was typed
        self.display = False

    def offer(self, text: str, cursor: int | None = None) -> bool:
        """Show what `text` may become, or the word at the cursor; whether there is anything."""
        found = entries(text, self.store)
        if len(found) == 1 and found[0].value == text:
            found = []
        word = None
        if cursor is not None and commands.parse(text) is None:
            word = word_at(text, cursor)
        if word is not None:
            found = self._of_word(word)
        else:
            self.folder, self.wanted = None, ""
        self.word = word
        if found != self.entries:
            self.entries, self.moved = found, False
            self.clear_options()
            width = max((len(entry.title) for entry in found), default=0) + 2
            self.add_options(
                Option(
                    safe.line(entry.title, "$primary", 60).pad_right(
                        max(2, min(width, 26) - len(entry.title))
                    )
                    + safe.line(entry.detail, "$muted", 80)
                )
                for entry in found
            )
            self.highlighted = 0 if found and not self._inside_folder else None
        self.display = bool(found)
        return self.display

    def _of_word(self, word: Word) -> list[Entry]:
        folder = offers.folder_of(word)
        if not folder:
            self.folder, self.wanted = None, ""
            return [*offers.sources(word, self.store), *offers.places(word)]
        if self.folder is None or self.folder.typed != folder:
            self.wanted = folder
            return []
        self.wanted = ""
        return offers.paths(word, self.folder)

    @property
    def _inside_folder(self) -> bool:
        """Whether a folder is named and nothing in it: that may be all."""
        return self.word is not None and self.word.typed.endswith("/")

    @property
    def takes(self) -> bool:
        """Whether Enter takes the entry, rather than sending what was typed."""
        return self.display and self.word is not None and self.chosen is not None

    def close(self) -> None:
        self.entries, self.word = [], None
        self.folder, self.wanted = None, ""
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
