"""Search: what the agent's own searches use, open to anyone."""

from fastapi import APIRouter

from memtui.api.history import NewText
from memtui.api.library import Passage
from memtui.api.search import SearchReply, SearchRequest, Seen, SeenRequest, Waiting
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["search"])


@router.post("/search")
async def search(engine: OpenEngine, request: SearchRequest) -> SearchReply:
    return await engine.finder.search(request)


@router.get("/search/{search_id}")
async def waiting(engine: OpenEngine, search_id: str) -> Waiting:
    """What a search that runs waits for just now, by the id that its request had."""
    return Waiting(doing=engine.finder.waiting.of(search_id))


@router.post("/agents/{agent_id}/seen")
async def seen(engine: OpenEngine, agent_id: str, request: SeenRequest) -> Seen:
    """A hit exactly as it stood in the result that the agent got, or would stand there."""
    return await engine.sight.seen(agent_id, request)


@router.post("/agents/{agent_id}/archive", status_code=201)
async def store(engine: OpenEngine, agent_id: str, new: NewText) -> Passage:
    """Put a text into the agent's own archive; undoing that takes it out again."""
    return await engine.sight.store(agent_id, new.text)


@router.delete("/agents/{agent_id}/archive/{passage_id}", status_code=204)
async def forget(engine: OpenEngine, agent_id: str, passage_id: str) -> None:
    """Delete a text of the agent's own archive; undoing that brings it back."""
    await engine.sight.forget(agent_id, passage_id)
