"""The hits inspector: any search, the agent's or your own, live, opened down to the letter.

This module asks and shows; `inspector_deeds` has what is done with a hit.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import Worker

from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.early import EarlyKeys
from memtui.tui.inspector.hits import HEADING, ROOMY, HitRows, rows_of
from memtui.tui.inspector.moves import compared, summary
from memtui.tui.inspector.passage import PassagePane, shown_of
from memtui.tui.inspector.question import MODES, MOST, STEP, WORDS, Question, Scope
from memtui.tui.inspector.said import scored
from memtui.tui.inspector.state import asked, both_ends, counted
from memtui.tui.screens.inspector_deeds import InspectorDeeds
from memtui.tui.widgets.keys import Keys
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.library import Document
    from memtui.api.search import Hit, Mode, SearchReply
    from memtui.tui.conversation import Block

TYPING = 0.12
"""Seconds without a key after which what was typed is searched."""

SLOW = 0.15
"""Seconds after which a search says what it waits for."""

SILENT = 1.0
"""Seconds without an answer after which it is the engine that is waited for."""

HINT = (
    "Type what to look for. F6 changes the mode, F7 narrows the search to a source, pages or "
    "dates, F8 compares two modes."
)


class Results(Horizontal):
    """The hits and the passage: what can be done with a hit has its keys here."""

    BINDINGS = bindings("hits")


class Inspector(InspectorDeeds, EarlyKeys):
    """`block` is a search of the agent's, shown with its own hits; `hit` the one to begin with."""

    CSS_PATH = Path(__file__).with_name("inspector.tcss")
    BINDINGS = bindings("inspector")
    AUTO_FOCUS = "#inspector-input"

    def __init__(
        self, query: str = "", block: "Block | None" = None, hit: "Hit | None" = None
    ) -> None:
        super().__init__()
        self.block = block
        self.wanted = hit
        self.given = query
        self.question = Question(query)
        self.other: Mode | None = None  # what is compared with
        self.hits: list[Hit] = []
        self.others: list[Hit] = []
        self.outcome = ""  # for the right edge of the state
        self._followed: str | None = None  # the key of the hit that was read last
        self._ahead = False  # it was read before the word came that it is chosen
        self._number = 0  # of the search that is asked last: others are stale
        self._search_id = ""
        self._worker: Worker[None] | None = None
        self._began = 0.0
        self._doing = ""
        self._look_began = 0.0
        self._looker: Worker[None] | None = None  # asks what the search waits for
        self._own = block is None  # the user's own search, to go on with later
        self._cancelled = False  # what is shown is not what was asked for
        self._instead = ("", "")  # what is said in place of hits, and how it looks
        self._typing: Timer | None = None
        self._ticking: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="inspector-query"):
            yield Static("❯", id="inspector-sign")
            yield Input(placeholder="Search", id="inspector-input", compact=True)
        yield Static("", id="inspector-state", markup=False)
        yield Static("", id="inspector-problem", markup=False)
        with Results(id="inspector-body"):
            with Vertical(id="inspector-left", classes="inspector-pane"):
                yield Static(HEADING, id="inspector-heading", markup=False)
                yield Static("", id="inspector-empty", markup=False)
                yield HitRows(id="inspector-hits")
            with Vertical(id="inspector-right", classes="inspector-pane"):
                yield HitRows(id="inspector-others")
            yield PassagePane(id="inspector-passage", classes="inspector-pane")
        yield Keys()

    def on_mount(self) -> None:
        self.found = self.query_one("#inspector-hits", HitRows)
        self.beside = self.query_one("#inspector-others", HitRows)
        self.pane = self.query_one(PassagePane)
        block = self.block
        if block is not None:
            self._of_agent(block)
        elif not self.given:
            self.question = replace(self.board.last, scope=Scope())
        field = self.query_one("#inspector-input", Input)
        with self.prevent(Input.Changed):
            field.value = self.question.text
        field.select_all()  # typing begins anew
        if block is None and self.question.text:
            self.begin()
        self._draw()

    def _of_agent(self, block: "Block") -> None:
        """The agent's own search: its words, its hits, and a scope in which they can be found."""
        asked = block.arguments.get("query")
        talk = bool(block.hits) and all(hit.scope.startswith("recall_") for hit in block.hits)
        scope = Scope(within=("conversation",)) if talk else Scope()
        self.question = Question(asked if isinstance(asked, str) else "", scope=scope)
        self.hits = list(block.hits)
        self.outcome = counted(len(self.hits), block.total, block.ms)
        self._fill()
        wanted = self.wanted
        for row in self.found.rows:
            if wanted is not None and any(p.passage_id == wanted.passage_id for p in row.parts):
                self.call_after_refresh(self.found.choose, row.key)
        if self.hits:
            self.call_after_refresh(self.found.focus)

    # asking

    @on(Input.Changed, "#inspector-input")
    def typed(self, event: Input.Changed) -> None:
        if event.value != self.question.text:
            self.ask(replace(self.question, text=event.value), TYPING)

    @on(Input.Submitted, "#inspector-input")
    def entered(self) -> None:
        if self.searching or (self.hits and not self._typing and not self._cancelled):
            self.set_focus(self.found)
        else:
            self.begin()

    def ask(self, question: Question, wait: float = 0.0) -> None:
        """Search anew; while typing goes on, after a moment without a key."""
        self.question = question
        self.block = None
        self._stop_typing()
        if wait:
            self._typing = self.set_timer(wait, self.begin)
            self._draw_state()
        else:
            self.begin()

    def _stop_typing(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None

    def begin(self) -> None:
        """Ask the engine now. Whatever was asked before is stale from here on."""
        self._stop_typing()
        self.drop()
        self.block = None
        self._instead = ("", "")
        if self._own:
            self.board.last = self.question
        if not self.question.text.strip():
            self.hits, self.others, self.outcome = [], [], ""
            self._problem("")
            self._fill()
            self._draw()
            return
        self._search_id = secrets.token_hex(8)
        self._began, self._doing, self._looker = time.monotonic(), "", None
        self._worker = self.run_worker(
            self._search(self._number, self.question, self.other),
            group="search",
            exit_on_error=False,
        )
        self._ticking = self.set_interval(SLOW, self._tick)
        if not self.hits:
            self._empty("")

    def drop(self) -> bool:
        """Forget the search that is going on; whether there was one."""
        self._number += 1
        going, self._worker = self._worker, None
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        if going is None or going.is_finished:
            return False
        going.cancel()
        return True

    def put(self, hits: "list[Hit]") -> None:
        """Show these, which were not asked for here, in place of what was found."""
        self._stop_typing()
        self.drop()
        self._cancelled = True
        self.block = None
        self.other = None
        self.hits, self.others = hits, []

    @property
    def searching(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    async def _search(self, number: int, question: Question, other: "Mode | None") -> None:
        agent = self.store.agent
        agent_id = agent.id if agent is not None else None
        try:
            client = await self.session.client()
            ask = question.request(agent_id, self._search_id)
            if other is None:
                reply, second = await client.search(ask), None
            else:
                compare = replace(question, mode=other).request(agent_id)
                reply, second = await asyncio.gather(client.search(ask), client.search(compare))
        except MemtuiError as error:
            if number == self._number:
                self._failed(str(error))
            return
        if number == self._number:
            self._answered(reply, second)

    def _ended(self) -> None:
        self._worker = None
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None

    def _answered(self, reply: "SearchReply", second: "SearchReply | None") -> None:
        self._ended()
        self._cancelled = False
        self.hits = list(reply.hits)
        self.others = list(second.hits) if second is not None else []
        self.outcome = counted(len(self.hits), reply.total, reply.ms)
        self._problem(reply.problem or (second.problem if second is not None else ""))
        self._fill()
        self._draw()

    def _failed(self, sentence: str) -> None:
        self._ended()
        self.hits, self.others, self.outcome = [], [], "failed"
        self._problem("")
        self._fill()
        self._instead = (f"{sentence} Enter searches again.", "$error")
        self._draw()

    # waiting

    def _tick(self) -> None:
        """Every moment while a search runs: for how long, and what it waits for."""
        if not self.searching:
            self._ended()
            return
        looking = self._looker is not None and not self._looker.is_finished
        if not self.store.connected or (looking and time.monotonic() - self._look_began >= SILENT):
            self._doing = ""  # it is the engine that does not answer
        self._draw_state()
        if self.store.connected and not looking:
            self._look_began = time.monotonic()
            self._looker = self.run_worker(
                self._look(self._search_id), group="look", exclusive=True, exit_on_error=False
            )

    async def _look(self, search_id: str) -> None:
        try:
            client = await self.session.client()
            doing = (await client.waiting(search_id)).doing
        except MemtuiError:
            return
        if search_id == self._search_id and self.searching:
            self._doing = ", ".join(dict.fromkeys(doing))
            self._draw_state()

    # showing

    def _fill(self) -> None:
        self.set_class(self.other is not None, "-compare")
        if self.other is None:
            self.found.fill(rows_of(self.hits, self.board))
        else:
            left, right = compared(self.hits, self.others, self.board)
            self.found.fill(left)
            self.beside.fill(right)
        if not self.hits:
            self.shown = None
            self.pane.empty()

    def _draw(self) -> None:
        """The words around the hits: titles, what there is instead of hits, the state."""
        left, right = self.query_one("#inspector-left"), self.query_one("#inspector-right")
        self.query_one("#inspector-heading").display = (
            any(map(scored, self.hits)) and self.other is None and left.content_size.width > ROOMY
        )
        if self.other is not None:
            left.border_title = f"{self.question.mode}: {WORDS[self.question.mode]}"
            right.border_title = f"{self.other}: {WORDS[self.other]}"
            left.border_subtitle = summary(self.hits, self.others) if self.hits else ""
        else:
            left.border_title, left.border_subtitle = "hits", ""
        if self.hits or self.searching:
            self._empty("")
        elif self._instead[0]:
            self._empty(*self._instead)
        elif not self.question.text.strip():
            self._empty(HINT)
        else:
            other = "F6 tries another mode, F7 changes where is searched."
            self._empty(f"Nothing was found for “{self.question.text[:200]}”. {other}")
        self._draw_state()

    def _empty(self, text: str, style: str = "$muted") -> None:
        label = self.query_one("#inspector-empty", Static)
        label.display = bool(text)
        self.found.display = not text
        label.update(safe.text(text, style, 1000))

    def _problem(self, sentence: str) -> None:
        label = self.query_one("#inspector-problem", Static)
        label.display = bool(sentence)
        label.update(safe.text(sentence, "$warning", 600))

    def _draw_state(self) -> None:
        """Mode and scope on the left; on the right what came of it, or what is waited for."""
        agent = self.agent_name()
        whose = f"{agent or 'the agent'} searched" if self.block is not None else ""
        left = asked(self.question, agent, whose)
        waited = time.monotonic() - self._began
        if self.searching and waited >= SLOW:
            doing = self._doing or "the engine"
            text = f"{fmt.spinner(waited)} waiting for {doing} · {fmt.duration(waited)}"
            right = safe.line(f"{text} · esc cancels", "$warning", 200)
        else:
            pinned = f"★ {len(self.board)} · " if len(self.board) else ""
            right = safe.line(f"{pinned}{self.outcome}", "$muted", 200)
        state = self.query_one("#inspector-state", Static)
        state.update(both_ends(left, right, max(0, state.size.width or self.size.width - 2)))

    def on_resize(self) -> None:
        if self.is_mounted:
            self.call_after_refresh(self._draw_if_there)

    def _draw_if_there(self) -> None:
        if self.query("#inspector-left"):  # it may have been left meanwhile
            self._draw()

    # moving

    def follow(self) -> None:
        """Read the hit under the cursor. A key may be quicker than the word that it has moved."""
        if self.other is None and self.found.cursor != self._followed:
            self._read_current()
            self._ahead = True

    def _read_current(self) -> None:
        self._followed, self._ahead = self.found.cursor, False
        self.read(shown_of(self.found.current))

    @on(HitRows.Moved)
    def moved(self, event: HitRows.Moved) -> None:
        row = event.rows.current
        if event.rows is self.found and self.other is None:
            if not self._ahead or self.found.cursor != self._followed:
                self._read_current()
            self._ahead = False
        elif row is not None and self.other is not None:
            twin = self.beside if event.rows is self.found else self.found
            if event.rows.has_focus and any(one.key == row.key for one in twin.rows):
                twin.choose(row.key)

    @on(Rows.Chosen)
    def chosen(self) -> None:
        """Enter reads the passage."""
        self.end_comparison()
        self.add_class("-reading")
        self.call_after_refresh(self.pane.focus)

    def _choose(self, passage_id: str) -> None:
        for row in self.found.rows:
            if any(part.passage_id == passage_id for part in row.parts):
                self.found.choose(row.key)

    def action_down(self) -> None:
        self.found.action_cursor_down()

    def action_up(self) -> None:
        self.found.action_cursor_up()

    def action_query(self) -> None:
        self.remove_class("-reading")
        field = self.query_one("#inspector-input", Input)
        self.set_focus(field)
        field.select_all()  # typing begins anew

    def action_go(self, where: str) -> None:
        self.set_class(where == "passage", "-reading")
        target = self.pane if where == "passage" and self.other is None else self.found
        self.set_focus(target)

    def action_back(self) -> None:
        """The nearest thing: the search that runs, what was opened over the hits, the screen."""
        self._stop_typing()
        if self.drop():
            self._cancelled = True
            self.outcome = f"cancelled after {fmt.duration(time.monotonic() - self._began)}"
            self._instead = ("Cancelled. Enter searches again.", "$muted")
            self._draw()
        elif self.seeing:
            self.action_seen()
        elif self.other is not None:
            self.compare_with(None)
        elif self.has_class("-reading") and self.has_class("-narrow"):
            self.remove_class("-reading")
            self.set_focus(self.found)
        else:
            self.dismiss(None)

    # mode and scope

    def action_mode(self) -> None:
        mode = self.question.next_mode()
        if mode == self.other:
            mode = replace(self.question, mode=mode).next_mode()
        self.ask(replace(self.question, mode=mode))

    def action_compare(self) -> None:
        """With the next mode, then the one after it, then no more."""
        others = [mode for mode in MODES if mode != self.question.mode]
        at = others.index(self.other) + 1 if self.other in others else 0
        self.compare_with(others[at] if at < len(others) else None)

    def compare_with(self, mode: "Mode | None") -> None:
        self.other = mode
        if self.seeing:
            self.action_seen()
        self.remove_class("-reading")
        if self.pane.has_focus:
            self.set_focus(self.found)
        going = self.drop()
        if mode is None:
            self.others = []
        if mode is not None or going:
            self.begin()
        self._fill()
        self._draw()

    def end_comparison(self) -> None:
        """One list again, with the hit under the cursor as it was."""
        if self.other is None:
            return
        row = self.focused_row()
        self.compare_with(None)
        if row is not None:
            self.call_after_refresh(self._choose, row.hit.passage_id)

    def action_more(self) -> None:
        if self.question.k >= MOST:
            self.memtui.tell(f"At most {MOST} hits are shown. Narrow the search with F7.")
        else:
            self.ask(replace(self.question, k=min(MOST, self.question.k + STEP)))

    def action_scope(self) -> None:
        from memtui.tui.screens.scope import ScopeForm

        async def documents() -> "Sequence[Document]":
            client = await self.session.client()
            return await client.documents()

        def narrowed(scope: Scope | None) -> None:
            if scope is not None:
                self.ask(replace(self.question, scope=scope))

        scope = self.question.scope
        form = ScopeForm(scope, self.agent_name(), self.store.sources, documents)
        self.app.push_screen(form, narrowed)
