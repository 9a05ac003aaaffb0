"""The tools beyond the eight base ones: which there are, and which of them an agent has."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from memtui import config, paths
from memtui.agent import quotation
from memtui.agent.ports import ChatModel
from memtui.agent.text import shorten
from memtui.agent.tools import BASE_TOOLS
from memtui.agent.tools.base import RETURN_LIMIT, Result, Tool, ToolContext, ToolError
from memtui.api.agents import Agent, Usage
from memtui.api.errors import NotFoundError, UsageError
from memtui.api.tools import ToolInfo
from memtui.engine.hub import Hub
from memtui.engine.outside import runner
from memtui.engine.outside.discovery import Found, find
from memtui.engine.outside.files import Files
from memtui.engine.outside.permissions import PERMISSIONS, Permissions
from memtui.engine.outside.web import Web
from memtui.record import Record

TOOLS = "tools"
"""In an agent's settings: the names of the tools that are enabled."""

_ADVISER = "You are a helpful assistant. Keep your responses short and concise."
_WHAT = "What stands in result was returned by {}."

Work = Callable[[dict[str, Any]], Awaitable[tuple[str, Usage | None]]]
"""Does what the arguments ask for; its text, and what a model used for it."""


async def message_chatgpt(context: ToolContext, message: str) -> Result:
    """Asks another AI, which knows nothing of you, the user or earlier questions.

    Args:
        message: What to ask, as full sentences.
    """
    raise NotImplementedError  # see Toolbox: it needs the agent's model


async def _nowhere(context: ToolContext) -> Result:
    raise NotImplementedError  # a schema only


EXTRAS = (
    Tool.of(message_chatgpt),
    *(
        Tool.of(function, run=_nowhere)
        for function in (
            Files.read_from_text_file,
            Files.append_to_text_file,
            Web.http_request,
        )
    ),
)
"""The original's extras, with its signatures."""

_TAKEN = {tool.name for tool in (*BASE_TOOLS, *EXTRAS)}


class Toolbox:
    """`settings` gives the configuration as it is now."""

    def __init__(self, record: Record, hub: Hub, settings: Callable[[], config.Config]) -> None:
        self._record = record
        self._settings = settings
        self.permissions = Permissions(record, hub)

    async def infos(self, agent_id: str | None = None) -> list[ToolInfo]:
        """Every tool, as it stands for the agent. Raises NotFoundError."""
        found = await asyncio.to_thread(_own)
        chosen: dict[str, Any] = {}
        if agent_id is not None:
            chosen = await asyncio.to_thread(self._record.agents.settings, agent_id)
        enabled, permissions = chosen.get(TOOLS, []), chosen.get(PERMISSIONS, {})

        def info(tool: Tool, kind: Any) -> ToolInfo:
            return ToolInfo(
                name=tool.name,
                kind=kind,
                description=tool.schema["function"]["description"],
                parameters=tool.parameters,
                required=list(tool.required),
                enabled=kind == "base" or tool.name in enabled,
                permission="always" if kind == "base" else permissions.get(tool.name, "ask"),
            )

        infos = [info(tool, "base") for tool in BASE_TOOLS]
        infos += [info(tool, "extra") for tool in EXTRAS]
        for one in found:
            if one.tool is None:
                infos.append(
                    ToolInfo(name=one.name, kind="user", path=str(one.path), problem=one.problem)
                )
            else:
                path = {"path": str(one.path)}
                infos.append(info(one.tool, "user").model_copy(update=path))
        return infos

    async def enable(self, agent_id: str, name: str, on: bool) -> list[ToolInfo]:
        """Have the agent have a tool, or not; what was said about its calls is forgotten.

        Raises NotFoundError, UsageError for a tool that is always on or that does not work.
        """
        infos = [info for info in await self.infos(agent_id) if info.name == name]
        known = next((info for info in infos if not info.problem), None)
        if on and known is None:
            if infos:
                raise UsageError(f"{name} is no tool: {infos[0].problem} Mend {infos[0].path}.")
            raise NotFoundError(f"There is no tool {name}. `memtui tools list` shows them all.")
        if known is not None and known.kind == "base":
            raise UsageError(f"{name} is one of the eight base tools, which are always on.")

        def change(settings: dict[str, Any]) -> None:
            rest = [one for one in settings.get(TOOLS, []) if one != name]
            settings[TOOLS] = [*rest, name] if on else rest
            settings.get(PERMISSIONS, {}).pop(name, None)

        await asyncio.to_thread(self._record.agents.change_settings, agent_id, change)
        return await self.infos(agent_id)

    async def of_turn(self, agent: Agent, model: ChatModel) -> tuple[Tool, ...]:
        """The tools that the agent has in a turn: a call of one asks first, and then does it."""
        settings = await asyncio.to_thread(self._record.agents.settings, agent.id)
        names: list[str] = settings.get(TOOLS, [])
        if not names:
            return BASE_TOOLS
        own = {one.name: one for one in await asyncio.to_thread(_own) if one.tool is not None}
        extras = {tool.name: tool for tool in EXTRAS}
        tools: list[Tool] = []
        for name in names:
            if name == "message_chatgpt":
                tools.append(self._asking(agent, extras[name], _ask(model)))
            elif name in extras:
                tools.append(self._asking(agent, extras[name], self._run(name)))
            elif name in own and (tool := own[name].tool) is not None:
                tools.append(self._asking(agent, tool, self._run(name, own[name])))
        return (*BASE_TOOLS, *tools)

    def _asking(self, agent: Agent, tool: Tool, work: Work) -> Tool:
        async def call(context: ToolContext, **arguments: Any) -> Result:
            await self.permissions.ask(agent, context.turn_id, tool.name, arguments)
            if tool.name != "append_to_text_file":
                context.memory.has_read()
            said, usage = await work(arguments)
            text = shorten(quotation.quoted(said), RETURN_LIMIT)
            what = _WHAT.format(tool.name)
            return Result(quotation.enclosed({"result": text}, what), usage=usage)

        return replace(tool, function=call)

    def _run(self, name: str, own: Found | None = None) -> Work:
        async def run(arguments: dict[str, Any]) -> tuple[str, None]:
            settings = self._settings()
            folder = settings.tools_folder()
            await asyncio.to_thread(paths.private_dir, folder)
            request = {
                "tool": name,
                "arguments": arguments,
                "path": str(own.path) if own else None,
                "folder": str(folder),
                "closed": [
                    str(one) for one in (paths.config_dir(), paths.data_dir(), paths.state_dir())
                ],
                "private": bool(settings["tools.allow_private_addresses"]),
            }
            limits = runner.Limits(
                settings.number("tools.seconds"), int(settings.number("tools.memory") * 1_000_000)
            )
            return await runner.run(request, folder, limits), None

        return run


def _ask(model: ChatModel) -> Work:
    """Asks the agent's own model, without anything of the agent's."""

    async def ask(arguments: dict[str, Any]) -> tuple[str, Usage | None]:
        if model.offline:
            raise ToolError(
                "There is no other AI to ask: no language model is configured, only the offline "
                "reader."
            )
        messages = [
            {"role": "system", "content": _ADVISER},
            {"role": "user", "content": arguments["message"]},
        ]
        said = ""
        usage: Usage | None = None
        async with aclosing(model.stream(messages, [])) as stream:  # type: ignore[type-var]
            async for chunk in stream:
                said = chunk.content if chunk.restart else said + chunk.content
                if chunk.usage is not None:
                    usage = Usage.model_validate(vars(chunk.usage))
                if len(said) > 4 * RETURN_LIMIT:
                    break
        if not said.strip():
            raise ToolError("The other AI answered nothing. Ask in another way.")
        return said, usage

    return ask


def _own() -> list[Found]:
    return find(paths.tools_dir(), _TAKEN, _nowhere)
