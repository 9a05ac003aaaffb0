"""Search: what the agent's own searches use, open to anyone."""

from fastapi import APIRouter

from memtui.api.search import SearchReply, SearchRequest
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["search"])


@router.post("/search")
async def search(engine: OpenEngine, request: SearchRequest) -> SearchReply:
    return await engine.finder.search(request)
