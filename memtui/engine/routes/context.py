"""An agent's context window."""

from fastapi import APIRouter

from memtui.api.agents import Change
from memtui.api.context import ContextWindow
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["context"])


@router.get("/agents/{agent_id}/context")
async def context(engine: OpenEngine, agent_id: str) -> ContextWindow:
    """The context window part by part with tokens, and the exact text that would be sent."""
    return await engine.contexts.view(agent_id)


@router.post("/agents/{agent_id}/summarize")
async def summarize(engine: OpenEngine, agent_id: str) -> Change:
    """Fold every turn but the last into the summary; it can be undone."""
    return await engine.contexts.summarise(agent_id)
