"""What a search is narrowed to: whose view, which part, source, document, pages, dates."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain_line
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.inspector.question import Scope
from memtui.tui.screens.form import Form
from memtui.tui.widgets.check import Check

if TYPE_CHECKING:
    from memtui.api.library import Document, Source
    from memtui.api.search import Part

PARTS: "tuple[tuple[Part, str], ...]" = (
    ("sources", "sources"),
    ("archive", "own archive"),
    ("conversation", "conversation"),
)
NOWHERE_TICKED = "Look in; when none is ticked, in the sources and the own archive"
Read = Callable[[], "Awaitable[Sequence[Document]]"]


WITHIN = " > "
"""Between a source and a document."""


@dataclass(frozen=True)
class Choice:
    """A document, and what tells it from all others: mostly its name alone."""

    id: str
    name: str
    source_id: str
    label: str


def named_apart(documents: "Sequence[Document]") -> list[Choice]:
    """Namesakes by source and name, or where that is not enough by path."""
    names = Counter(plain_line(one.name) for one in documents)
    within = Counter((one.source_id, plain_line(one.name)) for one in documents)
    found = []
    for one in documents:
        name = label = plain_line(one.name)
        if within[one.source_id, name] > 1:
            label = f"{plain_line(one.source)}{WITHIN}{plain_line(one.path)}"
        elif names[name] > 1:
            label = f"{plain_line(one.source)}{WITHIN}{name}"
        found.append(Choice(one.id, name, one.source_id, label))
    return found


class ScopeForm(Form[Scope]):
    """Returns the scope. What is wrong stands beside its field."""

    BINDINGS = bindings("form")
    AUTO_FOCUS = "#scope-source"

    def __init__(
        self, scope: Scope, agent: str, sources: "Sequence[Source]", documents: Read
    ) -> None:
        super().__init__()
        self.scope = scope
        self.agent = agent
        # A field draws what is in it, and what it suggests, as it is.
        self.sources = {plain_line(source.name): source.id for source in sources}
        self.read = documents
        self.documents: list[Choice] = []

    def compose(self) -> ComposeResult:
        scope = self.scope
        with VerticalScroll(classes="box scope", can_focus=False) as box:
            box.border_title = Content("where to search")
            box.border_subtitle = Content("enter search · space ticks · tab next field · esc close")
            if self.agent:
                label = safe.line(f"Only what {self.agent} sees", "", 60)
                yield Check(label, not scope.everything, id="scope-agent", compact=True)
            yield Label(NOWHERE_TICKED, markup=False)
            with Horizontal(id="scope-parts"):
                for part, name in PARTS:
                    chosen = part in scope.within
                    yield Check(name, chosen, id=f"scope-{part}", compact=True)
            yield from self._field("source", "Source", scope.source[1] if scope.source else "", "")
            name = scope.document[1] if scope.document else ""
            yield from self._field("document", "Document", name, "")
            yield from self._field("pages", "Pages", scope.pages, "3-20,25")
            yield from self._field("since", "Stored since", scope.since, "2026-01-31")
            yield from self._field("until", "Stored until", scope.until, "2026-12-31")
            with Horizontal(classes="buttons"):
                yield Button("Search", id="search", variant="primary", compact=True)
                yield Button("Everything again", id="clear", compact=True)

    def _field(self, name: str, label: str, value: str, hint: str) -> ComposeResult:
        yield Label(label, markup=False)
        suggested = SuggestFromList(list(self.sources)) if name == "source" else None
        yield Input(
            value, placeholder=hint or "any", suggester=suggested, id=f"scope-{name}", compact=True
        )
        yield Static("", id=f"scope-{name}-wrong", classes="wrong", markup=False)

    def on_mount(self) -> None:
        self._read_documents()

    @work(exit_on_error=False)
    async def _read_documents(self) -> None:
        try:
            documents = await self.read()
        except MemtuiError as error:
            self._wrong("document", str(error))
            return
        self.documents = named_apart(documents)
        self._suggest()

    @on(Input.Changed, "#scope-source")
    def _suggest(self) -> None:
        """The documents, of a source that is named those of this one."""
        source = self.sources.get(self._value("source"))
        labels = [one.label for one in self.documents if source in (None, one.source_id)]
        self.query_one("#scope-document", Input).suggester = SuggestFromList(labels)

    def _wrong(self, field: str, text: str) -> None:
        self.say_wrong(f"scope-{field}", text)
        if text:
            self.set_focus(self.query_one(f"#scope-{field}"))

    def _value(self, field: str) -> str:
        return self.query_one(f"#scope-{field}", Input).value.strip()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        self.query_one(f"#{event.input.id}-wrong").display = False

    def leave(self) -> None:
        self.dismiss(Scope())

    async def finish(self) -> None:
        """Check every field, the last wrong one having the focus, and close when all are right."""
        wrong: dict[str, str] = {}
        source = self._source(wrong)
        document = self._document(source, wrong)
        within = tuple(part for part, _ in PARTS if self.query_one(f"#scope-{part}", Check).value)
        if source is not None and set(within) - {"sources"}:
            wrong["source"] = "A source is no archive: leave one of the two out."
        pages = self._pages(wrong)
        dates = {field: self._date(field, wrong) for field in ("since", "until")}
        for field in reversed(("source", "document", "pages", "since", "until")):
            self._wrong(field, wrong.get(field, ""))
        if wrong:
            return
        mine = not self.agent or self.query_one("#scope-agent", Check).value
        self.dismiss(Scope(not mine, within, source, document, pages, **dates))

    def _source(self, wrong: dict[str, str]) -> tuple[str, str] | None:
        """The only one of that name, or whose name begins so."""
        typed, before = self._value("source"), self.scope.source
        if not typed:
            return None
        if typed in self.sources:
            return self.sources[typed], typed
        if before is not None and before[1] == typed:
            return before
        found = [name for name in self.sources if _begins(name, typed)]
        if len(found) == 1:
            return self.sources[found[0]], found[0]
        many = f"{len(found)} sources begin so; type more of the name."
        wrong["source"] = many if found else "There is no source of that name."
        return None

    def _document(
        self, source: tuple[str, str] | None, wrong: dict[str, str]
    ) -> tuple[str, str] | None:
        """The only one of that name, or whose name begins so, in the source if one is named."""
        typed, before = self._value("document"), self.scope.document
        if not typed:
            return None
        known = [one for one in self.documents if source is None or one.source_id == source[0]]
        there = not self.documents or any(before and one.id == before[0] for one in known)
        if before is not None and before[1] == typed and there:
            return before
        found = (
            [one for one in known if one.label == typed]
            or [one for one in known if one.name == typed]
            or [one for one in known if _begins(one.label, typed) or _begins(one.name, typed)]
        )
        if len(found) == 1:
            return found[0].id, found[0].label
        if not found:
            where = " in that source" if source is not None else ""
            wrong["document"] = f"There is no document of that name{where}."
        elif found[0].name == typed:
            some = " or ".join(f"“{one.label}”" for one in found[:3])
            wrong["document"] = f"{len(found)} documents have that name. Write {some}."
        else:
            wrong["document"] = f"{len(found)} documents begin so; type more of the name."
        return None

    def _pages(self, wrong: dict[str, str]) -> str:
        from memtui.api.pages import canonical

        try:
            return canonical(self._value("pages"))
        except MemtuiError as error:
            wrong["pages"] = str(error)
            return ""

    def _date(self, field: str, wrong: dict[str, str]) -> str:
        typed = self._value(field)
        try:
            if typed:
                datetime.fromisoformat(typed)
        except ValueError:
            wrong[field] = "Write a date like 2026-01-31, or with a time: 2026-01-31T14:00."
        return typed


def _begins(name: str, typed: str) -> bool:
    return name.casefold().startswith(typed.casefold())
