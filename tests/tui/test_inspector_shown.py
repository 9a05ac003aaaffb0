"""What the inspector tells of a hit, of what is pinned and of what it waits for."""

import asyncio
import random
import re
from html import unescape
from typing import Any

import pytest
from markdown_it import MarkdownIt

from memtui.api.agents import Citation
from memtui.api.search import Hit, Seen, SeenRequest, Waiting
from memtui.tui import format as fmt
from memtui.tui.conversation import Block
from memtui.tui.inspector import export, literal
from memtui.tui.inspector.board import Answer, Board, Pin
from memtui.tui.inspector.hits import HitRows, rows_of
from memtui.tui.inspector.passage import PassagePane
from memtui.tui.screens import inspector
from memtui.tui.screens.passage import where
from tests.tui.conftest import SMALL, WIDE, Open, until
from tests.tui.scripted import HITS, NOW
from tests.tui.test_hostile import shown
from tests.tui.test_inspector_held import Slow, opened_on, state

SAID = Hit(
    rank=1, score=0, text="Storks came back.", passage_id="r1", scope="recall_a1", section="user",
    created_at=NOW.isoformat(),
)  # fmt: skip


def drawn(hits: list[Hit], width: int) -> str:
    rows = HitRows()
    return "\n".join(line.plain for row in rows_of(hits, Board()) for line in rows.draw(row, width))


@pytest.mark.parametrize("width", [50, 90])
def test_a_channel_that_was_not_searched_found_nothing_out(width: int) -> None:
    nothing = {"text_score": None, "text_rank": None}
    one = HITS[0]
    mixed = [one, HITS[1].model_copy(update=nothing)]
    assert "not found" in drawn(mixed, width)
    dense = [hit.model_copy(update=nothing) for hit in HITS]
    assert "not found" not in drawn(dense, width)
    text = where(one.model_copy(update=nothing), dense[0]).plain
    assert "not found" not in text
    assert "meaning" in text


@pytest.mark.parametrize("width", [50, 90])
def test_a_word_score_of_ten_stands_apart_from_its_bar(width: int) -> None:
    for score, figure in ((9.87, " 9.87"), (21.46, " 21.5"), (123.4, "  123")):
        hit = HITS[0].model_copy(update={"text_score": score, "text_rank": 100})
        text = drawn([hit], width)
        assert f"█{figure}" in text
        assert f"{figure} #100" in text


@pytest.mark.parametrize("width", [50, 90])
def test_what_was_said_tells_who_and_when(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fmt, "moment", lambda at: "5 min ago")
    reply = SAID.model_copy(update={"section": "assistant", "passage_id": "r2"})
    lines = drawn([SAID, reply], width).splitlines()
    assert "conversation › you 5 min ago" in lines[0]
    assert "conversation › the agent 5 min ago" in lines[3]
    for text in (lines[0], lines[3]):  # found by its date: there is no score
        assert ".00" not in text
        assert "█" not in text
    assert where(SAID, SAID).plain == "you · 5 min ago"


async def test_a_search_by_date_has_no_heading_for_scores(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.main.open_inspector(block=Block("b1", "tool", arguments={}, hits=[SAID]))
        await until(pilot, lambda: isinstance(app.screen, inspector.Inspector))
        await until(pilot, lambda: app.screen.query_one(PassagePane).border_title)
        assert not app.screen.query_one("#inspector-heading").display


async def test_pinned_answers_are_listed_and_taken_away(opened: Open) -> None:
    async with opened() as (app, pilot):
        screen = await opened_on(app, pilot)
        await pilot.press(*"nest")
        await until(pilot, lambda: screen.hits and not screen.searching)
        await pilot.press("enter", "a", "b")  # an answer alone
        answer = next(iter(app.store.board.answers.values()))
        assert [hit.passage_id for hit in screen.hits] == [answer.key]
        await until(pilot, lambda: screen.pane.border_title == "answer")
        assert answer.text[:20] in shown(app)
        assert answer.question[:20] in shown(app)
        await pilot.press("left", "right", "s", "y")
        assert not screen.seeing
        assert app.clipboard.startswith(answer.text[:20])
        for key in ("p", "a"):
            await pilot.press(key)
            assert not app.store.board.answers
            assert "★" not in state(screen)
            await pilot.press(key)  # it stays there to be pinned again
            assert list(app.store.board.answers.values()) == [answer]
            assert screen.found.rows[0].pinned
        await pilot.press("p", "b")
        await pilot.pause()
        assert any("Nothing is pinned yet" in note.message for note in app._notifications)


async def test_an_engine_that_hangs_is_what_is_waited_for(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspector, "SILENT", 0.2)
    async with opened() as (app, pilot):
        slow = Slow(app.client)
        asked: list[str] = []
        answers = asyncio.Event()

        async def waiting(search_id: str) -> Waiting:
            asked.append(search_id)
            await answers.wait()
            return await Slow.waiting(slow, search_id)

        app.client.waiting = waiting  # type: ignore[attr-defined]
        screen = await opened_on(app, pilot)
        await pilot.press(*"nest")
        await until(pilot, lambda: "waiting for the engine · " in state(screen))
        answers.set()
        await until(pilot, lambda: "waiting for the nearest vectors · " in state(screen))
        answers.clear()  # and again
        await until(pilot, lambda: "waiting for the engine · " in state(screen))
        before = len(asked)
        await pilot.pause(0.5)
        assert len(asked) == before  # one question is enough
        slow.let_go()
        await until(pilot, lambda: screen.hits)


@pytest.mark.parametrize("size", [WIDE, SMALL])
@pytest.mark.parametrize("gap", [" ", "\n"])
async def test_as_the_agent_saw_it_is_scrolled_to_the_hit(
    opened: Open, size: tuple[int, int], gap: str
) -> None:
    words = [f"w{number}" for number in range(1, 4000)]
    text = gap.join(words)

    async def seen(agent_id: str, request: SeenRequest) -> Seen:
        first = 2500 if request.passage_ids == ["p2"] else 3
        start, end = text.index(f"w{first}{gap}"), text.index(f"w{first + 9}{gap}")
        return Seen(text=text, spans=[(start, end)], shown=True)

    async with opened(size=size) as (app, pilot):
        app.client.seen = seen  # type: ignore[attr-defined]
        screen = await opened_on(app, pilot)
        await pilot.press(*"nest")
        await until(pilot, lambda: screen.hits and not screen.searching)
        await pilot.press("enter", "down", "f9")
        await until(pilot, lambda: "w2500" in shown(app))
        assert "w2508" in shown(app)
        await pilot.press("escape", "f3", "up", "f9")
        await until(pilot, lambda: "w3" in screen.pane.text and "w2500" not in screen.pane.text)
        await until(pilot, lambda: "w11" in shown(app))
        assert not screen.pane.scroll_offset.y  # it is in view from the top


# --- what is exported

SIGNS = (
    "#", "*", "_", "`", "~", "-", "+", "=", "|", ":", "[", "]", "(", ")", "<", ">", "&lt;", "&",
    "\\", "1.", "2)", " ", "  ", "a", "b", "x y", "<b>", "![", "---", "```", "\t", "!", '"', ";",
    "http://a.b", "&#35;",
)  # fmt: skip


def test_quoted_text_is_shown_as_it_was() -> None:
    viewer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    chance = random.Random(5)
    for _ in range(3000):
        text = "\n".join(
            "a" + "".join(chance.choices(SIGNS, k=7)) if chance.random() < 0.2 else
            "".join(chance.choices(SIGNS, k=chance.randint(1, 9))).strip() or "b"
            for _ in range(chance.randint(1, 4))
        )  # fmt: skip
        html = viewer.render("\n".join(f"> {line}" for line in literal.lines(text)))
        html = re.sub(r"</?(p|blockquote)>\n?", "", re.sub(r"<br />\n?", "\n", html))
        assert "<" not in html, text
        lines = unescape(html).replace("\u00a0", " ").strip().split("\n")
        expected = [" ".join(line.split()) for line in text.split("\n")]
        assert [" ".join(line.split()) for line in lines] == expected


def test_what_needs_no_sign_before_it_gets_none() -> None:
    plain = "a_name, C:\\dir, 2 * 3, a < b & c [17], 50 % - no. 1) x! #5 ~7"
    assert literal.lines(plain) == [plain]
    assert literal.lines("# a\n  b") == ["\\# a  ", "\u00a0\u00a0b"]


def test_what_is_exported_is_no_more_than_text() -> None:
    evil = "<script>x</script> [a](http://evil) # b\n\n[paper p. 2]: http://evil\n* x"
    hit = HITS[0].model_copy(update={"text": evil, "source": "<b>", "section": "*s*"})
    cited = Citation(source="<i>", document=None, page=1, passage_id="p", verified=True,
                     text="[x](y)", start=0, end=1)  # fmt: skip
    answer = Answer("k", "<set>?", "*Ada*", evil, (cited,))
    written = export.markdown(Board({"p": Pin(hit, "<q>")}, {"k": answer}))
    html = MarkdownIt("commonmark").render(written)
    for tag in re.findall(r"<(\w+)", html):
        assert tag in ("h1", "h2", "p", "strong", "blockquote", "br", "ul", "li")
    assert html.count("<ul>") == 1  # of the citations
    assert "&lt;set&gt;?" in html


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("**b** `a<int>`\n\n- x\n\n```\n<c>\n```", True),
        ("- ```\n  <x>\n  ```\n<script>", False),
        ("a `<b>\n\n<i>`", False),
        ("![a](http://evil/pixel)", False),
        ("[birds p. 2]: http://evil", False),
        ("```\n<a>", False),
    ],
)
def test_an_answers_markdown_stays_without_what_is_not_shown(text: str, kept: bool) -> None:
    assert (literal.harmless(text) == text) is kept
    tokens: Any = MarkdownIt("commonmark").parse(literal.harmless(text) + "\n\n# after")
    kinds = {kind.type for token in tokens for kind in (token, *(token.children or ()))}
    assert not kinds & {"html_inline", "html_block", "image"}
    assert tokens[-3].type == "heading_open"
