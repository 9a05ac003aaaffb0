"""Sources, documents, passages, loads and jobs."""

from fastapi import APIRouter, Query

from memtui.api.library import Document, Job, LoadCost, LoadRequest, PassageInContext, Source
from memtui.api.system import ReindexPlan
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["sources"])


@router.get("/sources")
async def sources(engine: OpenEngine) -> list[Source]:
    return await engine.sources()


@router.delete("/sources/{source_id}", status_code=204)
async def delete_source(engine: OpenEngine, source_id: str) -> None:
    """Remove the source from both stores; returns when nothing of it can be found any more."""
    await engine.delete_source(source_id)


@router.get("/documents")
async def documents(engine: OpenEngine, source_id: str | None = None) -> list[Document]:
    return await engine.loads.documents(source_id)


@router.get("/documents/{document_id}")
async def document(engine: OpenEngine, document_id: str) -> Document:
    return await engine.call(engine.record.documents.get, document_id)


@router.get("/passages/{passage_id}")
async def passage(
    engine: OpenEngine, passage_id: str, context: int = Query(0, ge=0, le=50)
) -> PassageInContext:
    """A passage, with up to `context` neighbours on either side."""
    return await engine.call(engine.record.passages.context, passage_id, context)


@router.post("/loads", status_code=202)
async def load(engine: OpenEngine, request: LoadRequest) -> Job:
    """Begin a load. A source of that name is made, or added to."""
    return await engine.loads.begin(request)


@router.post("/loads/cost")
async def load_cost(engine: OpenEngine, request: LoadRequest) -> LoadCost:
    """What the embedding of a load will cost about."""
    return await engine.call(engine.loads.cost, request)


@router.get("/reindex")
async def reindex_plan(engine: OpenEngine) -> ReindexPlan:
    """Which index serves, which one the settings name, and what it takes to get there."""
    return await engine.call(engine.reindex.plan)


@router.post("/reindex", status_code=202)
async def reindex(engine: OpenEngine) -> Job:
    """Build the vector index anew from the record, beside the one that serves meanwhile."""
    return await engine.reindex.begin()


@router.get("/jobs")
async def jobs(engine: OpenEngine) -> list[Job]:
    """All jobs, the newest first."""
    return await engine.jobs.list()


@router.get("/jobs/{job_id}")
async def job(engine: OpenEngine, job_id: str) -> Job:
    return await engine.jobs.get(job_id)


@router.post("/jobs/{job_id}/cancel")
async def cancel(engine: OpenEngine, job_id: str) -> Job:
    """Stop a job, keeping what it has done."""
    return await engine.jobs.cancel(job_id)
