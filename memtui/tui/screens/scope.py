"""What a search is narrowed to: whose view, which part, source, document, pages, dates."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
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
from memtui.tui.screens.modal import Modal
from memtui.tui.widgets.check import Check

if TYPE_CHECKING:
    from memtui.api.library import Document, Source
    from memtui.api.search import Part

PARTS: "tuple[tuple[Part, str], ...]" = (
    ("sources", "sources"),
    ("archive", "own archive"),
    ("conversation", "conversation"),
)
Read = Callable[[], "Awaitable[Sequence[Document]]"]


WITHIN = " › "
"""Between a source and a document."""


def named_apart(documents: "Sequence[Document]") -> tuple[dict[str, str], set[str]]:
    """Ids by name, of namesakes by source and name, or where that is not enough by path; and the
    names that several have.
    """
    names = Counter(plain_line(one.name) for one in documents)
    within = Counter((one.source_id, plain_line(one.name)) for one in documents)
    found: dict[str, str] = {}
    for one in documents:
        name = plain_line(one.name)
        if within[one.source_id, name] > 1:
            name = f"{plain_line(one.source)}{WITHIN}{plain_line(one.path)}"
        elif names[name] > 1:
            name = f"{plain_line(one.source)}{WITHIN}{name}"
        found[name] = one.id
    return found, {name for name, count in names.items() if count > 1}


class ScopeForm(Modal[Scope]):
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
        self.documents: dict[str, str] = {}
        self.namesakes: set[str] = set()

    def compose(self) -> ComposeResult:
        scope = self.scope
        with VerticalScroll(classes="box scope", can_focus=False) as box:
            box.border_title = Content("where to search")
            box.border_subtitle = Content("enter search · tab next field · esc close")
            if self.agent:
                label = safe.line(f"Only what {self.agent} sees", "", 60)
                yield Check(label, not scope.everything, id="scope-agent", compact=True)
            yield Label("In these; in all when none is ticked", markup=False)
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
        self.documents, self.namesakes = named_apart(documents)
        self.query_one("#scope-document", Input).suggester = SuggestFromList(list(self.documents))

    def _wrong(self, field: str, text: str) -> None:
        label = self.query_one(f"#scope-{field}-wrong", Static)
        label.display = bool(text)
        label.update(safe.text(text, "$error", 600))
        if text:
            self.set_focus(self.query_one(f"#scope-{field}"))

    def _value(self, field: str) -> str:
        return self.query_one(f"#scope-{field}", Input).value.strip()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        self.query_one(f"#{event.input.id}-wrong").display = False

    @on(Input.Submitted)
    def submitted(self) -> None:
        self.take()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "clear":
            self.dismiss(Scope())
        else:
            self.take()

    def take(self) -> None:
        """Check every field, the last wrong one having the focus, and close when all are right."""
        wrong: dict[str, str] = {}
        source = self._named("source", self.sources, wrong)
        document = self._named("document", self.documents, wrong)
        within = tuple(part for part, _ in PARTS if self.query_one(f"#scope-{part}", Check).value)
        if source is not None and within:
            wrong["source"] = "A source is no archive: leave one of the two out."
        pages = self._pages(wrong)
        dates = {field: self._date(field, wrong) for field in ("since", "until")}
        for field in reversed(("source", "document", "pages", "since", "until")):
            self._wrong(field, wrong.get(field, ""))
        if wrong:
            return
        mine = not self.agent or self.query_one("#scope-agent", Check).value
        self.dismiss(Scope(not mine, within, source, document, pages, **dates))

    def _named(
        self, field: str, known: dict[str, str], wrong: dict[str, str]
    ) -> tuple[str, str] | None:
        """The only one of that name, or whose name begins so."""
        typed = self._value(field)
        if not typed:
            return None
        if field == "document" and typed in self.namesakes:
            if (whole := f"{self._value('source')}{WITHIN}{typed}") in known:
                return known[whole], whole
            wrong[field] = (
                "Several sources have a document of that name: choose the source above, too, or "
                f"write source{WITHIN}document."
            )
            return None
        if typed in known:
            return known[typed], typed
        before = self.scope.source if field == "source" else self.scope.document
        if before is not None and before[1] == typed:
            return before
        found = [name for name in known if name.casefold().startswith(typed.casefold())]
        if len(found) == 1:
            return known[found[0]], found[0]
        many = f"{len(found)} {field}s begin so; type more of the name."
        wrong[field] = many if found else f"There is no {field} of that name."
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
