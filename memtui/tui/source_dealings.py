"""What can be done with sources and passages: the part of the session that is about them."""

import asyncio
from typing import TYPE_CHECKING

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.shelf import PAGE, Documents, Found
from memtui.tui.store import RUNNING, Store

if TYPE_CHECKING:
    from memtui.api.agents import AgentDetail
    from memtui.api.client import Client
    from memtui.api.library import (
        Document,
        Job,
        LoadRequest,
        PassageInContext,
        Section,
        Source,
    )

TYPING = 0.12
"""Seconds without a key before the engine is asked for what the filter leaves."""

MOST_FOUND = 300
"""Documents that the filter shows."""


"""Passages after which what was read is kept from the collector: it need not walk all of the tree
again and again."""


class SourceDealings:
    """`Session` has the connection, the open agent and the store."""

    store: Store

    async def client(self) -> "Client":
        raise NotImplementedError

    def agent(self) -> "AgentDetail":
        raise NotImplementedError

    def touch(self) -> None:
        raise NotImplementedError

    async def attach(self, source: "Source") -> None:
        client = await self.client()
        self.store.renew(await client.attach(self.agent().id, source.id))
        size = fmt.count(source.passages, "passage")
        if self.store.job_of(source) is not None:
            size = "it is still being loaded, and can be searched as far as it is read"
        self.store.note(f"Attached {plain_line(source.name, 80)}: {size}. The agent was told.")
        self.touch()

    async def detach(self, source: "Source") -> None:
        client = await self.client()
        self.store.renew(await client.detach(self.agent().id, source.id))
        self.store.note(f"Detached {plain_line(source.name, 80)}. The agent cannot search it now.")
        self.touch()

    async def load(self, request: "LoadRequest") -> "Job":
        client = await self.client()
        if (costs := await client.load_cost(request)).cost is not None:
            dollars = f"about ${costs.cost:,.2f}" if costs.cost >= 0.01 else "less than a cent"
            self.store.note(f"Embedding this with {costs.model} costs {dollars} at most.")
        job = await client.load(request)
        self.store.jobs[job.id] = job
        self.touch()
        return job

    async def until_read(self, job_id: str) -> None:
        """Wait until all text of a load can be searched; its vectors may still be made."""
        while (job := self.store.jobs.get(job_id)) is not None and self.store.connected:
            progress = job.progress
            if job.state not in RUNNING or (
                progress.passages
                and progress.bytes_total
                and (progress.bytes >= progress.bytes_total)
            ):
                return
            await asyncio.sleep(0.05)

    async def cancel(self, job_id: str) -> None:
        client = await self.client()
        self.store.jobs[job_id] = await client.cancel_job(job_id)
        self.touch()

    async def cancel_vectors(self, source: "Source") -> None:
        """Of a source whose load has ended, with vectors still to come."""
        jobs = await (await self.client()).jobs()  # the newest first
        if job := next((one for one in jobs if one.source_id == source.id), None):
            await self.cancel(job.id)

    async def delete(self, source: "Source") -> None:
        client = await self.client()
        await client.delete_source(source.id)
        self.store.sources = await client.sources()
        if self.store.agent is not None:
            self.store.renew(await client.agent(self.store.agent.id))
        self.touch()

    # the tree

    async def read_unfolded(self, client: "Client") -> None:
        """Of each unfolded source, the documents that are not known yet; others have grown old."""
        shelf = self.store.shelf
        for source in self.store.sources:
            documents = shelf.documents.get(source.id)
            if source.id in shelf.open and (documents is None or not documents.total):
                await self._read_page(client, source.id, 0)
            elif documents is not None:
                shelf.grown_old(source.id)

    async def read_page(self, source_id: str, number: int) -> None:
        """Read a page of the documents, unless that goes on."""
        client = await self.client()
        known = self.store.shelf.documents.get(source_id)
        if known is None or number not in known.asked:
            await self._read_page(client, source_id, number)
            self.touch()

    async def _read_page(self, client: "Client", source_id: str, number: int) -> None:
        shelf = self.store.shelf
        known = shelf.documents.get(source_id)
        if known is not None:
            known.asked.add(number)
        try:
            page = await client.document_page(source_id, number * PAGE, PAGE)
        finally:
            if known is not None:
                known.asked.discard(number)
        known = shelf.documents.setdefault(source_id, Documents(page.total))
        known.put(number, page.total, page.documents)
        shelf.changed()

    async def read_sections(self, document_id: str) -> None:
        """The pages or headings of a document; the passages, where it has but one of these."""
        client = await self.client()
        sections = await client.sections(document_id)
        self.store.shelf.sections[document_id] = sections
        if len(sections) == 1:
            await self.read_passages(document_id, sections[0])
        self.store.shelf.changed(document_id)
        self.touch()

    async def read_passages(self, document_id: str, section: "Section") -> None:
        client = await self.client()
        passages = await client.passages(document_id, section.first, section.passages)
        self.store.shelf.put_passages(document_id, section, passages)
        self.touch()

    async def find_documents(self, text: str) -> None:
        """What the filter leaves; nothing comes of it when something else was typed since."""
        await asyncio.sleep(TYPING)
        shelf = self.store.shelf
        if shelf.filter != text or not text.strip():
            return
        client = await self.client()
        page = await client.document_page(limit=MOST_FOUND, text=text)
        if shelf.filter != text:
            return
        found: dict[str, list[Document]] = {}
        for document in page.documents:
            found.setdefault(document.source_id, []).append(document)
        shelf.found = Found(text, page.total, found)
        shelf.changed()
        self.touch()

    # once more

    async def rename_source(self, source: "Source", name: str) -> str:
        client = await self.client()
        renamed = await client.rename_source(source.id, name)
        self.store.sources = await client.sources()
        if self.store.agent is not None:
            self.store.renew(await client.agent(self.store.agent.id))
        self.touch()
        return renamed.name

    async def reload_source(self, source: "Source") -> None:
        client = await self.client()
        self._begun(*await client.reload_source(source.id))

    async def watch_source(self, source: "Source") -> None:
        client = await self.client()
        self._begun(await client.watch_source(source.id))

    async def retry_source(self, source: "Source", password: str = "") -> None:
        client = await self.client()
        self._begun(await client.retry_source(source.id, password))

    async def reindex(self) -> None:
        client = await self.client()
        self._begun(await client.reindex())

    def _begun(self, *jobs: "Job") -> None:
        for job in jobs:
            self.store.jobs.setdefault(job.id, job)
        self.touch()

    async def passage(self, passage_id: str, context: int = 2) -> "PassageInContext":
        client = await self.client()
        return await client.passage(passage_id, context=context)
