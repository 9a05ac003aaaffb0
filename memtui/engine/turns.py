"""Turns: one at a time for each agent, in the order in which they came, whoever waits for them."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from memtui.agent.limits import Limits
from memtui.agent.loop import Turn
from memtui.api.agents import Agent, QueuedTurn, TurnReply, TurnRequest
from memtui.api.errors import ConflictError, NotFoundError, UnavailableError
from memtui.api.events import AgentChanged, HistoryChanged, TurnQueued
from memtui.engine.hub import Hub
from memtui.engine.memory import AgentMemory
from memtui.engine.models import Models
from memtui.engine.outside.toolbox import Toolbox
from memtui.engine.parts import Parts

Request = Callable[[str], Awaitable[TurnRequest]]
"""Finds out what a turn is about once it is its turn; it is given the turn's id."""


@dataclass(eq=False)
class _Waiting:
    """A turn that runs or waits; `timed`: nobody asked for it, and nobody waits for it."""

    kind: str
    text: str
    timed: bool
    id: str = field(default_factory=lambda: secrets.token_hex(6))
    task: asyncio.Task[TurnReply] | None = None
    cancelled: bool = False  # before it had begun


class Turns:
    """`memory` gives an agent's; `done` hears of each turn that ended."""

    def __init__(
        self,
        parts: Parts,
        models: Models,
        toolbox: Toolbox,
        hub: Hub,
        memory: Callable[[str], AgentMemory],
        done: Callable[[str], Awaitable[None]],
    ) -> None:
        self._parts = parts
        self._record = parts.record
        self._models = models
        self._toolbox = toolbox
        self._hub = hub
        self._memory = memory
        self._done = done
        self._running: dict[str, asyncio.Task[TurnReply]] = {}
        self._queues: dict[str, list[_Waiting]] = defaultdict(list)  # the running one first
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unsettled: dict[str, Turn] = {}  # the last that was cancelled: it may still write
        self._ending = False
        self.last_ended: dict[str, datetime] = {}  # since the engine began
        self.ended: list[Callable[[str], object]] = []  # these hear of every turn's end

    async def run(
        self, agent: Agent, request: Request, kind: str = "", text: str = "", timed: bool = False
    ) -> TurnReply:
        """Run a turn after those that wait already, `kind` and `text` say what it is about.

        Raises ConflictError when it is taken back before it began. It goes on when the client
        goes away.
        """
        if self._ending:
            raise UnavailableError("The engine is stopping. Send the message again.")
        waiting, queue = _Waiting(kind, text, timed), self._queues[agent.id]
        queue.append(waiting)
        if len(queue) > 1:
            self._hub.emit(
                TurnQueued(
                    agent_id=agent.id, turn_id=waiting.id, kind=kind, text=text,
                    ahead=len(queue) - 1,
                )
            )  # fmt: skip
        waiting.task = asyncio.create_task(self._run(agent, waiting, request))
        waiting.task.add_done_callback(lambda _: self._leave(agent.id, waiting))
        try:
            return await asyncio.shield(waiting.task)
        except asyncio.CancelledError:
            if not waiting.task.cancelled():
                raise
            raise ConflictError("The message was taken back before its turn came.") from None

    def _leave(self, agent_id: str, waiting: _Waiting) -> None:
        self._queues[agent_id].remove(waiting)
        if not self._queues[agent_id]:
            del self._queues[agent_id]
        self.last_ended[agent_id] = datetime.now(UTC)
        for hear in self.ended:
            hear(agent_id)

    async def _run(self, agent: Agent, waiting: _Waiting, find: Request) -> TurnReply:
        async with self._alone(agent.id):
            request = await find(waiting.id)
            # It may have been given another model while the turn waited.
            agent = await asyncio.to_thread(self._record.agents.get, agent.id)
            model = self._models.get(agent.model)
            turn = Turn(
                self._memory(agent.id),
                model,
                self._hub.emit,
                request,
                limits=self._limits(),
                tools=await self._toolbox.of_turn(agent, model),
                turn_id=waiting.id,
                calibration=self._models.calibration(model),
                pressure=self._parts.settings.number("agent.pressure"),
            )
            task = asyncio.create_task(turn.run())
            await asyncio.sleep(0)  # it begins: cancelled before that, it would lose the message
            self._running[agent.id] = task
            if waiting.cancelled:
                await turn.begun.wait()  # what the user said is kept
                task.cancel()
            try:
                await asyncio.wait([task])
            finally:
                self._running.pop(agent.id, None)
            if task.cancelled():
                self._unsettled[agent.id] = turn
            if turn.rolled_back:
                self._hub.emit(HistoryChanged(agent_id=agent.id))
            if not task.cancelled():
                self._hub.emit(AgentChanged(agent_id=agent.id))
            await self._done(agent.id)
            return turn.reply() if task.cancelled() else task.result()

    def _limits(self) -> Limits:
        settings = self._parts.settings
        return Limits(
            steps=int(settings.number("agent.max_steps")),
            failures=int(settings.number("agent.max_failures")),
            identical=int(settings.number("agent.max_identical")),
        )

    # what waits

    def queued(self, agent_id: str) -> list[QueuedTurn]:
        """Those that wait for the running one, in their order."""
        return [
            QueuedTurn(turn_id=waiting.id, kind=waiting.kind, text=waiting.text)
            for waiting in self._queues.get(agent_id, ())[1:]
        ]

    def take_back(self, agent_id: str, turn_id: str) -> None:
        """Take a waiting turn out of the queue. Raises NotFoundError when it does not wait."""
        for waiting in self._queues.get(agent_id, ())[1:]:
            if waiting.id == turn_id and waiting.task is not None:
                waiting.task.cancel()
                self._hub.emit(AgentChanged(agent_id=agent_id))
                return
        raise NotFoundError("This message does not wait any more: its turn has begun.")

    def idle(self, agent_id: str) -> bool:
        """Whether no turn of the agent runs or waits."""
        return agent_id not in self._queues

    def running(self, agent_id: str) -> bool:
        return agent_id in self._running

    def check_idle(self, agent: Agent) -> None:
        """Raises ConflictError while a turn of the agent runs or waits."""
        if not self.idle(agent.id):
            raise ConflictError(
                f"{agent.name} is busy with a turn. Wait until it has ended, or stop it, and try "
                "again."
            )

    @asynccontextmanager
    async def alone(self, agent: Agent) -> AsyncIterator[None]:
        """Keeps turns of the agent waiting. Raises ConflictError while one runs."""
        self.check_idle(agent)
        async with self._alone(agent.id):
            yield

    @asynccontextmanager
    async def _alone(self, agent_id: str) -> AsyncIterator[None]:
        async with self._locks[agent_id]:
            await self._settled(agent_id)
            yield

    async def _settled(self, agent_id: str) -> None:
        """What a cancelled turn had still to write on a slow disk is written before the next."""
        if (turn := self._unsettled.pop(agent_id, None)) is not None:
            await turn.settled()

    # the end

    async def cancel(self, agent_id: str) -> None:
        """Interrupt the running turn and wait until it has ended; those that wait go on waiting.

        Nothing runs: nothing happens.
        """
        task = self._running.get(agent_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        elif queue := self._queues.get(agent_id):
            queue[0].cancelled = True
            if queue[0].task is not None:
                await asyncio.wait([queue[0].task])

    def forget(self, agent_id: str) -> None:
        self._locks.pop(agent_id, None)
        self._unsettled.pop(agent_id, None)
        self.last_ended.pop(agent_id, None)

    def busy(self) -> bool:
        """Whether anything goes on that somebody has asked for."""
        return any(not waiting.timed for queue in self._queues.values() for waiting in queue)

    async def end(self) -> None:
        """Interrupt every turn, and those that wait for one. No other begins."""
        self._ending = True
        while self._queues:
            for agent_id in list(self._running):
                await self.cancel(agent_id)
            await asyncio.sleep(0.01)
        for agent_id in list(self._unsettled):
            await self._settled(agent_id)
