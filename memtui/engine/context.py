"""The context window from outside a turn: looked at, and made shorter."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from typing import Any

from memtui.agent.context import Window, gather, reserve
from memtui.agent.journal import Journal
from memtui.agent.ports import ChatModel, SystemClock
from memtui.agent.pressure import Keeper
from memtui.api.agents import Agent, Change
from memtui.api.context import ContextPart, ContextWindow
from memtui.api.errors import UsageError
from memtui.api.events import AgentChanged, HistoryChanged
from memtui.engine.agents import Agents
from memtui.engine.hub import Hub
from memtui.engine.models import Models
from memtui.engine.outside.toolbox import Toolbox
from memtui.engine.parts import Parts


class Contexts:
    def __init__(
        self, parts: Parts, agents: Agents, models: Models, toolbox: Toolbox, hub: Hub
    ) -> None:
        self._parts = parts
        self._agents = agents
        self._models = models
        self._toolbox = toolbox
        self._hub = hub

    async def view(self, agent_id: str) -> ContextWindow:
        """What would be sent now; nothing is changed. Raises NotFoundError, ModelError."""
        agent, model, keeper, tools = await self._of(agent_id)
        window = keeper.compose(await gather(self._agents.memory(agent.id), tools))
        tokens = keeper.parts(window)
        messages, offered = model.sent(window.messages, tools)
        return ContextWindow(
            model=model.name,
            window=window.size,
            known=keeper.known,
            reserve=reserve(window.size),
            pressure=0 if model.offline else round(self._pressure * window.size),
            total=sum(tokens.values()),
            waiting=len(window.evict),
            parts=[
                ContextPart(name=name, tokens=tokens[name], text=text)
                for name, text in _texts(window).items()
            ],
            messages=list(messages),
            tools=list(offered),
        )

    async def summarise(self, agent_id: str) -> Change:
        """Fold every turn but the last into the summary.

        Raises UsageError when there is nothing to fold, ConflictError while a turn runs.
        """
        async with self._agents.alone(agent_id):
            _, _, keeper, tools = await self._of(agent_id)
            if await keeper.fold(tools) is None:
                raise UsageError(
                    "There is nothing to summarise yet: only the last exchange is in the context "
                    "window, and that stays."
                )
            (change,) = await asyncio.to_thread(self._parts.record.changes.list, agent_id, 1)
        self._hub.emit(HistoryChanged(agent_id=agent_id))
        self._hub.emit(AgentChanged(agent_id=agent_id))
        return change

    @property
    def _pressure(self) -> float:
        return self._parts.settings.number("agent.pressure")

    async def _of(self, agent_id: str) -> tuple[Agent, ChatModel, Keeper, Sequence[dict[str, Any]]]:
        agent = await asyncio.to_thread(self._parts.record.agents.get, agent_id)
        model = self._models.get(agent.model)
        await model.prepare()
        tools = [tool.schema for tool in await self._toolbox.of_turn(agent, model)]
        memory = self._agents.memory(agent_id)
        emit = self._hub.emit
        keeper = Keeper(
            memory,
            model,
            emit,
            SystemClock(),
            Journal(memory, secrets.token_hex(6), emit),
            self._models.calibration(model),
            self._pressure,
        )
        return agent, model, keeper, tools


def _texts(window: Window) -> dict[str, str]:
    """The text of each part, for a person to read."""
    shown: dict[str, list[str]] = {"messages": [], "results": []}
    start = 2 if window.texts["summary"] else 1
    for message in window.messages[start:]:
        name = "results" if message["role"] == "tool" else "messages"
        lines = [f"{message['role']}: {message.get('content') or ''}".rstrip()]
        for call in message.get("tool_calls") or ():
            lines.append(f"  → {call['function']['name']}({call['function']['arguments']})")
        shown[name].append("\n".join(lines))
    tools = "\n\n".join(json.dumps(tool, ensure_ascii=False, indent=1) for tool in window.tools)
    texts = {**window.texts, "tools": tools}
    texts |= {name: "\n\n".join(lines) for name, lines in shown.items()}
    return {name: texts[name] for name in window.parts}
