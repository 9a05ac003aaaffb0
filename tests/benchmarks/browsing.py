"""`python -m tests.benchmarks.browsing AGENT KEYS` runs the app and goes through its sources.

It opens AGENT, prints `ready`, and then answers each line of its standard input with a line of
JSON, milliseconds from each event to the frame that shows what came of it: `documents` unfolds the
first source and pages through all its documents, which are read on the way; `unfold` unfolds all
that is below them and says how long that takes; `paging` goes page by page through everything,
`arrows` and `wheel` take KEYS steps at the beginning, in the middle and at the end; `busy` is
`arrows` at the beginning while the sources are read again and again, as during a load; `fold` folds
a document and unfolds it; `filter` types into the filter, key by key, `cleared` takes it away.
`state` tells what the app holds.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.typing import SIZE, TypedApp, Typist

# isort: split
from textual import events

from memtui.tui.shelf import PAGE, section_key
from memtui.tui.widgets.sources import Sources

AT_ONCE = 16
"""Requests for parts of the tree that go on together."""
SHOWN, STEPPED = 400, 20
"""Characters that a frame with a new page of the tree has at least, and one with the cursor on
another row."""
WORD = "document 12"


class Browser(Typist):
    @property
    def _tree(self) -> Sources:
        return self._app.main.query_one(Sources)

    def _begin(self) -> None:
        self._app.call_from_thread(self._app.main.show_pane, "sources")
        self._app.call_from_thread(self._tree.action_scroll_home)
        time.sleep(0.3)

    def _key(self, key: str, least: int) -> float:
        character = key if len(key) == 1 else None
        return self._until(least, lambda: self._send(events.Key(key, character))) * 1000

    def _documents(self) -> list[float]:
        self._begin()
        source = self._app.store.sources[0]
        took = [self._key("right", STEPPED)]
        self._wait(lambda: len(self._tree.rows) > source.documents)
        took += self._paging()
        self._on_loop(self._read_documents(source.id))
        return took

    async def _read_documents(self, source_id: str) -> None:
        """Those that were scrolled past too quickly, too."""
        documents = self._app.store.shelf.documents[source_id]
        for number in range(-(-documents.total // PAGE)):
            await self._app.session.read_page(source_id, number)

    def _unfold(self) -> list[float]:
        return [self._on_loop(self._unfold_all(), 600)]

    async def _unfold_all(self) -> float:
        app, shelf = self._app, self._app.store.shelf
        loop, some = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)
        began = loop.time()

        async def unfold(document_id: str) -> None:
            async with some:
                shelf.toggle(document_id)
                await app.session.read_sections(document_id)
                for section in shelf.sections[document_id]:
                    key = section_key(document_id, section.first)
                    shelf.toggle(key)
                    if key not in shelf.passages:
                        await app.session.read_passages(document_id, section)

        known = [one for of in shelf.documents.values() for one in of.known.values()]
        await asyncio.gather(*(unfold(document.id) for document in known))
        app.main.draw({"sources"})
        return (loop.time() - began) * 1000

    def _paging(self) -> list[float]:
        """As fast as the frames come, to the last row."""
        self._begin()
        took = []
        while self._tree.scroll_offset.y < self._tree.max_scroll_y:
            before = self._tree.scroll_offset.y
            took.append(self._key("pagedown", SHOWN))
            self._wait(lambda before=before: self._tree.scroll_offset.y != before)
        return took

    def _at(self) -> Iterator[None]:
        """At the beginning, in the middle and at the end."""
        self._begin()
        for part in (0, 1, 2):
            rows = self._tree.rows
            row = rows[max(1, part * len(rows) // 2 - 2 * self._keys)]
            self._app.call_from_thread(self._tree.choose, row.key)
            time.sleep(0.3)
            yield

    def _arrows(self) -> list[float]:
        return [self._key("down", STEPPED) for _ in self._at() for _ in range(self._keys)]

    def _wheel(self) -> list[float]:
        x, y = self._tree.region.x + 5, self._tree.region.y + 5

        def turn() -> None:
            down = events.MouseScrollDown(None, x, y, 0, 1, 0, False, False, False, x, y)
            self._send(down)

        return [
            self._until(SHOWN, turn) * 1000 for _ in self._at() for _ in range(self._keys)
        ]  # fmt: skip

    def _busy(self) -> list[float]:
        self._begin()
        going = self._submit(self._read_again())
        try:
            return [self._key("down", STEPPED) for _ in range(self._keys)]
        finally:
            going.cancel()

    async def _read_again(self) -> None:
        while True:
            self._app.store.shelf.grown_old(self._app.store.sources[0].id)
            await self._app.refresh_store({"sources", "documents"})
            await asyncio.sleep(0.05)

    def _fold(self) -> list[float]:
        self._begin()
        self._key("down", STEPPED)
        return [self._key("space", STEPPED) for _ in range(10)]

    def _filter(self) -> list[float]:
        self._begin()
        self._key("f", STEPPED)
        took = []
        for letter in WORD:
            key = "space" if letter == " " else letter
            press = self._pressing(events.Key(key, letter))
            took.append(self._until(1, press) * 1000)
        self._wait(lambda: self._app.store.shelf.found is not None)
        return took

    def _pressing(self, event: events.Event) -> Callable[[], None]:
        return lambda: self._send(event)

    def _cleared(self) -> list[float]:
        return [self._key("escape", STEPPED)]

    def _state(self) -> dict[str, int]:
        status = Path("/proc/self/status")
        lines = status.read_text().splitlines() if status.exists() else []
        resident = next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
        return {"rows": len(self._tree.rows), "MB": resident * 1024 // 1_000_000}


async def main(agent: str, keys: int) -> None:
    app = TypedApp(agent)
    async with app.run_test(headless=False, size=SIZE, notifications=True):
        await asyncio.to_thread(Browser(app, keys, 0).work)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
