"""How long a search waits for the vectors: Milvus may be slow to open, or away."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from memtui.api.errors import UnavailableError
from memtui.engine.parts import Parts

T = TypeVar("T")

SERVER = 4.0
"""Seconds to wait for a server; the words have been searched long before."""

LITE = 15.0
"""The same for Milvus Lite, which is here and only has to be opened."""

AWAY = 10.0
"""Seconds after one waited in vain for a server in which the next ones wait `AGAIN` only."""
AGAIN = 0.5


class Patience:
    """Used on the event loop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._missed = -AWAY

    async def wait(self, search: Coroutine[Any, Any, T]) -> T:
        """What `search` returns or raises; UnavailableError when that takes too long.

        A call in a thread goes on: what it opens or loads is of use to the next search.
        """
        spec = self._parts.spec
        limit = LITE if spec.local else SERVER
        if not spec.local and time.monotonic() - self._missed < AWAY:
            limit = AGAIN
        searching = asyncio.create_task(search)
        searching.add_done_callback(_seen)
        await asyncio.wait([searching], timeout=limit)
        if searching.done():
            return searching.result()
        self._missed = time.monotonic()
        raise UnavailableError(f"Milvus at {spec.name} has not answered yet. Search again soon.")


def _seen(task: "asyncio.Task[Any]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        task.exception()
