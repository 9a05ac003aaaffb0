"""An engine that has finished starting: its imports would slow down whatever is measured."""

import asyncio
import time

from memtui.api.client import Client
from memtui.api.search import SearchRequest

PATIENCE = 60.0


async def warm(client: Client) -> None:
    """Wait until Milvus and the embedder answer. Raises RuntimeError."""
    deadline = time.monotonic() + PATIENCE
    while problem := await _problem(client):
        if time.monotonic() > deadline:
            raise RuntimeError(problem)
        await asyncio.sleep(0.1)


async def _problem(client: Client) -> str:
    # Without sources the search asks neither; the doctor does.
    reply = await client.search(SearchRequest(query="warm", mode="dense"))
    if reply.problem:
        return reply.problem
    needed = [check for check in await client.doctor() if check.name in ("archive", "embedding")]
    return " ".join(check.detail for check in needed if not check.ok)
