"""A record of its own, and reader processes, for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from memtui.library.reader_pool import ReaderPool
from memtui.record.store import Record
from tests.library.helpers import plain_terms


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    made = Record(tmp_path / "record.db", plain_terms)
    made.open()
    yield made
    made.close()


@pytest.fixture
async def reader() -> AsyncIterator[ReaderPool]:
    made = ReaderPool(size=1)
    yield made
    await made.close()
