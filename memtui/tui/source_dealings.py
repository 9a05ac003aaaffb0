"""What can be done with sources and passages: the part of the session that is about them."""

import asyncio
from typing import TYPE_CHECKING

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.store import RUNNING, Block, Store

if TYPE_CHECKING:
    from memtui.api.agents import AgentDetail
    from memtui.api.client import Client
    from memtui.api.library import Job, LoadRequest, PassageInContext, Source


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
        self.store.agent = await client.attach(self.agent().id, source.id)
        size = fmt.count(source.passages, "passage")
        if self.store.job_of(source) is not None:
            size = "it is still being loaded, and can be searched as far as it is read"
        self.store.note(f"Attached {plain_line(source.name, 80)}: {size}. The agent was told.")
        self.touch()

    async def detach(self, source: "Source") -> None:
        client = await self.client()
        self.store.agent = await client.detach(self.agent().id, source.id)
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

    async def delete(self, source: "Source") -> None:
        client = await self.client()
        await client.delete_source(source.id)
        self.store.sources = await client.sources()
        if self.store.agent is not None:
            self.store.agent = await client.agent(self.store.agent.id)
        self.touch()

    async def read_documents(self, source_id: str) -> None:
        client = await self.client()
        self.store.documents[source_id] = await client.documents(source_id)
        self.touch()

    async def passage(self, passage_id: str, context: int = 2) -> "PassageInContext":
        client = await self.client()
        return await client.passage(passage_id, context=context)

    async def search(self, query: str) -> Block:
        """The user's own search over what the agent can see; a block of the mind."""
        from memtui.api.search import SearchRequest

        client = await self.client()
        agent_id = self.store.agent.id if self.store.agent else None
        reply = await client.search(SearchRequest(query=query, agent_id=agent_id))
        block = Block(self.store.new_key("search"), "search", "search", folded=False)
        block.arguments = {"query": query}
        block.hits, block.total, block.ms = reply.hits, reply.total, reply.ms
        block.result = reply.problem or ("" if reply.hits else "Nothing was found.")
        self.store.add_block(block)
        self.touch()
        return block
