"""A passage in its context: its neighbours, the matched terms, where it is, how it scored."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.inspector.said import scored, when, who
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from memtui.api.library import Passage as PassageData
    from memtui.api.library import PassageInContext
    from memtui.api.search import Hit

Read = Callable[[str], Awaitable["PassageInContext"]]


class Passage(Modal[None]):
    CLICK_CLOSES = True
    BINDINGS = bindings("passage")
    AUTO_FOCUS = "#passage-scroll"

    def __init__(self, read: Read, passage_id: str, hit: "Hit | None" = None) -> None:
        super().__init__()
        self.read = read
        self.passage_id = passage_id
        self.hit = hit
        self.shown: PassageInContext | None = None
        self._laid_out: object = None  # what `_show_middle` has seen

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large") as box:
            box.border_title = Content("passage")
            box.border_subtitle = Content("← → passages · ↑ ↓ scroll · esc close")
            yield Static("", id="passage-where", markup=False)
            with VerticalScroll(id="passage-scroll"):
                yield Static(Content.styled("reading …", "$muted"), id="passage-before")
                yield Static("", id="passage-text")
                yield Static("", id="passage-after")

    def on_mount(self) -> None:
        self.screen_layout_refresh_signal.subscribe(self, self._show_middle, immediate=True)
        self.load(self.passage_id)

    @work(exclusive=True, group="passage", exit_on_error=False)
    async def load(self, passage_id: str) -> None:
        try:
            shown = await self.read(passage_id)
        except MemtuiError as error:
            self.query_one("#passage-before", Static).update(safe.text(str(error), "$error"))
            return
        self.shown = shown
        passage = shown.passage
        box = self.query_one(".box", Vertical)
        box.border_title = safe.line(passage.document or passage.source or "passage", "", 100)
        hit = self.hit if self.hit and self.hit.passage_id == passage.id else None
        self.query_one("#passage-where", Static).update(where(passage, hit))
        before = [text for p in shown.before for text in (safe.text(p.text, "$muted"), "\n\n")]
        after = [text for p in shown.after for text in ("\n\n", safe.text(p.text, "$muted"))]
        self.query_one("#passage-before", Static).update(Content("").join(before))
        spans = hit.terms if hit is not None and hit.text == passage.text else []
        body = safe.marked(passage.text, spans, "", "bold $accent")
        middle = self.query_one("#passage-text", Static)
        middle.update(body)
        self.query_one("#passage-after", Static).update(Content("").join(after))
        self.query_one("#passage-before").display = bool(before)

    def _show_middle(self, _screen: object) -> None:
        """Once the passage, or the terminal, has another size: before that it stands nowhere."""
        scroll = self.query_one("#passage-scroll", VerticalScroll)
        middle = self.query_one("#passage-text")
        laid_out = (self.shown, middle.virtual_region, scroll.size)
        if laid_out == self._laid_out:
            return
        self._laid_out = laid_out
        room = max(0, (scroll.size.height - middle.outer_size.height) // 2)
        scroll.scroll_to(y=max(0, middle.virtual_region.y - room), animate=False)

    def action_previous(self) -> None:
        if self.shown is not None and self.shown.before:
            self.load(self.shown.before[-1].id)

    def action_next(self) -> None:
        if self.shown is not None and self.shown.after:
            self.load(self.shown.after[0].id)

    def action_scroll(self, direction: str) -> None:
        scroll = self.query_one("#passage-scroll", VerticalScroll)
        scroll.scroll_relative(y=-2 if direction == "up" else 2, animate=False)


def where(passage: "PassageData | Hit", hit: "Hit | None") -> Content:
    """Path, page and section on one line each; the scores of a hit in a small table, only of the
    ways in which it was found."""
    lines: list[Content] = []
    place = [text for text in (
        fmt.page(passage.page, passage.page_end, passage.page_label),
        who(passage) or f"passage {passage.ordinal + 1}",
        "" if who(passage) else passage.section,
        when(passage),
    ) if text]  # fmt: skip
    head = safe.line(" · ".join(place), "$accent", 200)
    if passage.source:
        head = (
            Content.styled("source ", "$muted")
            + safe.line(passage.source, "bold", 80)
            + (Content("  ") + head)
        )
    lines.append(head)
    if hit is not None and scored(hit):
        parts = [Content.styled("score ", "$muted"), Content.styled(fmt.score(hit.score), "bold")]
        for name, score, rank in (
            ("meaning", hit.dense_score, hit.dense_rank),
            ("words", hit.text_score, hit.text_rank),
        ):
            if score is not None and rank is not None:
                parts.append(Content.styled(f"   {name} ", "$muted"))
                parts += [Content(fmt.score(score)), Content.styled(f" #{rank}", "$muted")]
        lines.append(Content("").join(parts))
    if passage.document_path:
        lines.append(safe.line(fmt.path(passage.document_path), "$muted", 400))
    return Content("\n").join(lines)
