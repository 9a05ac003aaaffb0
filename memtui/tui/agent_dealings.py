"""What can be done with agents, open or not: the part of the session that is about all of them.

An agent that the user deletes is only marked here, and is deleted when the app ends in order. So
it can be kept until then, and when the app, the terminal or the machine dies, nothing is lost.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from memtui.api.errors import MemtuiError, NotFoundError, UsageError
from memtui.tui import commands
from memtui.tui import format as fmt
from memtui.tui.store import Store

if TYPE_CHECKING:
    from memtui.api.agents import Agent, AgentDetail, AgentOverview, Message, NewAgent, Template
    from memtui.api.client import Client
    from memtui.api.history import ModelName

PREVIEWED = 12
"""Messages that are read to show the last ones said."""

EARLIER = 500
"""Messages of the user that are read at a time, for the history search."""

PATIENCE = 20.0
"""Seconds that leaving waits for deletions; the engine goes on with one that takes longer."""


class AgentDealings:
    """`Session` has the connection and the store. `leaving`: those to be deleted by their ids, as
    they were when the user said so.
    """

    store: Store
    leaving: "dict[str, AgentOverview]"

    async def client(self) -> "Client":
        raise NotImplementedError

    async def list_agents(self) -> "list[Agent]":
        """Those that stay, the last used first."""
        client = await self.client()
        return [agent for agent in await client.agents() if agent.id not in self.leaving]

    async def overview(self) -> "list[AgentOverview]":
        """All of them, those to be deleted too."""
        client = await self.client()
        return await client.overview()

    async def look_at(self, agent_id: str) -> "tuple[AgentDetail, list[Message]]":
        """An agent, and what was said last to and by it."""
        client = await self.client()
        agent = await client.agent(agent_id)
        messages = await client.messages(agent_id, limit=PREVIEWED)
        return agent, [m for m in messages if m.kind in ("user", "assistant") and m.text]

    async def earlier(self) -> "AsyncIterator[list[str]]":
        """What was said to the open agent, as it is typed: page by page, the newest first."""
        agent, before = self.store.agent, None
        while agent is not None:
            client = await self.client()
            page = await client.messages(agent.id, before, EARLIER, kind="user")
            yield [commands.typed(message.text) for message in reversed(page)]
            if len(page) < EARLIER:
                return
            before = page[0].id

    async def choices(self) -> "tuple[list[Template], list[Template], list[ModelName]]":
        """The personas, the humans and the models for a new agent."""
        client = await self.client()
        return (
            await client.templates("personas"),
            await client.templates("humans"),
            await client.models(),
        )

    async def add_agent(self, new: "NewAgent") -> "AgentDetail":
        client = await self.client()
        return await client.add_agent(new)

    async def rename_agent(self, agent_id: str, name: str) -> None:
        client = await self.client()
        await client.rename_agent(agent_id, name)

    async def fork_agent(self, agent_id: str, name: str) -> "AgentDetail":
        client = await self.client()
        return await client.fork(agent_id, name or None)

    async def export_agent(self, agent_id: str, typed: str) -> str:
        """Write the conversation to a new file; what was done, in a sentence."""
        from memtui.api import files

        path, there = await asyncio.to_thread(files.target, typed)
        if there:
            raise UsageError(f"{fmt.path(str(path))} exists already. Name another file.")
        client = await self.client()
        size = await files.save(client.export(agent_id, files.format_of(path)), path)
        return f"Wrote {size:,} bytes to {fmt.path(str(path))}."

    async def let_go(self) -> list[str]:
        """Delete those that were marked; a sentence for each that is not deleted."""
        wrong: list[str] = []
        for agent_id, marked in list(self.leaving.items()):
            name = marked.name
            try:
                async with asyncio.timeout(PATIENCE):
                    if await self._spoken_with(marked):
                        wrong.append(f"{name} was kept: somebody has spoken with it since.")
                    else:
                        await (await self.client()).delete_agent(agent_id)
            except NotFoundError:
                pass  # another terminal was quicker
            except TimeoutError:
                wrong.append(f"{name} is still being deleted.")
            except MemtuiError as error:
                wrong.append(f"{name} was not deleted: {error}")
            self.leaving.pop(agent_id, None)
        return wrong

    async def _spoken_with(self, marked: "AgentOverview") -> bool:
        """Whether it has other messages than when it was to be deleted, by another terminal."""
        now = next((one for one in await self.overview() if one.id == marked.id), marked)
        return (now.recall, now.said_at) != (marked.recall, marked.said_at)


def file_name(name: str) -> str:
    """A file for the conversation of the agent `name`."""
    return str(Path("".join(c if c.isalnum() else "-" for c in name)[:60] + ".md"))
