"""A text index whose terms were made by another version is made anew when the engine starts."""

import asyncio
from pathlib import Path

from memtui.api.library import LoadRequest
from memtui.api.search import SearchRequest
from memtui.engine.engine import Engine
from memtui.record import Record
from memtui.search import terms


async def begun() -> Engine:
    engine = Engine("")
    await engine.begin()
    engine.answered()
    return engine


async def found(engine: Engine) -> list[str]:
    reply = await engine.finder.search(SearchRequest(query="pdf", mode="text"))
    return [hit.text for hit in reply.hits]


async def test_a_text_index_of_another_version_is_made_anew(home: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Any number of PDFs can be loaded.")
    engine = await begun()
    job = await engine.loads.begin(LoadRequest(name="note", paths=[str(note)]))
    while (await engine.jobs.get(job.id)).state in ("waiting", "running"):
        await asyncio.sleep(0.02)
    assert await found(engine) == [note.read_text()]
    record: Record = engine.record
    assert record.meta("terms") == str(terms.VERSION)
    with record.write() as connection:  # as an earlier version left it
        connection.execute("DELETE FROM fts")
        record.set_meta("terms", "1")
    assert await found(engine) == []
    await engine.end()

    engine = await begun()
    assert await found(engine) == [note.read_text()]
    assert engine.record.meta("terms") == str(terms.VERSION)
    assert all(check.ok for check in engine.record.integrity())
    await engine.end()
