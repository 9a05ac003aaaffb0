"""Agents, their memory and turns; personas and humans."""

from fastapi import APIRouter, Query

from memtui.api.agents import (
    Agent,
    AgentDetail,
    AgentOverview,
    Message,
    MessageKind,
    NewAgent,
    NewName,
    Template,
    TurnReply,
    TurnRequest,
)
from memtui.engine.agents import Plural
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["agents"])


@router.get("/agents")
async def agents(engine: OpenEngine) -> list[Agent]:
    """All agents, the last used first."""
    return await engine.call(engine.record.agents.list)


@router.post("/agents", status_code=201)
async def add(engine: OpenEngine, new: NewAgent) -> AgentDetail:
    return await engine.agents.create(new)


@router.get("/agents/overview")
async def overview(engine: OpenEngine) -> list[AgentOverview]:
    """All agents with what was said last and how much they remember, the last used first."""
    return await engine.agents.overview()


@router.get("/agents/{agent_id}")
async def agent(engine: OpenEngine, agent_id: str) -> AgentDetail:
    return await engine.agents.detail(agent_id)


@router.put("/agents/{agent_id}/name")
async def rename(engine: OpenEngine, agent_id: str, new: NewName) -> AgentDetail:
    return await engine.agents.rename(agent_id, new.name)


@router.delete("/agents/{agent_id}", status_code=204)
async def delete(engine: OpenEngine, agent_id: str) -> None:
    await engine.agents.delete(agent_id)


@router.put("/agents/{agent_id}/sources/{source_id}")
async def attach(engine: OpenEngine, agent_id: str, source_id: str) -> AgentDetail:
    """Attach a source: one row, whatever its size. The agent is told."""
    return await engine.agents.attach(agent_id, source_id)


@router.delete("/agents/{agent_id}/sources/{source_id}")
async def detach(engine: OpenEngine, agent_id: str, source_id: str) -> AgentDetail:
    return await engine.agents.detach(agent_id, source_id)


@router.get("/agents/{agent_id}/messages")
async def messages(
    engine: OpenEngine,
    agent_id: str,
    before: int | None = None,
    limit: int = Query(100, ge=1, le=1000),
    context: bool = False,
    kind: MessageKind | None = None,
) -> list[Message]:
    """The history before message id `before` (its end, without), oldest first.

    With `context` the last of those that are in the context window; with `kind` only those.
    """
    await engine.call(engine.record.agents.get, agent_id)
    if context:
        return (await engine.call(engine.record.messages.in_context, agent_id))[-limit:]
    return await engine.call(engine.record.messages.page, agent_id, before, limit, kind)


@router.post("/agents/{agent_id}/turns")
async def turn(engine: OpenEngine, agent_id: str, request: TurnRequest) -> TurnReply:
    """Run a turn and answer when it has ended. It goes on if the client goes away."""
    return await engine.agents.turn(agent_id, request)


@router.post("/agents/{agent_id}/cancel", status_code=204)
async def cancel(engine: OpenEngine, agent_id: str) -> None:
    """Interrupt the running turn. The steps that were committed stay, and what waits, waits on."""
    await engine.agents.turns.cancel(agent_id)


@router.delete("/agents/{agent_id}/queue/{turn_id}", status_code=204)
async def take_back(engine: OpenEngine, agent_id: str, turn_id: str) -> None:
    """Take back a message that waits for another turn to end."""
    engine.agents.turns.take_back(agent_id, turn_id)


def _templates(kind: Plural) -> None:
    @router.get(f"/{kind}", name=f"list_{kind}")
    async def templates(engine: OpenEngine) -> list[Template]:
        return await engine.agents.templates(kind)

    @router.post(f"/{kind}", status_code=201, name=f"add_{kind}")
    async def add_template(engine: OpenEngine, template: Template) -> Template:
        """Add one, or overwrite one of your own."""
        return await engine.agents.add_template(kind, template)

    @router.delete(f"/{kind}", status_code=204, name=f"delete_{kind}")
    async def delete_template(engine: OpenEngine, name: str) -> None:
        await engine.agents.delete_template(kind, name)


_templates("personas")
_templates("humans")
