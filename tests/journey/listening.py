"""What a client hears of the engine, collected while something happens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from memtui.api.client import Client
from memtui.api.errors import UnavailableError
from memtui.api.events import Event


class Heard(list[Event]):
    """Events in the order in which they came."""

    async def until(self, met: Callable[["Heard"], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not met(self):
                await asyncio.sleep(0.01)

    def said(self, kind: str) -> str:
        """The text of all deltas of a kind, joined."""
        return "".join(event.text for event in self if event.type == kind)  # type: ignore[union-attr]

    def types(self) -> list[str]:
        return [event.type for event in self]


@asynccontextmanager
async def listening(client: Client) -> AsyncIterator[Heard]:
    """Everything that happens inside the block is heard."""
    heard = Heard()

    async def listen() -> None:
        async for event in client.events():
            heard.append(event)

    task = asyncio.create_task(listen())
    try:
        await heard.until(lambda events: "subscribed" in events.types())
        heard.clear()
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, UnavailableError):  # it may have been killed
            await task
