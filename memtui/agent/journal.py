"""Commits the messages of a turn, so that a cancellation never leaves one in doubt."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from memtui.agent.ports import Emit, Memory, NewMessage
from memtui.api.agents import Citation
from memtui.api.events import MessageSaid

logger = logging.getLogger(__name__)

GRACE = 0.07
"""Seconds that a cancelled turn waits for a commit to end; there are at most two such waits."""

_background: set[asyncio.Task[None]] = set()  # commits that outlive a cancelled turn


class Journal:
    """`said` is what the agent told the user in this turn, as far as it is committed."""

    def __init__(self, memory: Memory, turn_id: str, emit: Emit) -> None:
        self._memory = memory
        self._turn_id = turn_id
        self._emit = emit
        self._latest: asyncio.Task[None] | None = None
        self.said: list[tuple[str, list[Citation]]] = []

    async def commit(self, messages: Sequence[NewMessage], step: int = 0) -> None:
        """Appends all of them, and announces what they say."""
        if messages:
            await self.settle(self._append(messages, step))

    async def settle(self, change: Coroutine[Any, Any, None]) -> None:
        """Awaits a change of the memory; a cancellation waits for it too, so that what is shown
        is what is kept. If the disk takes too long for that, it ends in the background.
        """
        task = self._latest = _keep(asyncio.create_task(change))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                await asyncio.wait({task}, timeout=GRACE)
            raise

    async def close(self, messages: Sequence[NewMessage], step: int) -> None:
        """The last commit of a turn that was cancelled, after the one under way.

        Never raises for the memory's sake: there is nobody left who could do something about it.
        """
        await self._finish(self._append(messages, step), GRACE)

    async def roll_back(self, messages: Sequence[NewMessage]) -> bool:
        """The last commit of a turn that failed: what it said and did is taken back.

        Whether there was any. Never raises, like `close`.
        """
        back = False

        async def take_back() -> None:
            nonlocal back
            back = await self._memory.roll_back(self._turn_id, messages)
            self.said.clear()

        await self._finish(take_back(), None)
        return back

    async def _finish(self, change: Coroutine[Any, Any, None], seconds: float | None) -> None:
        before = self._latest

        async def finish() -> None:
            if before is not None:
                await asyncio.wait({before})
            try:
                await change
            except Exception:
                logger.exception("The end of the turn %s could not be recorded", self._turn_id)

        self._latest = _keep(asyncio.create_task(finish()))
        await asyncio.wait({self._latest}, timeout=seconds)

    async def settled(self) -> None:
        """Returns when nothing of this turn is about to be written any more."""
        if self._latest is not None:
            await asyncio.wait({self._latest})

    async def _append(self, messages: Sequence[NewMessage], step: int) -> None:
        for message in await self._memory.append(self._turn_id, messages):
            if message.kind == "assistant" and message.text:
                self.said.append((message.text, message.citations))
                self._emit(
                    MessageSaid(
                        agent_id=message.agent_id,
                        turn_id=self._turn_id,
                        step=step,
                        text=message.text,
                        citations=message.citations,
                    )
                )


def _keep(task: asyncio.Task[None]) -> asyncio.Task[None]:
    """Holds on to the task until it is done; its error is for whoever awaits it, if anyone."""
    _background.add(task)
    task.add_done_callback(_forget)
    return task


def _forget(task: asyncio.Task[None]) -> None:
    _background.discard(task)
    if not task.cancelled():
        task.exception()
