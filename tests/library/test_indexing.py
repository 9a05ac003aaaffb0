"""The indexer over stores in memory that can be made to fail."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from memtui.api.errors import ModelError, StorageError, UnavailableError
from memtui.api.library import Passage
from memtui.library.indexing import Indexer
from memtui.library.progress import Meter
from tests.library.helpers import Embedder


class Memory:
    """PassageQueue, RemovalQueue (as `removals`) and Index in one, with a log of what happened."""

    def __init__(self) -> None:
        self.rows: dict[str, Passage] = {}
        self.indexed: set[str] = set()
        self.removing: list[tuple[int, str, str | None]] = []
        self.stored: dict[str, str] = {}
        self.log: list[tuple[str, ...]] = []
        self.problems: list[Exception] = []
        self.hold = threading.Event()
        self.hold.set()

    def add(self, *ids: str, scope: str = "source_a") -> None:
        for id in ids:
            self.rows[id] = Passage(id=id, scope=scope, text=id, created_at=datetime.now(UTC))

    def delete(self, id: str) -> None:
        row = self.rows.pop(id)
        self.removing.append((len(self.log), row.scope, id))

    def pending(self, limit: int, scope_prefix: str | None = None) -> list[tuple[str, str, str]]:
        return [
            (row.id, row.scope, row.text)
            for row in list(self.rows.values())
            if row.id not in self.indexed and row.scope.startswith(scope_prefix or "")
        ][:limit]

    def many(self, ids: Sequence[str]) -> dict[str, Passage]:
        return {id: self.rows[id] for id in ids if id in self.rows}

    def mark_indexed(self, ids: Sequence[str]) -> None:
        self.indexed.update(ids)

    def counts(self, scope: str) -> tuple[int, int]:
        ids = {row.id for row in self.rows.values() if row.scope == scope}
        return len(ids), len(ids & self.indexed)

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        self.hold.wait(10)
        if self.problems:
            raise self.problems.pop(0)
        self.log.append(("write", *(passage.id for passage in passages)))
        self.stored.update({passage.id: passage.scope for passage in passages})

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        self.log.append(("remove", *ids))
        for id in ids:
            self.stored.pop(id, None)

    def drop(self, scope: str) -> None:
        self.log.append(("drop", scope))
        self.stored = {id: own for id, own in self.stored.items() if own != scope}

    @property
    def removals(self) -> "Removals":
        return Removals(self)


class Removals:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def pending(self, limit: int) -> list[tuple[int, str, str | None]]:
        return self.memory.removing[:limit]

    def done(self, ids: Sequence[int]) -> None:
        self.memory.removing = [one for one in self.memory.removing if one[0] not in ids]


class Gate(Embedder):
    """Embeds when it is let; `raises` comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.raises: list[Exception] = []

    async def embed(self, texts: Sequence[str]) -> Any:
        self.entered.set()
        await self.open.wait()
        if self.raises:
            raise self.raises.pop(0)
        return await super().embed(texts)


class Rig:
    def __init__(self, **options: Any) -> None:
        self.memory = Memory()
        self.gate = Gate()
        self.said: list[str] = []
        self.indexer = Indexer(
            self.memory,
            self.memory.removals,
            self.gate,
            self.memory,
            self.said.append,
            pause=0.01,
            **options,
        )


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    made.memory.hold.set()
    made.gate.open.set()
    await made.indexer.stop()


async def test_everything_is_written_once_and_marked(rig: Rig) -> None:
    rig.memory.add(*(f"p{n}" for n in range(600)))
    rig.indexer.start()
    await rig.indexer.wait("source_a")
    await rig.indexer.wait()
    assert rig.memory.indexed == set(rig.memory.rows) == set(rig.memory.stored)
    written = [id for entry in rig.memory.log for id in entry[1:]]
    assert sorted(written) == sorted(rig.memory.rows)
    assert max(len(entry) - 1 for entry in rig.memory.log) == 256
    assert sorted(rig.gate.texts) == sorted(written)


async def test_a_small_load_does_not_wait_for_more(rig: Rig) -> None:
    rig.indexer.start()
    await rig.indexer.wait()
    rig.memory.add("p")
    rig.indexer.wake()
    async with asyncio.timeout(2):
        await rig.indexer.wait("source_a")
    assert rig.memory.log == [("write", "p")]


async def test_the_next_batch_is_embedded_while_the_former_is_written() -> None:
    rig = Rig(batch=2)
    rig.memory.add("a", "b", "c", "d")
    rig.memory.hold.clear()
    rig.indexer.start()
    async with asyncio.timeout(5):
        while len(rig.gate.texts) < 4:
            await asyncio.sleep(0.01)
    assert rig.memory.log == []
    rig.memory.hold.set()
    await rig.indexer.wait()
    assert rig.memory.log == [("write", "a", "b"), ("write", "c", "d")]
    await rig.indexer.stop()


async def test_what_was_just_said_overtakes_a_load(rig: Rig) -> None:
    rig.memory.add(*(f"p{n}" for n in range(100)))
    rig.gate.open.clear()
    rig.indexer.start()
    await rig.gate.entered.wait()
    rig.memory.add("said", scope="recall_x")
    rig.memory.add("noted", scope="agent_x")
    rig.indexer.wake()
    rig.gate.open.set()
    await rig.indexer.wait()
    assert rig.gate.texts[16:18] == ["said", "noted"]
    assert rig.memory.log[0][-1] == "said"
    assert len(rig.memory.log[0]) == 1 + 16 + 1


async def test_removals_come_first_and_old_batches_revive_nothing(rig: Rig) -> None:
    rig.memory.add("old")
    rig.indexer.start()
    await rig.indexer.wait()
    rig.memory.add("a", "b")
    rig.gate.open.clear()
    rig.gate.entered.clear()
    rig.indexer.wake()
    await rig.gate.entered.wait()
    rig.memory.delete("a")  # while it is being embedded
    rig.memory.delete("old")
    rig.memory.add("c")
    rig.indexer.wake()
    rig.gate.open.set()
    await rig.indexer.wait()
    assert set(rig.memory.stored) == {"b", "c"} == set(rig.memory.rows)
    assert rig.memory.log[1][0] == "remove"
    assert all("a" not in entry for entry in rig.memory.log if entry[0] == "write")


async def test_a_scope_is_dropped(rig: Rig) -> None:
    rig.memory.add("a")
    rig.indexer.start()
    await rig.indexer.wait()
    rig.memory.rows.clear()
    rig.memory.removing.append((1, "source_a", None))
    rig.indexer.wake()
    await rig.indexer.wait("source_a")
    assert rig.memory.stored == {}


async def test_removals_during_a_write_do_not_put_the_rest_to_sleep() -> None:
    """What is pending when a removal interrupts the gathering is looked at again."""
    rig = Rig(batch=1)
    rig.memory.add("a", "b", "c")
    rig.memory.hold.clear()
    rig.gate.open.clear()
    rig.indexer.start()
    await rig.gate.entered.wait()
    rig.gate.open.set()
    async with asyncio.timeout(5):
        while len(rig.gate.texts) < 2:
            await asyncio.sleep(0.01)
        rig.memory.delete("c")
        rig.memory.hold.set()
        await rig.indexer.wait()
    assert set(rig.memory.stored) == {"a", "b"}
    await rig.indexer.stop()


async def test_an_archive_that_is_away_is_waited_for(rig: Rig) -> None:
    rig.memory.problems = [UnavailableError("Milvus is away.")] * 3
    rig.memory.add("a")
    rig.indexer.start()
    await rig.indexer.wait()
    assert rig.said == ["Milvus is away.", ""]
    assert rig.gate.texts == ["a"]  # its vector was kept
    assert rig.memory.stored == {"a": "source_a"}


async def test_nobody_waits_for_ever_and_the_indexer_does() -> None:
    rig = Rig(patience=0.05)
    rig.memory.problems = [UnavailableError("Milvus is away.")] * 20
    rig.memory.add("a")
    rig.indexer.start()
    with pytest.raises(UnavailableError, match=r"Milvus is away\."):
        await rig.indexer.wait()
    rig.memory.problems = []
    while not rig.memory.stored:
        await asyncio.sleep(0.01)
    await rig.indexer.wait()
    await rig.indexer.stop()


async def test_who_waits_waits_on_while_it_is_paused(rig: Rig) -> None:
    rig.gate.open.clear()
    rig.memory.add("a")
    rig.indexer.start()
    await rig.gate.entered.wait()
    waits = asyncio.create_task(rig.indexer.wait())
    async with rig.indexer.paused():
        await asyncio.sleep(0.05)
        assert not waits.done()
        rig.gate.open.set()
    await waits
    assert rig.memory.stored == {"a": "source_a"}


async def test_an_embedder_that_is_away_is_waited_for(rig: Rig) -> None:
    rig.gate.raises = [UnavailableError("The provider is away.")] * 2
    rig.memory.add("a")
    rig.indexer.start()
    await rig.indexer.wait()
    assert rig.said == ["The provider is away.", ""]


@pytest.mark.parametrize("error", [ModelError("Wrong key."), StorageError("The disk is full.")])
async def test_what_waiting_cannot_mend_is_raised_and_tried_again(
    rig: Rig, error: Exception
) -> None:
    rig.gate.raises = [error]
    rig.memory.add("a")
    rig.indexer.start()
    with pytest.raises(type(error), match=str(error)):
        await rig.indexer.wait()
    await rig.indexer.wait()
    assert rig.memory.stored == {"a": "source_a"}
    assert rig.said[0] == str(error)


async def test_a_bug_is_told_as_a_sentence(rig: Rig) -> None:
    rig.memory.problems = [KeyError("x")] * 2
    rig.memory.add("a")
    rig.indexer.start()
    while not rig.said:
        await asyncio.sleep(0.01)
    assert rig.said[0].startswith("Indexing stopped unexpectedly (KeyError)")


async def test_stopping_waits_for_the_write_and_drops_the_rest() -> None:
    rig = Rig(batch=1)
    rig.memory.add("a", "b")
    rig.memory.hold.clear()
    rig.indexer.start()
    async with asyncio.timeout(5):
        while len(rig.gate.texts) < 2:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(rig.indexer.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        rig.memory.hold.set()
        await stopping
    assert rig.memory.log == [("write", "a")]
    assert rig.memory.indexed == {"a"}
    with pytest.raises(UnavailableError, match="stopped"):
        await rig.indexer.wait()
    rig.indexer.start()
    await rig.indexer.wait()
    assert set(rig.memory.stored) == {"a", "b"}
    await rig.indexer.stop()


async def test_the_meter_tells_at_most_ten_times_a_second() -> None:
    told: list[int] = []
    meter = Meter(lambda progress: told.append(progress.pages))
    async with meter.ticking():
        for number in range(1000):
            meter.progress.pages = number
            await asyncio.sleep(0)
        await asyncio.sleep(0.25)
    assert len(told) <= 5
    assert told[-1] == 999
    meter.counted(10, 0)
    await asyncio.sleep(0.01)
    meter.counted(10, 5)
    assert meter.progress.rate > 0
    assert meter.progress.seconds_left is not None


async def test_a_scope_that_is_left_is_written_no_more_and_what_is_under_way_is(rig: Rig) -> None:
    out: set[str] = set()
    pending = rig.memory.pending
    rig.memory.pending = (
        lambda limit, prefix=None: [  # type: ignore[method-assign]
            row for row in pending(1000, prefix) if row[1] not in out
        ][:limit]
    )
    rig.memory.add(*(f"a{n}" for n in range(400)))
    rig.memory.add("b0", "b1", scope="source_b")
    rig.gate.open.clear()
    rig.indexer.start()
    await rig.gate.entered.wait()
    out.add("source_a")
    leaving = asyncio.create_task(rig.indexer.leave("source_a"))
    await asyncio.sleep(0.05)
    assert not leaving.done(), "some of it is under way"
    rig.gate.open.set()
    await leaving
    written = rig.memory.counts("source_a")[1]
    assert 0 < written < 400
    await rig.indexer.wait("source_b")
    assert rig.memory.counts("source_a")[1] == written
    out.clear()
    await rig.indexer.wait("source_a")
