"""The client of the engine's API, for the app and for the command line.

Every method raises the `MemtuiError` that the engine reports, and UnavailableError when the
engine has gone; the next request then starts a new one.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from memtui import __version__, config, paths
from memtui.api import launch
from memtui.api.agents import (
    Agent,
    AgentDetail,
    AgentOverview,
    Message,
    MessageKind,
    NewAgent,
    NewName,
    Template,
    TurnReply,
    TurnRequest,
)
from memtui.api.archive_calls import ArchiveCalls
from memtui.api.calls import checked
from memtui.api.context_calls import ContextCalls
from memtui.api.errors import UnavailableError
from memtui.api.events import EVENT, Event
from memtui.api.heartbeat_calls import HeartbeatCalls
from memtui.api.history_calls import HistoryCalls
from memtui.api.http import aconnect_sse, httpx
from memtui.api.library import Document, Job, LoadCost, LoadRequest, PassageInContext, Source
from memtui.api.search import SearchReply, SearchRequest
from memtui.api.setup_calls import SetupCalls
from memtui.api.source_calls import SourceCalls
from memtui.api.system import Check, EngineStatus, ReindexPlan
from memtui.api.tool_calls import BlockCalls, ToolCalls

_GONE = httpx.TransportError
_REFUSED = (httpx.ConnectError, httpx.ConnectTimeout)


class Client(
    ArchiveCalls,
    ContextCalls,
    HeartbeatCalls,
    HistoryCalls,
    SetupCalls,
    BlockCalls,
    SourceCalls,
    ToolCalls,
):
    """An open connection to the engine. Use it as `async with Client() as client:`.

    Entering finds or starts the engine; `notices` then holds sentences the user should read.
    The engine lives as long as a connection is open, and its linger after that.
    """

    def __init__(self) -> None:
        self.notices: list[str] = []
        self._http: httpx.AsyncClient | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        try:
            await self._enter()
        except BaseException:
            await self.close()
            raise
        return self

    async def _enter(self) -> None:
        status = await self.status()
        if status.version != __version__ and not status.jobs and status.clients <= 1:
            await self.stop_engine()
            status = await self.status()
        if status.version != __version__:
            self.notices.append(
                f"The engine is memtui {status.version} and this is {__version__}. "
                "When its jobs are done and the app is closed, run `memtui engine stop`."
            )
        elif status.environment != config.environment_fingerprint():
            self.notices.append(
                "The engine was started with other MEMTUI_* settings or API keys than this "
                "terminal has. `memtui engine stop` ends it; the next command starts it anew."
            )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _connect(self) -> httpx.AsyncClient:
        async with self._connecting:
            if self._http is None:
                socket = await asyncio.to_thread(launch.find_or_start)
                self._http = _over(socket)
            return self._http

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        """One request. A GET, or a request that was refused, is tried once more on a new engine."""
        for attempt in (1, 2):
            http = await self._connect()
            try:
                response = await http.request(method, path, **options)
            except _GONE as error:
                if self._http is http:
                    await self.close()
                unsent = isinstance(error, _REFUSED) or method == "GET"
                if attempt == 2 and path == "/v1/engine":
                    raise UnavailableError(
                        "The engine ends as soon as it has started. "
                        f"{paths.state_dir() / 'engine.stderr'} says why."
                    ) from None
                if attempt == 2 or not unsent:
                    raise UnavailableError(
                        "The engine stopped while it worked on this. Nothing that was saved is "
                        "lost. Try again: the next request starts a new one."
                    ) from None
            else:
                return checked(response)
        raise AssertionError("unreachable")

    # the engine

    async def status(self) -> EngineStatus:
        return await self._get(EngineStatus, "/v1/engine")

    async def stop_engine(self, seconds: float = 30.0) -> None:
        """End the engine in order and wait for it. Raises UnavailableError when it stays."""
        start = launch.last_start()
        await self._send("POST", "/v1/engine/stop")
        await self.close()
        if not await asyncio.to_thread(launch.wait_until_gone, seconds, start):
            raise UnavailableError(
                f"The engine has not ended after {seconds:g} s. Its log says what it is doing: "
                "`memtui folder` names it."
            )

    async def reload(self) -> None:
        """Make the engine read the configuration again."""
        await self._send("POST", "/v1/engine/reload")

    async def doctor(self, *only: str) -> list[Check]:
        """All checks, or only those of these names."""
        return await self._get(list[Check], "/v1/doctor", only=only)

    async def events(self, answers: bool = False) -> AsyncGenerator[Event, None]:
        """The engine's events from now on. `answers`: you answer the permissions they ask for.

        Raises UnavailableError when the engine goes: call it again with the next action, which
        starts a new one, and read everything anew.
        """
        http = await self._connect()
        try:
            async with aconnect_sse(
                http,
                "GET",
                "/v1/events",
                params={"answers": answers},
                timeout=httpx.Timeout(10, read=60),
            ) as stream:
                async for message in stream.aiter_sse():
                    if message.data:
                        yield EVENT.validate_json(message.data)
        except _GONE:
            pass
        if self._http is http:
            await self.close()
        raise UnavailableError(
            "The engine stopped. What was saved is safe; your next action starts a new one."
        )

    # sources

    async def sources(self) -> list[Source]:
        return await self._get(list[Source], "/v1/sources")

    async def delete_source(self, source_id: str) -> None:
        await self._send("DELETE", f"/v1/sources/{source_id}")

    async def documents(self, source_id: str | None = None) -> list[Document]:
        return await self._get(list[Document], "/v1/documents", source_id=source_id)

    async def document(self, document_id: str) -> Document:
        return await self._get(Document, f"/v1/documents/{quote(document_id, safe='')}")

    async def passage(self, passage_id: str, context: int = 0) -> PassageInContext:
        path = f"/v1/passages/{quote(passage_id, safe='')}"
        return await self._get(PassageInContext, path, context=context)

    async def load(self, request: LoadRequest) -> Job:
        """Begin a load and return its job at once."""
        return await self._post(Job, "/v1/loads", request)

    async def load_cost(self, request: LoadRequest) -> LoadCost:
        """What the embedding of a load will cost about."""
        return await self._post(LoadCost, "/v1/loads/cost", request)

    async def reindex_plan(self) -> ReindexPlan:
        """Which index serves, and which one the settings name."""
        return await self._get(ReindexPlan, "/v1/reindex")

    async def reindex(self) -> Job:
        """Begin to build the vector index anew, or go on with it; return the job at once."""
        return await self._post(Job, "/v1/reindex")

    async def jobs(self) -> list[Job]:
        return await self._get(list[Job], "/v1/jobs")

    async def job(self, job_id: str) -> Job:
        return await self._get(Job, f"/v1/jobs/{job_id}")

    async def cancel_job(self, job_id: str) -> Job:
        return await self._post(Job, f"/v1/jobs/{job_id}/cancel")

    async def search(self, request: SearchRequest) -> SearchReply:
        return await self._post(SearchReply, "/v1/search", request)

    # agents

    async def agents(self) -> list[Agent]:
        """All agents, the last used first."""
        return await self._get(list[Agent], "/v1/agents")

    async def overview(self) -> list[AgentOverview]:
        """All agents as a list shows them, the last used first."""
        return await self._get(list[AgentOverview], "/v1/agents/overview")

    async def rename_agent(self, agent_id: str, name: str) -> AgentDetail:
        path = f"/v1/agents/{agent_id}/name"
        return await self._post(AgentDetail, path, NewName(name=name), method="PUT")

    async def agent(self, agent_id: str) -> AgentDetail:
        return await self._get(AgentDetail, f"/v1/agents/{agent_id}")

    async def add_agent(self, new: NewAgent) -> AgentDetail:
        return await self._post(AgentDetail, "/v1/agents", new)

    async def delete_agent(self, agent_id: str) -> None:
        await self._send("DELETE", f"/v1/agents/{agent_id}")

    async def attach(self, agent_id: str, source_id: str) -> AgentDetail:
        path = f"/v1/agents/{agent_id}/sources/{source_id}"
        return await self._post(AgentDetail, path, method="PUT")

    async def detach(self, agent_id: str, source_id: str) -> AgentDetail:
        path = f"/v1/agents/{agent_id}/sources/{source_id}"
        return await self._post(AgentDetail, path, method="DELETE")

    async def messages(
        self,
        agent_id: str,
        before: int | None = None,
        limit: int = 100,
        context: bool = False,
        kind: MessageKind | None = None,
    ) -> list[Message]:
        """The `limit` messages before message id `before` (the last ones), oldest first.

        With `context` those that are in the context window, the last `limit` of them; with `kind`
        only messages of that kind.
        """
        wanted = {"before": before, "limit": limit, "context": context, "kind": kind}
        return await self._get(list[Message], f"/v1/agents/{agent_id}/messages", **wanted)

    async def turn(self, agent_id: str, request: TurnRequest) -> TurnReply:
        """Run one turn and return how it ended; its events come on the stream meanwhile."""
        return await self._post(TurnReply, f"/v1/agents/{agent_id}/turns", request)

    async def cancel_turn(self, agent_id: str) -> None:
        """Interrupt the running turn; those that wait for it go on waiting."""
        await self._send("POST", f"/v1/agents/{agent_id}/cancel")

    async def take_back(self, agent_id: str, turn_id: str) -> None:
        """Take a message out of the queue of those that wait."""
        await self._send("DELETE", f"/v1/agents/{agent_id}/queue/{turn_id}")

    # personas and humans

    async def templates(self, kind: str) -> list[Template]:
        """`kind` is `personas` or `humans`."""
        return await self._get(list[Template], f"/v1/{kind}")

    async def add_template(self, kind: str, template: Template) -> None:
        await self._post(Any, f"/v1/{kind}", template)

    async def delete_template(self, kind: str, name: str) -> None:
        await self._send("DELETE", f"/v1/{kind}", params={"name": name})


def _over(socket: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=str(socket), verify=False),
        base_url="http://memtui",
        timeout=httpx.Timeout(10, read=None, write=None, pool=None),
        trust_env=False,
    )
