"""The tree of the sources when it is large: what a step through it costs, without a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from textual.content import Content

from memtui.api.library import Document, Passage, Section, Source
from memtui.tui.shelf import BEGINNING, Documents, section_key
from memtui.tui.store import Store
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.tree import Branches, TreeRow, rows_of
from tests.tui.conftest import Open

DOCUMENTS, PAGES, PASSAGES = 2000, 5, 10
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def fill(store: Store, documents: int = DOCUMENTS) -> None:
    """Everything unfolded down to the passages."""
    passages = documents * PAGES * PASSAGES
    store.sources = [
        Source(
            id="big", name="big", documents=documents, passages=passages, indexed=passages,
            embedding_model="builtin", state="ready", created_at=THEN,
        )
    ]  # fmt: skip
    shelf = store.shelf
    shelf.open.add("big")
    known = shelf.documents["big"] = Documents(documents)
    passage = Passage(id="", scope="source_big", text="word " * 200, created_at=THEN)
    sections = [Section(page=n + 1, first=n * PASSAGES, passages=PASSAGES) for n in range(PAGES)]
    for place in range(documents):
        id_ = f"d{place}"
        known.known[place] = Document(
            id=id_, source_id="big", source="big", name=f"document {place}.pdf", path=f"/{place}",
            kind="pdf", sha256="", size=1, pages=PAGES, passages=PAGES * PASSAGES,
            state="indexed", loaded_at=THEN,
        )  # fmt: skip
        shelf.sections[id_] = sections
        shelf.open.add(id_)
        for section in sections:
            shelf.open.add(section_key(id_, section.first))
            own = [
                passage.model_copy(update={"id": f"{id_}.{section.first + n}", "ordinal": n})
                for n in range(PASSAGES)
            ]
            shelf.put_passages(id_, section, own)
    known.fresh = set(range(documents // 100 + 1))


def test_a_change_makes_only_the_rows_of_its_document_anew() -> None:
    store, branches = Store(), Branches()
    fill(store, 200)
    before = rows_of(store, branches)
    store.shelf.toggle(section_key("d7", 0))
    store.sources = [store.sources[0].model_copy()]  # as when they were read again
    after = {id(row) for row in rows_of(store, branches)}
    anew = [row for row in before if id(row) not in after and row.kind != "source"]
    assert {row.document.id for row in anew if row.document} == {"d7"}
    assert len(after) == len(before) - PASSAGES
    assert all(len(row.passage.text) <= BEGINNING for row in before if row.passage)


async def test_a_step_draws_what_comes_into_view_and_asks_nobody(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    keys = 0
    draw, key = Sources.draw, Sources.key

    def counted(self: Sources, row: TreeRow, width: int) -> list[Content]:
        drawn.append(row.key)
        return draw(self, row, width)

    def looked(self: Sources, row: TreeRow) -> str:
        nonlocal keys
        keys += 1
        return key(self, row)

    monkeypatch.setattr(Sources, "draw", counted)
    monkeypatch.setattr(Sources, "key", looked)
    async with opened() as (app, pilot):
        fill(app.store)
        await pilot.press("f2")
        sources = app.main.query_one(Sources)
        app.main.draw({"sources"})
        await pilot.pause()
        assert len(sources.rows) == 1 + DOCUMENTS * (1 + PAGES * (1 + PASSAGES))
        height, asked = sources.size.height, len(app.client.calls)

        async def cost(deed: Callable[[], object]) -> tuple[int, int]:
            nonlocal keys
            drawn.clear()
            keys = 0
            deed()
            await pilot.pause()
            return len(drawn), keys

        async def press(name: str) -> tuple[int, int]:
            drawn.clear()
            nonlocal keys
            keys = 0
            await pilot.press(name)
            return len(drawn), keys

        most = 100 * height  # each line is looked at some times, and the others are not
        await press("home")
        lines, looks = await press("pagedown")
        assert 0 < lines <= 2 * height
        assert looks < most
        await press("down")  # the cursor, which stayed at the top, comes into view
        lines, looks = await press("down")
        assert lines <= 2
        assert looks < most
        lines, looks = await cost(lambda: sources.scroll_to(y=60_000, animate=False))
        assert 0 < lines <= height
        assert looks < most
        assert len(app.client.calls) == asked


async def test_a_tree_that_loses_its_width_while_it_is_scrolled(opened: Open) -> None:
    async with opened() as (app, pilot):
        fill(app.store, 20)
        sources = app.main.query_one(Sources)
        sources.update()
        await pilot.pause()
        sources.scroll_to(y=300, animate=False, immediate=True, force=True)
        await pilot.pause()
        for size in ((140, 12), (1, 1), (12, 4), (140, 45)):
            await pilot.resize_terminal(*size)
            sources.update()
            await pilot.pause()
        assert sources.rows
