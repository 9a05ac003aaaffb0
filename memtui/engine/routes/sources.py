"""Sources, documents, passages, loads and jobs."""

from fastapi import APIRouter, Query

from memtui.api.agents import NewName
from memtui.api.library import (
    Document,
    DocumentPage,
    Job,
    LoadCost,
    LoadRequest,
    Passage,
    PassageInContext,
    RetryRequest,
    Section,
    Source,
)
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


@router.put("/sources/{source_id}/name")
async def rename_source(engine: OpenEngine, source_id: str, new: NewName) -> Source:
    """Not while it is loaded or watched."""
    return await engine.shelves.rename(source_id, new.name)


@router.post("/sources/{source_id}/reload", status_code=202)
async def reload_source(engine: OpenEngine, source_id: str) -> list[Job]:
    """Begin the loads of this source again: what is new or has changed is read."""
    return await engine.shelves.reload(source_id)


@router.post("/sources/{source_id}/watch", status_code=202)
async def watch_source(engine: OpenEngine, source_id: str) -> Job:
    """Follow the folder that was loaded last, until the job is cancelled."""
    return await engine.shelves.watch(source_id)


@router.post("/sources/{source_id}/retry", status_code=202)
async def retry_source(engine: OpenEngine, source_id: str, request: RetryRequest) -> Job:
    """Begin to load again what could not be read."""
    return await engine.shelves.retry(source_id, request)


@router.get("/documents/page")
async def document_page(
    engine: OpenEngine,
    source_id: str | None = None,
    offset: int = Query(0, ge=0),
    limit: int = Query(100, ge=1, le=500),
    text: str = "",
    wrong: bool = False,
) -> DocumentPage:
    """Some of the documents by source and path: of all, or of those that `text` names; with
    `wrong` those that could not be read, or not anew."""
    return await engine.shelves.documents(source_id, offset, limit, text, wrong)


@router.get("/documents/sources")
async def sources_with(engine: OpenEngine, path: str) -> list[str]:
    """The ids of the sources that have a file of this path, or below it."""
    return await engine.call(engine.record.outline.sources_with, path)


@router.get("/documents/{document_id}/sections")
async def sections(engine: OpenEngine, document_id: str) -> list[Section]:
    """The pages of a document, or its headings, with the number of their passages."""
    return await engine.call(engine.record.outline.sections, document_id)


@router.get("/documents/{document_id}/passages")
async def passages(
    engine: OpenEngine,
    document_id: str,
    first: int = Query(0, ge=0),
    count: int = Query(100, ge=1, le=500),
) -> list[Passage]:
    """At most `count` passages of a document, from the one that counts `first`, from 0."""
    return await engine.call(engine.record.outline.passages, document_id, first, count)


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
    """Stop a job, keeping what it has done.

    After a load, nothing more of its source gets a vector until it is loaded again; also when the
    source's last load has ended already and its vectors were still being made.
    """
    return await engine.loads.cancel(job_id)
