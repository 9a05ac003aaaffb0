"""Asking the user whether a tool may be called, and remembering what was said for always."""

import asyncio
import secrets
from typing import Any

from memtui.agent.tools.base import ToolError
from memtui.api.agents import Agent
from memtui.api.errors import NotFoundError
from memtui.api.events import PermissionAsked, PermissionSettled
from memtui.api.tools import Decision, PermissionRequest
from memtui.engine.hub import Hub
from memtui.record import Record

PERMISSIONS = "permissions"
"""In an agent's settings: tool -> `always` or `never`."""
LOOK = 0.5
"""Seconds between two looks whether anybody is still there who could answer."""


class Permissions:
    def __init__(self, record: Record, hub: Hub) -> None:
        self._record = record
        self._hub = hub
        self._waiting: dict[str, tuple[PermissionAsked, asyncio.Future[Decision]]] = {}

    async def ask(self, agent: Agent, turn_id: str, tool: str, arguments: dict[str, Any]) -> None:
        """Return once the call is allowed. Raises ToolError: it is not, or nobody can say."""
        settings = await asyncio.to_thread(self._record.agents.settings, agent.id)
        standing = settings.get(PERMISSIONS, {}).get(tool)
        if standing == "always":
            return
        if standing == "never":
            raise ToolError(f"The user has forbidden {tool} for you. Do without it.")
        asked = PermissionAsked(
            id=secrets.token_hex(6),
            agent_id=agent.id,
            agent=agent.name,
            turn_id=turn_id,
            tool=tool,
            arguments=arguments,
        )
        answer = await self._answer_to(asked)
        if answer in ("no", "never"):
            raise ToolError(f"The user does not allow this call of {tool}. Do without it.")

    async def _answer_to(self, asked: PermissionAsked) -> Decision:
        self._check_heard(asked.tool)
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting[asked.id] = (asked, future)
        self._hub.emit(asked)
        try:
            while not future.done():
                await asyncio.wait({future}, timeout=LOOK)
                if not future.done():
                    self._check_heard(asked.tool)
        finally:
            del self._waiting[asked.id]
            answer = future.result() if future.done() else "gone"
            self._hub.emit(PermissionSettled(agent_id=asked.agent_id, id=asked.id, answer=answer))
        return future.result()

    def _check_heard(self, tool: str) -> None:
        if not self._hub.answering:
            raise ToolError(
                f"{tool} needs the user's permission, and nobody is there who could give it: the "
                "user has to open the app for that. The call was not carried out."
            )

    def waiting(self) -> list[PermissionRequest]:
        """What waits for an answer just now."""
        return [asked for asked, _ in self._waiting.values()]

    async def answer(self, request_id: str, answer: Decision) -> None:
        """Raises NotFoundError when it is answered already, or nobody waits for it any more."""
        found = self._waiting.get(request_id)
        if found is None or found[1].done():
            raise NotFoundError("Nobody waits for this permission any more.")
        asked, future = found
        if answer in ("always", "never"):

            def remember(settings: dict[str, Any]) -> None:
                settings.setdefault(PERMISSIONS, {})[asked.tool] = answer

            await asyncio.to_thread(self._record.agents.change_settings, asked.agent_id, remember)
        if not future.done():
            future.set_result(answer)
