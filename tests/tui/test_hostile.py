"""Text from outside is never interpreted, in any widget that shows it."""

from datetime import datetime
from typing import Any

from rich.segment import Segment

from memtui.api.agents import AttachedSource, Message, ToolCall
from memtui.api.events import MemoryEdited, Problem
from memtui.api.library import Passage as PassageData
from memtui.api.library import PassageInContext
from memtui.tui.screens.compare import difference
from memtui.tui.screens.dump import dump_text, raw_text
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.picker import Picker
from tests.tui.conftest import Open, ScriptedApp, answer, until
from tests.tui.scripted import HITS, NOW, agent, document, source, turn_events

NASTY = (
    "[/] [bold] [@click=app.quit]x[/] \x1b[2J\x1b]52;c;aGk=\x07 \x1b]8;;http://evil\x1b\\l"
    "\x1b]8;;\x1b\\ "
    "\x9b2J \u202eevil\u202c \u2066x\u2069 \U000e0041 \x00 \r\n $error {x} %s a" + "\u0301" * 60
)
LONG = "W" * 1_000_000


def shown(app: ScriptedApp) -> str:
    """Everything on the screen, as the terminal would get it."""
    lines = app.screen._compositor.render_strips()
    segments: list[Segment] = [segment for strip in lines for segment in strip]
    for segment in segments:
        assert segment.style is None or segment.style.link is None
        meta = segment.style.meta if segment.style is not None else {}
        assert "@click" not in meta or "quit" not in str(meta["@click"])
    return "".join(segment.text for segment in segments)


def check(text: str) -> None:
    for char in "\x1b\x07\x00\x9b\x9d\u202e\u2066\U000e0041":
        assert char not in text


def _nasty(app: ScriptedApp) -> None:
    name = NASTY.replace("\r\n", "")
    app.client.store_agents = [
        agent(name, persona=name, sources=[AttachedSource(id="s1", name=name)])
    ]
    app.client.store_sources = [source(1, name), source(2, LONG[:200], "failed", failed=1)]
    app.client.store_documents = {
        "s1": [document(1, "s1", name, "failed", error=NASTY), document(2, "s1", LONG[:5000])]
    }
    nasty_hits = [
        hit.model_copy(
            update={
                "text": NASTY * 3, "document": name, "source": name, "document_path": name,
                "page_label": name, "terms": [(0, 9), (9, 1)],
            }
        )
        for hit in HITS
    ]  # fmt: skip

    def script(question: str, reply: str = "", turn: str = "t") -> list[Any]:
        events = turn_events(question, NASTY, turn)
        for event in events:
            if event.type == "tool.returned":
                event.hits, event.result = nasty_hits, NASTY
            elif event.type == "tool.called":
                event.arguments = {"query": NASTY, NASTY: [NASTY]}
            elif event.type == "thought.delta":
                event.text = NASTY
        return events

    app.client.script = script  # type: ignore[assignment]

    async def passage(passage_id: str, context: int = 0) -> PassageInContext:
        one = PassageData(id=passage_id, scope="source_s1", text=NASTY * 3, page=1, section=name,
                          page_label=name, source=name, document=name, document_path=name,
                          created_at=datetime.now())  # fmt: skip
        return PassageInContext(passage=one, before=[one], after=[one])

    app.client.passage = passage  # type: ignore[method-assign]


async def test_nothing_is_interpreted(opened: Open) -> None:
    async with opened(setup=_nasty) as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        edit = MemoryEdited(
            agent_id="a1", label=NASTY, before="a", after=NASTY, author="x", version=1
        )
        app.client.emit(edit, Problem(text=NASTY))
        await pilot.press("f2", "enter")
        await pilot.pause(0.3)
        check(text := shown(app))
        assert "[@click=app.quit]" in text.replace("\n", "")
        app.main.open_passage("p1")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        await pilot.pause(0.2)
        check(shown(app))
        await pilot.press("escape", "f3", *"/detach", "enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        check(shown(app))
        await pilot.press("escape", "f2", "d")
        await pilot.pause(0.2)
        check(shown(app))
        await pilot.press("escape", "f8")
        await pilot.pause(0.2)
        check(shown(app))
        assert app.is_running


async def test_a_line_of_a_megabyte(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.script = lambda question, turn="t": turn_events(question, LONG, turn)[-3:]  # type: ignore[assignment, misc]
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        check(shown(app))
        assert answer(app).text == LONG  # whole in the data, cut on the screen


async def test_hostile_keys_and_paste(opened: Open) -> None:
    from textual.events import Paste

    from memtui.tui.widgets.prompt import Prompt

    async with opened() as (app, pilot):
        app.query_one(Prompt).post_message(Paste(NASTY))
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: app.store.last_ended)
        check(shown(app))
        assert NOW


def test_what_is_read_only() -> None:
    """The dumps and the comparison: safe, and not longer than a screen can be."""
    call = ToolCall(id="c", name=NASTY, arguments={NASTY: NASTY}, raw=NASTY)
    rows = [
        Message(id=number, agent_id="a", turn_id="t", kind="assistant", text=NASTY + LONG[:9000],
                thought=NASTY, tool=call, hits=HITS, created_at=NOW)
        for number in range(100)
    ]  # fmt: skip
    dumped = dump_text(rows, 80)
    assert dumped.plain.startswith("(")
    assert "earlier ones are left out" in dumped.plain
    assert "[1] agent" in dumped.plain
    raw = [{"role": "system", "content": "first"}] + [{"role": "user", "content": NASTY * 99}] * 99
    sent = raw_text(raw, 80)
    assert sent.plain.startswith('{\n  "role": "system",\n  "content": "first"\n}')
    for text in (dumped, sent, *difference(NASTY, LONG + NASTY)):
        check(text.plain)
        assert len(text) < 250_000
        assert all("click" not in str(span.style) for span in text.spans)
