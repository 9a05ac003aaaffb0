"""Timed heartbeats: an agent wakes by itself after some minutes of rest, while the engine runs.

They are off until somebody sets them, and neither keep the engine alive nor go on after a turn
that failed: then somebody has to speak with the agent first.
"""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from memtui.api.agents import TurnRequest
from memtui.api.errors import MemtuiError
from memtui.api.events import AgentChanged
from memtui.api.heartbeats import Heartbeat
from memtui.engine.hub import Hub
from memtui.engine.turns import Turns
from memtui.record import Record

logger = logging.getLogger(__name__)

HEARTBEAT = "heartbeat"
"""In an agent's settings: `minutes`, and `paused_until` (ISO, UTC) while the agent wants rest."""

MINUTE = timedelta(minutes=1)


class Heartbeats:
    """`start` it once the record is open, and `stop` it before that is closed."""

    def __init__(self, record: Record, turns: Turns, hub: Hub) -> None:
        self._record = record
        self._turns = turns
        self._hub = hub
        self._began = datetime.now(UTC)
        self._failed: dict[str, datetime] = {}  # agent -> the end of a timed turn that failed
        self._changed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._beating: set[asyncio.Task[None]] = set()
        turns.ended.append(lambda agent_id: self._changed.set())

    def start(self) -> None:
        if self._watch is None:
            self._began = datetime.now(UTC)
            self._watch = asyncio.create_task(self._keep_watch())

    async def stop(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait([watch])

    async def get(self, agent_id: str) -> Heartbeat:
        """Raises NotFoundError."""
        settings = await asyncio.to_thread(self._record.agents.settings, agent_id)
        return self._of(agent_id, settings.get(HEARTBEAT, {}))

    async def set(self, agent_id: str, minutes: int) -> Heartbeat:
        """Wake the agent after `minutes` of rest; 0: never. Raises NotFoundError."""

        def change(settings: dict[str, Any]) -> None:
            settings.pop(HEARTBEAT, None)
            if minutes:
                settings[HEARTBEAT] = {"minutes": minutes}

        await asyncio.to_thread(self._record.agents.change_settings, agent_id, change)
        self._failed.pop(agent_id, None)
        self._changed.set()
        self._hub.emit(AgentChanged(agent_id=agent_id))
        return await self.get(agent_id)

    def _of(self, agent_id: str, setting: dict[str, Any]) -> Heartbeat:
        found = Heartbeat.model_validate(setting)
        last = self._turns.last_ended.get(agent_id, self._began)
        if not found.minutes or self._failed.get(agent_id) == last:
            return found
        due = last + found.minutes * MINUTE
        return found.model_copy(update={"next_at": max(due, found.paused_until or due)})

    async def _keep_watch(self) -> None:
        while True:
            self._changed.clear()
            try:
                rest = await self._wake_those_due()
            except MemtuiError as error:
                logger.warning("timed heartbeats: %s", error)
                rest = MINUTE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest.total_seconds() if rest else None):
                    await self._changed.wait()

    async def _wake_those_due(self) -> timedelta | None:
        """How long until the next; None when there is none."""
        now, soonest = datetime.now(UTC), None
        found = await asyncio.to_thread(self._record.agents.with_setting, HEARTBEAT)
        for agent_id, setting in found.items():
            due = self._of(agent_id, setting).next_at
            if due is None or not self._turns.idle(agent_id):
                continue  # the end of its turn is heard of
            if due <= now:
                beat = asyncio.create_task(self._beat(agent_id))
                self._beating.add(beat)
                beat.add_done_callback(self._beating.discard)
            elif soonest is None or due < soonest:
                soonest = due
        return soonest - now if soonest else None

    async def _beat(self, agent_id: str) -> None:
        async def request(_turn_id: str) -> TurnRequest:
            return TurnRequest(kind="heartbeat")

        try:
            agent = await asyncio.to_thread(self._record.agents.get, agent_id)
            reply = await self._turns.run(agent, request, "heartbeat", timed=True)
        except MemtuiError as error:
            logger.warning("timed heartbeat of %s: %s", agent_id, error)
            return
        if reply.status == "failed":
            self._failed[agent_id] = self._turns.last_ended[agent_id]
        self._changed.set()
