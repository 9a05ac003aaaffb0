"""An agent's history as the user may change it, its system prompt and its model."""

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from memtui.api import finding
from memtui.api.agents import AgentDetail, Change, Message, TurnReply
from memtui.api.history import (
    EditRequest,
    ExportFormat,
    ForkRequest,
    ModelChoice,
    ModelName,
    NewText,
    Occurrences,
    PopRequest,
    Remembered,
    Saved,
    UndoRequest,
)
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["history"])
_TYPES: dict[ExportFormat, str] = {"markdown": "text/markdown", "jsonl": "application/jsonl"}


@router.post("/agents/{agent_id}/history/pop")
async def pop(engine: OpenEngine, agent_id: str, request: PopRequest) -> Change:
    """Take the last messages out of the history; a call goes with its result."""
    return await engine.history.pop(agent_id, request.count)


@router.post("/agents/{agent_id}/retry")
async def retry(engine: OpenEngine, agent_id: str) -> TurnReply:
    """Say the last thing the user said again, in place of it and all that followed."""
    return await engine.history.retry(agent_id)


@router.post("/agents/{agent_id}/edit")
async def edit(engine: OpenEngine, agent_id: str, request: EditRequest) -> TurnReply:
    """Say something else in place of what the user said in a turn, and of all that followed."""
    return await engine.history.edit(agent_id, request.turn_id, request.text)


@router.post("/agents/{agent_id}/rethink")
async def rethink(engine: OpenEngine, agent_id: str, new: NewText) -> Change:
    """Replace the inner monologue of the agent's last message."""
    return await engine.history.rethink(agent_id, new.text)


@router.post("/agents/{agent_id}/rewrite")
async def rewrite(engine: OpenEngine, agent_id: str, new: NewText) -> Change:
    """Replace the last thing the agent said."""
    return await engine.history.rewrite(agent_id, new.text)


@router.get("/agents/{agent_id}/changes")
async def changes(
    engine: OpenEngine, agent_id: str, limit: int = Query(100, ge=1, le=1000)
) -> list[Change]:
    """What was done to the agent's memory and history, the newest first."""
    return await engine.history.changes(agent_id, limit)


@router.post("/agents/{agent_id}/undo")
async def undo(engine: OpenEngine, agent_id: str, request: UndoRequest) -> list[Change]:
    """Undo the latest change or a certain one; what was undone."""
    return await engine.history.undo(agent_id, request.change_id, request.version_id)


@router.get("/agents/{agent_id}/folded")
async def folded(engine: OpenEngine, agent_id: str, summary: int | None = None) -> list[Message]:
    """The messages that a summary stands for: that one, or else the latest."""
    return await engine.history.folded(agent_id, summary)


@router.post("/agents/{agent_id}/fork", status_code=201)
async def fork(engine: OpenEngine, agent_id: str, request: ForkRequest) -> AgentDetail:
    """A copy of the agent from this point."""
    return await engine.history.fork(agent_id, request.name)


@router.get("/agents/{agent_id}/system")
async def system(engine: OpenEngine, agent_id: str) -> NewText:
    """The system prompt, without core memory."""
    return NewText(text=await engine.history.system(agent_id))


@router.put("/agents/{agent_id}/system")
async def set_system(engine: OpenEngine, agent_id: str, new: NewText) -> Change:
    """Exchange the system prompt; core memory stays."""
    return await engine.history.set_system(agent_id, new.text)


@router.put("/agents/{agent_id}/model")
async def set_model(engine: OpenEngine, agent_id: str, choice: ModelChoice) -> AgentDetail:
    """Give the agent a model of its own, which is tried first; null: the configured one."""
    return await engine.history.set_model(agent_id, choice.model)


@router.get("/models")
async def models(engine: OpenEngine) -> list[ModelName]:
    """Models to choose from: the reader, those in the settings, what their provider lists."""
    return await engine.models.choices()


@router.get("/agents/{agent_id}/memory")
async def remembered(engine: OpenEngine, agent_id: str) -> Remembered:
    """Core memory, and what the rest of the memory holds, counted."""
    return await engine.history.remembered(agent_id)


@router.get("/agents/{agent_id}/find")
async def find(
    engine: OpenEngine,
    agent_id: str,
    text: str = Query(max_length=finding.LONGEST),
    before: int | None = None,
) -> Occurrences:
    """Messages of the user and the agent in which a text stands, as it was typed."""
    return await engine.history.find(agent_id, text, before)


@router.get("/agents/{agent_id}/saved")
async def saved(engine: OpenEngine, agent_id: str) -> Saved:
    """When the last message or change was committed."""
    return await engine.history.saved(agent_id)


@router.get("/agents/{agent_id}/export")
async def export(
    engine: OpenEngine, agent_id: str, format: ExportFormat = "markdown"
) -> StreamingResponse:
    """The agent with its whole history, streamed."""
    pieces = await engine.history.export(agent_id, format)
    return StreamingResponse(pieces, media_type=f"{_TYPES[format]}; charset=utf-8")
