"""The passage under the cursor: as found, its neighbours, and as the agent saw it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from memtui.api.plain import plain
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.inspector.hits import MATCH, HitRow
from memtui.tui.inspector.said import ANSWER, kind, who
from memtui.tui.screens.passage import where

if TYPE_CHECKING:
    from memtui.api.library import Passage as PassageData
    from memtui.api.search import Hit, Seen


@dataclass(frozen=True)
class Shown:
    """What is read: a hit (or neighbours as one), or a passage beside it.

    `ids` are the passages in it, in reading order.
    """

    place: "Hit | PassageData"
    ids: tuple[str, ...]
    hit: "Hit | None" = None


def shown_of(row: HitRow | None) -> Shown | None:
    """What is read when the cursor is on `row`."""
    if row is None:
        return None
    return Shown(row.hit, tuple(part.passage_id for part in row.parts), row.hit)


class PassagePane(VerticalScroll):
    """Scrolls with the arrows; it takes no other keys of its own."""

    BINDINGS = bindings("reading")
    HELP = "The passage as it was found. ← and → turn to its neighbours; s: as the agent saw it."

    def compose(self) -> ComposeResult:
        yield Static("", id="inspector-where", markup=False)
        yield Static("", id="inspector-text", markup=False)

    def _put(self, title: str, head: Content, body: Content) -> None:
        self.border_title = safe.line(title, "", 60)
        place = self.query_one("#inspector-where", Static)
        place.display = bool(head)
        place.update(head)
        self.query_one("#inspector-text", Static).update(body)
        self.scroll_home(animate=False, immediate=True)

    text = ""
    """The hit in the agent's result, while it is shown as the agent saw it."""

    def empty(self) -> None:
        self._put("passage", Content(""), Content(""))

    def show(self, shown: Shown) -> None:
        place = shown.place
        if place.scope == ANSWER:
            self._put("answer", safe.line(who(place), "$accent", 300), safe.text(place.text))
            return
        head = where(place, shown.hit)
        if len(shown.ids) > 1:
            joined = "neighbouring passages, each a hit, as one; the scores are those of the best"
            head = Content("\n").join([head, Content.styled(joined, "$muted")])
        if shown.hit is None:
            beside = "beside the hit, not found itself"
            head = Content("\n").join([head, Content.styled(beside, "$muted")])
        spans = shown.hit.terms if shown.hit is not None else []
        self._put(
            place.document or place.source or kind(place.scope),
            head,
            safe.marked(place.text[: safe.LONGEST], spans, "", MATCH),
        )

    def see(self, seen: "Seen", agent: str) -> None:
        """To the letter; the hit itself stands out in the result."""
        title = f"as {agent} {'saw' if seen.shown else 'would see'} it"
        if seen.context and seen.context != seen.text:
            state = "It was shortened since, to fit the context window; read it there with F4."
        elif seen.context:
            state = "It is in the context window now, in these very words."
        elif seen.shown:
            state = "It is not in the context window any more."
        else:
            state = "The agent has not searched for this: so its own search would answer."
        if seen.spans:
            size = sum(end - start for start, end in seen.spans)
            size_text = f"{size:,} of the result's {len(seen.text):,} characters"
        else:
            size_text = "The hit is not in this result"
        head = Content.styled(f"{state}\n{size_text}.", "$muted")
        self.text = plain("\n".join(seen.text[start:end] for start, end in seen.spans) or seen.text)
        first = seen.spans[0][0] if seen.spans else 0
        begin = max(0, first - safe.LONGEST // 2) if len(seen.text) > safe.LONGEST else 0
        spans = [(start - begin, end - begin) for start, end in seen.spans]
        text = seen.text[begin : begin + safe.LONGEST]
        self._put(title, head, safe.marked(text, spans, "$muted", "$foreground on $selected"))
        if spans:
            start, end = min(spans)[0], max(end for _, end in spans)
            self.call_after_refresh(self._show_hit, text[: max(0, start)], text[: max(0, end)])

    def _show_hit(self, before: str, until: str) -> None:
        """Scroll to what stands behind `before`, with some of that above, unless all `until` its
        end is in view."""
        label = self.query_one("#inspector-text")
        first, last = (
            label.virtual_region.y + len(safe.text(text).wrap(max(4, label.size.width)))
            for text in (before, until)
        )
        if last > self.size.height:
            self.scroll_to(y=max(0, first - 3), animate=False, immediate=True)

    def say(self, title: str, text: str, style: str = "$muted") -> None:
        self._put(title, Content(""), safe.text(text, style, 2000))
