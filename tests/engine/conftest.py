"""An engine in this process, for tests that look into it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memtui.engine.engine import Engine


@pytest.fixture
async def engine(home: Path) -> AsyncIterator[Engine]:
    made = Engine("")
    await made.begin()
    made.answered()
    yield made
    await made.end()
