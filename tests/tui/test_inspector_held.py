"""What a real engine cannot hold still: slow, stale and failing searches; hostile text."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from memtui.api.errors import UnavailableError
from memtui.api.library import Document, Passage, PassageInContext
from memtui.api.search import SearchReply, SearchRequest, Seen, SeenRequest, Waiting
from memtui.tui import format as fmt
from memtui.tui.app import MemtuiApp
from memtui.tui.inspector.board import Answer, Board
from memtui.tui.inspector.export import markdown
from memtui.tui.inspector.question import Scope
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.inspector_deeds import InspectorDeeds
from memtui.tui.screens.scope import ScopeForm
from tests.tui.conftest import MIDDLE, SMALL, WIDE, Open, ScriptedApp, until
from tests.tui.scripted import HITS, NOW, TEXTS, ScriptedClient, citations, document, hit, source
from tests.tui.test_hostile import LONG, NASTY, check, shown


class Slow:
    """A search that answers when it is let go, the newest first if so wished."""

    def __init__(self, client: ScriptedClient) -> None:
        self.asked: list[SearchRequest] = []
        self.gates: list[asyncio.Event] = []
        self.doing = ["the nearest vectors"]
        client.search = self.search  # type: ignore[method-assign]
        client.waiting = self.waiting  # type: ignore[attr-defined]

    async def search(self, request: SearchRequest) -> SearchReply:
        gate = asyncio.Event()
        self.asked.append(request)
        self.gates.append(gate)
        try:
            await gate.wait()
        except asyncio.CancelledError:
            if request.query == "stubborn":  # an answer comes although nobody wants it
                return self.reply(request)
            raise
        return self.reply(request)

    def let_go(self) -> bool:
        """All that were asked until now."""
        for gate in self.gates:
            gate.set()
        return True

    def reply(self, request: SearchRequest) -> SearchReply:
        found = [hit(1, 2, f"{request.query} and more", 0.9)]
        return SearchReply(query=request.query, mode=request.mode, hits=found, total=1, ms=9)

    async def waiting(self, search_id: str) -> Waiting:
        assert search_id == self.asked[-1].id
        return Waiting(doing=self.doing)


async def opened_on(app: MemtuiApp, pilot: Pilot[Any]) -> Inspector:
    await pilot.press("ctrl+f")
    await until(pilot, lambda: isinstance(app.screen, Inspector) and app.screen.focused)
    assert isinstance(app.screen, Inspector)
    return app.screen


def state(screen: Inspector) -> str:
    return str(screen.query_one("#inspector-state", Static).content)


async def test_a_slow_search_says_what_it_waits_for_and_esc_cancels_it(opened: Open) -> None:
    async with opened() as (app, pilot):
        slow = Slow(app.client)
        screen = await opened_on(app, pilot)
        await pilot.press(*"nest")
        await until(pilot, lambda: "waiting for the nearest vectors · " in state(screen))
        assert "esc cancels" in state(screen)
        await pilot.press("s")  # keys go on meanwhile
        assert screen.query_one("#inspector-input").value == "nests"  # type: ignore[attr-defined]
        await until(pilot, lambda: slow.asked[-1].query == "nests")
        await pilot.press("escape")
        assert "cancelled after" in state(screen)
        assert not screen.searching
        assert screen.is_current
        slow.gates[-1].set()
        await pilot.pause()
        assert not screen.hits
        asked = len(slow.asked)
        await pilot.press("enter")
        await until(pilot, lambda: len(slow.asked) > asked)
        slow.gates[-1].set()
        await until(pilot, lambda: screen.hits)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_only_the_last_answer_is_shown(opened: Open) -> None:
    async with opened() as (app, pilot):
        slow = Slow(app.client)
        screen = await opened_on(app, pilot)
        await pilot.press(*"stubborn")
        await until(pilot, lambda: slow.asked and slow.asked[-1].query == "stubborn")
        assert len(slow.asked) < 8  # not one for each key
        await pilot.press("space", *"x")
        await until(pilot, lambda: slow.asked[-1].query == "stubborn x")
        await pilot.pause(0.05)
        assert not screen.hits  # the stubborn answer has come, and was dropped
        slow.gates[-1].set()
        await until(pilot, lambda: screen.hits)
        assert screen.hits[0].text == "stubborn x and more"


async def test_what_was_asked_for_is_shown_after_a_comparison_that_was_given_up(
    opened: Open,
) -> None:
    async with opened() as (app, pilot):
        slow = Slow(app.client)
        screen = await opened_on(app, pilot)
        await pilot.press(*"nest", "f8", "f8", "f8")
        assert screen.other is None
        await until(pilot, lambda: slow.let_go() and screen.hits)
        assert screen.hits[0].text == "nest and more"


async def test_an_error_is_shown_and_can_be_tried_again(opened: Open) -> None:
    async with opened() as (app, pilot):
        screen = await opened_on(app, pilot)
        app.client.fault = UnavailableError("Milvus at lab:19530 is away. Start it.")
        await pilot.press(*"nest")
        empty = screen.query_one("#inspector-empty", Static)
        await until(pilot, lambda: "Milvus at lab:19530 is away" in str(empty.content))
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert "Enter searches again" in str(empty.content)
        await pilot.press("enter")
        await until(pilot, lambda: screen.hits == HITS)
        assert not empty.display


def _hostile(app: ScriptedApp) -> None:
    client: Any = app.client
    name = NASTY.replace("\r\n", "")
    nasty = [
        one.model_copy(
            update={
                "text": NASTY * 3 + LONG, "document": name, "source": name, "section": name,
                "document_path": f"/{name}", "page_label": name, "citation": name,
                "terms": [(0, 9), (9, 1), (-3, 4)],
            }
        )
        for one in HITS
    ]  # fmt: skip

    async def search(request: SearchRequest) -> SearchReply:
        return SearchReply(query=request.query, mode="hybrid", hits=nasty, total=3, problem=NASTY)

    async def seen(agent_id: str, request: SeenRequest) -> Seen:
        text = NASTY + LONG + NASTY
        return Seen(text=text, spans=[(3, 40), (500_000, 600_000)], shown=True, context="x")

    async def passage(passage_id: str, context: int = 0) -> PassageInContext:
        one = Passage(id="p9", scope="source_s1", text=NASTY + LONG, page=1, section=name,
                      page_label=name, source=name, document=name, document_path=f"/{name}",
                      created_at=NOW)  # fmt: skip
        return PassageInContext(passage=one, before=[one], after=[one])

    client.search, client.seen, client.passage = search, seen, passage


@pytest.mark.parametrize("size", [WIDE, pytest.param(SMALL, marks=pytest.mark.slow)])
async def test_nothing_is_interpreted(opened: Open, size: tuple[int, int]) -> None:
    async with opened(size=size, setup=_hostile) as (app, pilot):
        screen = await opened_on(app, pilot)
        await pilot.press(*"[/] [bold]")
        await until(pilot, lambda: screen.hits)
        check(shown(app))
        await pilot.press("enter", "p", "enter")
        await pilot.pause()
        check(shown(app))
        await pilot.press("right")
        await until(pilot, lambda: screen.shown and screen.shown.hit is None)
        check(shown(app))
        await pilot.press("s")
        await until(pilot, lambda: screen.pane.text)
        check(shown(app))
        await pilot.press("y")
        check(app.clipboard)
        await pilot.press("escape", "f3", "f8")
        await until(pilot, lambda: screen.others)
        check(shown(app))
        await pilot.press("f8", "f8", "f3", "d")
        await pilot.pause()
        check(shown(app))
        check(markdown(app.store.board))
        await pilot.press("f3", "i")
        await until(pilot, lambda: app.screen is app.main)
        check(shown(app))
        assert app.is_running


async def test_names_are_suggested_clean(opened: Open) -> None:
    async def documents() -> list[Document]:
        return [document(1, "s1", NASTY)]

    async with opened() as (app, pilot):
        form = ScopeForm(Scope(), "Ada", [source(1, NASTY)], documents)
        app.push_screen(form)
        await until(pilot, lambda: form.documents)
        labels = [one.label for one in form.documents]
        assert all(name.isprintable() for name in (*form.sources, *labels))


def test_what_is_exported_cites() -> None:
    board = Board()
    text = "It has two tiers [paper p. 3]. And more [paper p. 99]."
    assert board.toggle_answer(Answer("a", "How many?", "Ada", text, tuple(citations(text))))
    assert board.toggle(HITS[0], "tiers")
    written = markdown(board)
    assert "## How many?" in written
    assert "- [paper p. 3] — paper p. 3" in written or "- [paper p. 3] —" in written
    assert "(unverified" in written
    assert f"> {TEXTS[0]}" in written
    assert "— [paper p. 2] paper · paper.pdf · p. 2" in written
    assert not board.toggle(HITS[0], "tiers")
    assert len(board) == 1


# --- pictures

Steps = Callable[[Inspector, Pilot[Any]], Awaitable[None]]


async def waiting(screen: Inspector, pilot: Pilot[Any]) -> None:
    slow = Slow(screen.app.client)  # type: ignore[attr-defined]
    await pilot.press(*"nest")
    await until(pilot, lambda: slow.asked and "vectors" in state(screen))


async def error(screen: Inspector, pilot: Pilot[Any]) -> None:
    app: Any = screen.app
    app.client.fault = UnavailableError(
        "Milvus at http://lab:19530 has not answered yet. Search again soon."
    )
    await pilot.press(*"nest")
    await until(pilot, lambda: screen.outcome == "failed")


async def long(screen: Inspector, pilot: Pilot[Any]) -> None:
    app: Any = screen.app
    many = [
        hit(n, n * 111, 'A very long sentence on MemGPT that does not end ' * 80, 1 - n / 40)
        .model_copy(
            update={
                "document": "a-file-with-a-name-that-is-far-too-long-for-any-list.pdf",
                "source": "the collected papers of many years, in order",
                "section": "3.4.1 A heading that goes on and on " * 4,
            }
        )
        for n in range(1, 31)
    ]  # fmt: skip

    async def search(request: SearchRequest) -> SearchReply:
        problem = "Only the words were searched, not their meaning. Milvus is away."
        return SearchReply(query="", mode="hybrid", hits=many, total=1234, ms=31, problem=problem)

    app.client.search = search
    screen.query_one(Input).value = "MemGPT " * 20
    await until(pilot, lambda: len(screen.hits) == 30)
    await until(pilot, lambda: screen._typing is None and not screen.searching)


@pytest.mark.parametrize(
    ("size", "steps"),
    [(MIDDLE, waiting), (SMALL, waiting), (MIDDLE, error), (WIDE, long), (SMALL, long)],
    ids=["waiting", "waiting-small", "error", "long", "long-small"],
)
def test_screen(
    still: None,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Any,
    size: tuple[int, int],
    steps: Steps,
) -> None:
    monkeypatch.setattr(fmt, "duration", lambda seconds: "1.2 s")
    app = ScriptedApp(agent="a1")

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        await steps(await opened_on(app, pilot), pilot)
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_the_deeds_are_of_the_inspector() -> None:
    """Every key of a hit does something there."""
    from memtui.tui.actions import ACTIONS

    for action in ACTIONS:
        if action.where in ("hits", "reading"):
            name = action.run.removeprefix("screen.").split("(")[0]
            assert hasattr(InspectorDeeds, f"action_{name}") or hasattr(Inspector, f"action_{name}")
