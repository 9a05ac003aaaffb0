"""An engine in this process, for tests that look into it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memtui.engine.engine import Engine


@pytest.fixture
async def engine(home: Path) -> AsyncIterator[Engine]:
    made = await started()
    yield made
    await made.end()


async def started(patience: float | None = None) -> Engine:
    """`patience`: seconds until the indexer tries again what has failed."""
    made = Engine("")
    if patience is not None:
        made.indexer.patience = patience
    await made.begin()
    made.answered()
    return made
