"""Agents: made, attached, asked. One turn at a time for each; a turn outlives its client."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from memtui.agent import names, notices
from memtui.agent import templates as shipped
from memtui.api.agents import (
    MEMORY_WARNING,
    Agent,
    AgentDetail,
    AgentOverview,
    AttachedSource,
    Block,
    NewAgent,
    Template,
    TurnReply,
    TurnRequest,
)
from memtui.api.errors import (
    ConflictError,
    MemtuiError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from memtui.api.events import AgentChanged
from memtui.api.names import check_name
from memtui.engine.finder import Finder
from memtui.engine.hub import Hub
from memtui.engine.memory import AgentMemory
from memtui.engine.models import Models
from memtui.engine.outside.toolbox import Toolbox
from memtui.engine.parts import Parts
from memtui.engine.turns import Request, Turns
from memtui.library.indexing import Indexer

logger = logging.getLogger(__name__)
Plural = Literal["personas", "humans"]
KINDS: dict[Plural, shipped.Kind] = {"personas": "persona", "humans": "human"}


class Agents:
    def __init__(
        self,
        parts: Parts,
        finder: Finder,
        indexer: Indexer,
        models: Models,
        toolbox: Toolbox,
        hub: Hub,
    ) -> None:
        self._parts = parts
        self._record = parts.record
        self._finder = finder
        self._indexer = indexer
        self._models = models
        self._hub = hub
        self._temporary: set[str] = set()
        self.turns = Turns(parts, models, toolbox, hub, self.memory, self._ended)

    # agents

    async def create(self, new: NewAgent) -> AgentDetail:
        """Raises UsageError, NotFoundError (persona, human, source), ConflictError (the name)."""
        settings = self._parts.settings
        persona = new.persona or settings.text("agent.persona")
        human = new.human or settings.text("agent.human")
        taken = {agent.name for agent in await self._list()}
        name = check_name(new.name, "name of the agent") if new.name else None
        if name in taken:
            raise ConflictError(
                f"There is an agent called {name} already. Choose another name, or open it with "
                f"`memtui run --agent`."
            )
        if new.model:
            await self._models.check(new.model)
        blocks = [
            Block(label="persona", value=await self.template("persona", persona)),
            Block(label="human", value=await self.template("human", human)),
        ]
        created = await asyncio.to_thread(
            self._record.agents.create,
            name or names.made_up(taken),
            persona=persona,
            human=human,
            model=new.model,
            temporary=new.temporary,
            blocks=blocks,
            system=shipped.system_prompt(persona),
            source_ids=new.source_ids,
        )
        if new.temporary:
            self._temporary.add(created.id)
        self._hub.emit(AgentChanged(agent_id=created.id))
        return await self.detail(created.id)

    async def _list(self) -> list[Agent]:
        return await asyncio.to_thread(self._record.agents.list)

    async def detail(self, agent_id: str) -> AgentDetail:
        agent = await asyncio.to_thread(self._record.agents.get, agent_id)
        blocks = await asyncio.to_thread(self._record.blocks.list, agent_id)
        return AgentDetail(
            **agent.model_dump(),
            blocks=blocks,
            busy=self.turns.running(agent_id),
            queued=self.turns.queued(agent_id),
        )

    async def overview(self) -> list[AgentOverview]:
        """All of them in one look, the last used first."""
        agents = await asyncio.to_thread(self._record.agents.overview)
        return [a.model_copy(update={"busy": self.turns.running(a.id)}) for a in agents]

    async def rename(self, agent_id: str, name: str) -> AgentDetail:
        """Raises UsageError, ConflictError when another has the name, NotFoundError."""
        name = check_name(name, "name of the agent")
        await asyncio.to_thread(self._record.agents.rename, agent_id, name)
        self._hub.emit(AgentChanged(agent_id=agent_id))
        return await self.detail(agent_id)

    async def delete(self, agent_id: str) -> None:
        """Remove the agent from both stores; returns when nothing of it can be found any more."""
        agent = await asyncio.to_thread(self._record.agents.get, agent_id)
        await self.turns.cancel(agent_id)
        await self._forget(agent_id)
        try:
            await self._indexer.wait(f"agent_{agent_id}")
        except MemtuiError as error:
            raise not_yet_gone(agent.name, error) from None

    async def _forget(self, agent_id: str) -> None:
        """Delete it from the record, after which nothing finds it; the archive follows soon."""
        self._temporary.discard(agent_id)
        await asyncio.to_thread(self._record.agents.delete, agent_id)
        self.turns.forget(agent_id)
        self._indexer.wake()
        self._hub.emit(AgentChanged(agent_id=agent_id, deleted=True))

    async def attach(self, agent_id: str, source_id: str) -> AgentDetail:
        return await self._tie(agent_id, source_id, attach=True)

    async def detach(self, agent_id: str, source_id: str) -> AgentDetail:
        return await self._tie(agent_id, source_id, attach=False)

    async def _tie(self, agent_id: str, source_id: str, *, attach: bool) -> AgentDetail:
        source = await asyncio.to_thread(self._record.sources.get, source_id)
        change = self._record.agents.attach if attach else self._record.agents.detach
        if await asyncio.to_thread(change, agent_id, source_id):
            told = (
                notices.attached(
                    AttachedSource(id=source.id, name=source.name, passages=source.passages)
                )
                if attach
                else notices.detached(source.name)
            )
            memory = self.memory(agent_id)
            await memory.append(secrets.token_hex(6), [told])
            self._hub.emit(AgentChanged(agent_id=agent_id))
        return await self.detail(agent_id)

    # turns

    async def turn(self, agent_id: str, request: TurnRequest) -> TurnReply:
        """Run a turn after those that wait already. Raises NotFoundError, UsageError, and
        ConflictError when it is taken back before it began.

        It goes on when the client goes away; a temporary agent goes with its turn.
        """
        if request.kind == "message" and not request.text.strip():
            raise UsageError("The message is empty. Write something to the agent.")
        if request.kind == "alert" and not request.text.strip():
            request = request.model_copy(update={"text": MEMORY_WARNING})

        async def as_given(_turn_id: str) -> TurnRequest:
            return request

        agent = await asyncio.to_thread(self._record.agents.get, agent_id)
        return await self.turns.run(agent, as_given, request.kind, request.text)

    async def turn_alone(self, agent_id: str, request: Request) -> TurnReply:
        """Run a turn if none waits or runs. Raises ConflictError, and what `request` raises."""
        agent = await asyncio.to_thread(self._record.agents.get, agent_id)
        self.turns.check_idle(agent)
        return await self.turns.run(agent, request)

    @asynccontextmanager
    async def alone(self, agent_id: str) -> AsyncIterator[Agent]:
        """Keeps turns of the agent waiting. Raises NotFoundError, ConflictError while one runs."""
        agent = await asyncio.to_thread(self._record.agents.get, agent_id)
        async with self.turns.alone(agent):
            yield agent

    async def _ended(self, agent_id: str) -> None:
        if agent_id in self._temporary:
            await self._forget(agent_id)

    def memory(self, agent_id: str) -> AgentMemory:
        return AgentMemory(agent_id, self._record, self._finder, self._indexer)

    # personas and humans

    async def templates(self, kind: Plural) -> list[Template]:
        """The user's own first, then those that came with memtui."""
        own = await asyncio.to_thread(self._record.templates.list, KINDS[kind])
        known = {template.name for template in own}
        built_in = [t for t in shipped.all_of(KINDS[kind]) if t.name not in known]
        return own + built_in

    async def template(self, kind: shipped.Kind, name: str) -> str:
        """Its text. Raises NotFoundError."""
        own = await asyncio.to_thread(self._record.templates.get, kind, name)
        return own.text if own else shipped.text(kind, name)

    async def add_template(self, kind: Plural, template: Template) -> Template:
        check_name(template.name, f"name of the {KINDS[kind]}")
        if not template.text.strip():
            raise UsageError(f"The {KINDS[kind]} has no text. Give it with --text or -f.")
        if len(template.text) > Block.model_fields["limit"].default:
            raise UsageError(
                f"The text has {len(template.text)} characters; a block of core memory holds "
                f"{Block.model_fields['limit'].default}. Shorten it."
            )
        await asyncio.to_thread(
            self._record.templates.put, KINDS[kind], template.name, template.text
        )
        return template.model_copy(update={"builtin": False})

    async def delete_template(self, kind: Plural, name: str) -> None:
        if not await asyncio.to_thread(self._record.templates.delete, KINDS[kind], name):
            built_in = name in shipped.names(KINDS[kind])
            raise NotFoundError(
                f"The {KINDS[kind]} {name} comes with memtui and stays."
                if built_in
                else f"There is no {KINDS[kind]} called {name}. `memtui list {kind}` lists them."
            )


def not_yet_gone(name: str, why: MemtuiError) -> UnavailableError:
    """`name` is deleted from the record, and its vectors are still in the archive."""
    return UnavailableError(
        f"{name} is deleted and nothing finds it any more, but its vectors are still in Milvus. "
        f"They go as soon as that works again. {why}"
    )
