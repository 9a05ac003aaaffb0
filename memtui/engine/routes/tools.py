"""The tools of agents, and the user's permission for their calls."""

from fastapi import APIRouter

from memtui.api.tools import PermissionAnswer, PermissionRequest, ToolInfo
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["tools"])


@router.get("/tools")
async def tools(engine: OpenEngine) -> list[ToolInfo]:
    """Every tool that an agent could have: the base ones, the extras, and the user's own."""
    return await engine.toolbox.infos()


@router.get("/agents/{agent_id}/tools")
async def of_agent(engine: OpenEngine, agent_id: str) -> list[ToolInfo]:
    """Every tool, as it stands for the agent."""
    return await engine.toolbox.infos(agent_id)


@router.put("/agents/{agent_id}/tools/{name}")
async def enable(engine: OpenEngine, agent_id: str, name: str) -> list[ToolInfo]:
    """From its next turn on the agent has the tool. Each call asks; what was answered before,
    always or never, is forgotten."""
    return await engine.toolbox.enable(agent_id, name, True)


@router.delete("/agents/{agent_id}/tools/{name}")
async def disable(engine: OpenEngine, agent_id: str, name: str) -> list[ToolInfo]:
    return await engine.toolbox.enable(agent_id, name, False)


@router.get("/permissions")
async def permissions(engine: OpenEngine) -> list[PermissionRequest]:
    """Calls that wait for the user just now."""
    return engine.toolbox.permissions.waiting()


@router.post("/permissions/{request_id}", status_code=204)
async def answer(engine: OpenEngine, request_id: str, given: PermissionAnswer) -> None:
    """Allow the call that waits, or not: once, always or never for this agent."""
    await engine.toolbox.permissions.answer(request_id, given.answer)
