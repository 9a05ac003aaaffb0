"""What is asked of a source that is there: its documents page by page, its loads once more."""

import asyncio

from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.api.events import SourceChanged
from memtui.api.library import DocumentPage, Job, LoadRequest, RetryRequest, Source
from memtui.api.names import check_name
from memtui.engine.hub import Hub
from memtui.engine.jobs import Jobs
from memtui.engine.loads import Loads
from memtui.record import Record


class Shelves:
    def __init__(self, record: Record, loads: Loads, jobs: Jobs, hub: Hub) -> None:
        self._record = record
        self._loads = loads
        self._jobs = jobs
        self._hub = hub

    async def documents(
        self, source_id: str | None, offset: int, limit: int, text: str = "", wrong: bool = False
    ) -> DocumentPage:
        """Some of the documents; while a load runs, with the files that wait and are read."""
        if source_id in self._loads.loading() and not wrong:
            words = text.casefold().split()
            found = [
                document
                for document in await self._loads.documents(source_id)
                if all(word in f"{document.name} {document.title}".casefold() for word in words)
            ]
            return DocumentPage(total=len(found), documents=found[offset : offset + limit])
        return await asyncio.to_thread(
            self._record.outline.documents, source_id, offset, limit, text, wrong
        )

    async def rename(self, source_id: str, name: str) -> Source:
        """Raises UsageError, ConflictError while it is loaded or watched, NotFoundError."""
        check_name(name, "name of the source")
        for job in self._jobs.running():
            if job.source_id == source_id:
                raise ConflictError(
                    f"{job.source} is being loaded or watched. Wait, or cancel that first."
                )
        await asyncio.to_thread(self._record.sources.rename, source_id, name)
        self._hub.emit(SourceChanged(source_id=source_id))
        return await asyncio.to_thread(self._record.sources.get, source_id)

    async def reload(self, source_id: str) -> list[Job]:
        """Do the loads of this source again: what is new or has changed is read.

        Raises UsageError when nothing is in it.
        """
        source = await asyncio.to_thread(self._record.sources.get, source_id)
        requests = await asyncio.to_thread(self._again, source)
        return [await self._loads.begin(request) for request in requests]

    async def watch(self, source_id: str) -> Job:
        """Follow the folder that was loaded last. Raises UsageError when none was."""
        source = await asyncio.to_thread(self._record.sources.get, source_id)
        for request in reversed(await asyncio.to_thread(self._again, source)):
            if request.directory is not None:
                return await self._loads.begin(request.model_copy(update={"watch": True}))
        raise UsageError(
            f"Only a folder can be watched, and {source.name} was loaded from single files. Load "
            "the folder into it first."
        )

    async def retry(self, source_id: str, wanted: RetryRequest) -> Job:
        """Load again what could not be read, or go on where the load was cancelled.

        Raises UsageError when there is neither.
        """
        source = await asyncio.to_thread(self._record.sources.get, source_id)
        wrong = await asyncio.to_thread(self._record.outline.wrong, source_id)
        if not wrong and source.waits:
            requests = await asyncio.to_thread(self._again, source)
            return await self._loads.begin(requests[-1])
        if not wrong:
            raise UsageError(f"Every file of {source.name} could be read.")
        request = _of([document.path for document in wrong], source.name)
        return await self._loads.begin(
            request.model_copy(update={"password": wanted.password}), remember=False
        )

    def _again(self, source: Source) -> list[LoadRequest]:
        requests = list(self._record.sources.loads(source.id))
        if not requests:
            documents = self._record.documents.list(source.id)
            requests = [_of([document.path for document in documents], source.name)]
            if not documents:
                raise NotFoundError(f"Nothing was loaded into {source.name} yet.")
        return [request.model_copy(update={"name": source.name}) for request in requests]


def _of(names: list[str], source: str) -> LoadRequest:
    """A load of the documents of these paths and addresses."""
    urls = [name for name in names if "://" in name]
    return LoadRequest(name=source, paths=[n for n in names if "://" not in n], urls=urls)
