"""What can be done: the app's dealings with the engine, and the store they end up in.

No Textual. Every method may be awaited in a worker and raises MemtuiError; none of them is called
by a key press directly. `wake` is called whenever events have come in, at any rate: the app
decides when to `drain` them.
"""

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memtui.api.errors import ConflictError, MemtuiError, NotFoundError, UnavailableError
from memtui.tui import history
from memtui.tui.agent_dealings import AgentDealings
from memtui.tui.conversation import Item
from memtui.tui.source_dealings import SourceDealings
from memtui.tui.store import Changes, Store, Turn

if TYPE_CHECKING:
    from datetime import datetime

    from memtui.api.agents import AgentDetail, AgentOverview, Edit, Message, TurnReply
    from memtui.api.client import Client
    from memtui.api.history import Occurrences
    from memtui.api.tools import Decision

Spawn = Callable[[Coroutine[Any, Any, None], str], object]
"""Starts a coroutine as a worker of the given group."""

PAGE = 100  # messages read at a time
PATIENCE = 5.0  # seconds to wait for the stream of events to begin


@dataclass(frozen=True)
class Lost:
    """Stands behind the last event that the engine sent before it went."""

    type: str = "lost"


async def connect() -> "Client":
    """The client of the running engine, which is started when there is none."""
    # The import takes a tenth of a second: not on the thread that draws.
    module = await asyncio.to_thread(importlib.import_module, "memtui.api.client")
    client: Client = module.Client()
    await client.__aenter__()
    return client


class Session(SourceDealings, AgentDealings):
    def __init__(
        self,
        store: Store,
        spawn: Spawn,
        wake: Callable[[], None],
        connect: "Callable[[], Coroutine[Any, Any, Client]]" = connect,
    ) -> None:
        self.store = store
        self.notices: list[str] = []
        self.leaving: dict[str, AgentOverview] = {}
        self._spawn = spawn
        self._wake = wake
        self._connect = connect
        self._client: Client | None = None
        self._starting = asyncio.Lock()
        self._paging = asyncio.Lock()
        self._arrived: list[Any] = []
        self._touched = False
        self._read = False  # what is in the store is of this connection
        self._begins: datetime | None = None  # when what was read of the history does; None: all
        self._wanted = ""  # id of the agent that was opened last, perhaps not read yet

    # the connection

    async def client(self) -> "Client":
        """The client, connected and listening. After the engine has gone, everything anew."""
        async with self._starting:
            if self._client is None:
                self._client = await self._connect()
                self.notices += self._client.notices
            if not self.store.connected:
                self._read = False
                await self._subscribe(self._client)
            if not self._read:
                self.store.trouble = ""
                await self._read_all(self._client)
                self._read = True
                self.touch()
            return self._client

    async def _subscribe(self, client: "Client") -> None:
        """Listen, and return when nothing is missed any more. Raises UnavailableError."""
        begun = asyncio.Event()
        self._spawn(self._listen(client, begun), "events")
        try:
            await asyncio.wait_for(begun.wait(), PATIENCE)
        except TimeoutError:
            self.store.connected = True  # it listens, to an engine that is slow or older
        if not self.store.connected:
            raise UnavailableError(self.store.trouble or "The engine does not answer. Try again.")

    async def _listen(self, client: "Client", begun: asyncio.Event) -> None:
        """Events go into a list and nowhere else: this reader never waits for the screen."""
        try:
            async for event in client.events(answers=True):
                self.store.connected = True
                begun.set()
                self._arrived.append(event)
                self._wake()
        except UnavailableError as error:
            self.store.trouble = str(error)
        finally:
            begun.set()
            self.store.connected = False
            self._arrived.append(Lost())
            self.touch()

    def drain(self) -> Changes:
        """Apply what has arrived since the last call."""
        arrived, self._arrived = self._arrived, []
        changes = self.store.apply(arrived)
        if self._touched:
            self._touched = False
            changes.draw |= {"chat", "mind", "sources", "state", "context"}
        return changes

    def touch(self) -> None:
        """The store was changed here, not by an event: draw everything."""
        self._touched = True
        self._wake()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def _read_all(self, client: "Client") -> None:
        self.store.sources = await client.sources()
        self.store.jobs = {job.id: job for job in await client.jobs()}
        self.store.permissions = await client.permissions()
        if sentence := (await client.reindex_plan()).sentence:
            self.notices.append(sentence)
        self.store.shelf.clear()
        await self.read_unfolded(client)
        if self.store.agent is not None:
            try:
                await self._read_agent(client, self.store.agent.id)
            except NotFoundError:
                self.store.agent = None

    async def refresh(self, what: set[str]) -> None:
        """Ask the engine for the parts that events said have changed."""
        client = await self.client()
        if "all" in what:
            await self._read_all(client)
            return
        if "sources" in what:
            self.store.sources = await client.sources()
        if what & {"sources", "documents"}:
            await self.read_unfolded(client)
        if "agent" in what and self.store.agent is not None:
            self.store.renew(await client.agent(self.store.agent.id))
            self.store.match_queue()
        if "history" in what and self.store.agent is not None:
            await self._read_history(client, self.store.agent.id)
        if what & {"history", "window"}:
            await self.read_window()

    # agents

    async def open_agent(self, agent_id: str) -> None:
        client = await self.client()
        before, self._wanted = self._wanted, agent_id
        try:
            await self._read_agent(client, agent_id, opened=True)
        except MemtuiError:
            if self._wanted == agent_id:
                self._wanted = before
            raise

    async def read_window(self) -> None:
        """How full the context window is; while a turn runs, its events tell it."""
        agent = self.store.agent
        if agent is None or self.store.turn is not None:
            return
        with contextlib.suppress(MemtuiError):  # the next turn tells it, too
            found = await (await self.client()).context(agent.id)
            if self.store.agent is not None and self.store.agent.id == agent.id:
                self.store.fill_window({one.name: one.tokens for one in found.parts}, found.window)
                self.touch()

    def close_agent(self) -> None:
        """No agent is open."""
        self._wanted = ""
        self.store.reset()
        self.store.agent, self.store.model = None, ""
        self.touch()

    async def _read_agent(self, client: "Client", agent_id: str, opened: bool = False) -> None:
        """Nothing comes of it when another agent was opened meanwhile. What is shown of the agent
        that was open stays until everything of the one that is `opened` was read."""
        agent = await client.agent(agent_id)
        messages = await client.messages(agent_id, limit=PAGE)
        edits = await client.block_edits(agent_id, _since(messages, PAGE))
        model = agent.model or ("" if opened else self.store.model)
        model = model or (await client.status()).model
        if agent_id != self._wanted:
            return
        if opened and self.store.agent is not None:
            self.store.reset()
        self.store.agent, self.store.model = agent, model
        self.store.following = ""
        self._show(messages, edits)
        self.store.match_queue()

    async def _read_history(self, client: "Client", agent_id: str) -> None:
        """The messages again, for they have changed; what a turn says meanwhile stays."""
        messages = await client.messages(agent_id, limit=PAGE)
        edits = await client.block_edits(agent_id, _since(messages, PAGE))
        if self.store.agent is not None and self.store.agent.id == agent_id:
            self._show(messages, edits, self.store.live())

    def _show(
        self,
        messages: "list[Message]",
        edits: "list[Edit]",
        live: frozenset[str] = frozenset(),
    ) -> None:
        items, blocks = history.unfold(messages, edits)
        self._begins = _since(messages, PAGE)
        if messages:
            for block in blocks:
                block.folded = block.turn != messages[-1].turn_id
        self.store.oldest = messages[0].id if len(messages) == PAGE else None
        self.store.replace(items, blocks, live)

    async def older(self, limit: int = PAGE) -> list[Item]:
        """One more page of the history, before what is there."""
        async with self._paging:
            agent, oldest = self.store.agent, self.store.oldest
            if agent is None or oldest is None:
                return []
            client = await self.client()
            messages = await client.messages(agent.id, before=oldest, limit=limit)
            since = _since(messages, limit)
            edits = await client.block_edits(agent.id, since, self._begins)
            if self.store.agent is None or self.store.agent.id != agent.id:
                return []  # another was opened meanwhile
            if self.store.oldest != oldest:
                return []  # all of it was read anew meanwhile
            items, blocks = history.unfold(messages, edits)
            self.store.prepend(items, blocks)
            self._begins = since
            self.store.oldest = messages[0].id if len(messages) == limit else None
            self.touch()
            return items

    @property
    def paging(self) -> bool:
        """Whether older messages are being read just now."""
        return self._paging.locked()

    async def find(self, text: str, before: int) -> "Occurrences":
        """Where `text` stands in the messages before that one."""
        client = await self.client()
        return await client.find(self.agent().id, text, before)

    def agent(self) -> "AgentDetail":
        """The open one. Raises NotFoundError."""
        if self.store.agent is None:
            raise NotFoundError("No agent is open. F9 opens one or makes a new one.")
        return self.store.agent

    # turns

    def is_new(self) -> bool:
        """Whether nobody has spoken with the open agent yet, and nobody does just now."""
        agent, items = self.store.agent, self.store.items
        talked = any(item.kind in ("you", "agent") for item in items) or self.store.turn
        return agent is not None and not agent.busy and not talked

    async def greet(self) -> None:
        """The login event, which brings a new agent's greeting."""
        await self._turn("login", "")

    async def send(self, text: str, wait: bool = False) -> None:
        """Say `text` to the agent; while it works, or with `wait`, the message is queued."""
        if wait or self.store.turn is not None:
            self.store.queue.append(text)
            self.store.add_item(Item(self.store.new_key("queued"), "you", text, state="queued"))
            self.touch()
            return
        item = self.store.add_item(Item(self.store.new_key("mine"), "you", text, turn="mine"))
        self.store.turn = Turn("")
        self.touch()
        agent_id = self._wanted
        try:
            await self._turn("message", text)
        except MemtuiError as error:
            await self._settled(isinstance(error, UnavailableError))
            if agent_id != self._wanted:
                raise  # the conversation that is shown is another one
            if item.turn == "mine":  # the turn never began
                item.state, item.version = "failed", item.version + 1
                item.turn = ""
                self.store.turn = None
            self.store.fail(str(error))
            self.touch()

    async def retry(self) -> None:
        """Send the last thing the user said again, in place of what came of it."""
        self._check_idle()
        if unsent := [item for item in self.store.items if item.state == "failed"]:
            self.store.remove_item(unsent[-1])  # the engine has not heard of it
            await self.send(unsent[-1].text)
            return
        await self._run(lambda client, agent_id: client.retry(agent_id))

    async def edit(self, turn_id: str, text: str) -> None:
        """Say `text` in place of what the user said in a turn, and of all that followed."""
        self._check_idle()
        await self._run(lambda client, agent_id: client.edit(agent_id, turn_id, text))

    async def event(self, kind: Any) -> None:
        """Let the agent act on a heartbeat or an alert."""
        self._check_idle()
        await self._turn(kind, "")

    def _check_idle(self) -> None:
        if self.store.turn is not None:
            raise ConflictError(f"{self.agent().name} is busy. Wait, or stop it with esc first.")

    async def _turn(self, kind: Any, text: str) -> None:
        from memtui.api.agents import TurnRequest

        request = TurnRequest(kind=kind, text=text)
        await self._run(lambda client, agent_id: client.turn(agent_id, request))

    async def _run(self, ask: "Callable[[Client, str], Awaitable[TurnReply]]") -> None:
        agent = self.agent()
        self.store.turn = begun = Turn("")  # its id comes with the event
        self.touch()
        try:
            client = await self.client()
            reply = await ask(client, agent.id)
        except BaseException:
            if self.store.turn is begun:
                self.store.turn = None
            raise
        if agent.id != self._wanted:
            return  # another one was opened meanwhile: this answer is in the record
        self.store.model = reply.model or self.store.model
        # Events and this reply come on two connections: give the events the time to arrive.
        for _ in range(20):
            seen = any(e.type == "turn.ended" and e.turn_id == reply.turn_id for e in self._arrived)
            if seen or self._finished(reply.turn_id):
                return
            await asyncio.sleep(0.05)
        if agent.id != self._wanted:
            return
        self.store.turn = None
        await self._read_agent(client, agent.id)
        if reply.problem and reply.status != "cancelled":
            self.store.fail(reply.problem)
        self.touch()

    async def _settled(self, gone: bool) -> None:
        """Requests and events come on two connections: wait, but not for long, until what the
        engine sent before it was `gone` has been applied.
        """
        for _ in range(20):
            if not self._arrived and not (gone and self.store.connected):
                return
            await asyncio.sleep(0.02)

    def _finished(self, turn_id: str) -> bool:
        return self.store.last_ended == turn_id

    def take_queued(self) -> str | None:
        """Take the newest waiting message back."""
        if not self.store.queue:
            return None
        text = self.store.queue.pop()
        self.store.remove_item(self.store.waiting_here()[-1])
        return text

    def next_queued(self) -> str | None:
        """The oldest waiting message, to be sent now."""
        if not self.store.queue:
            return None
        text = self.store.queue.pop(0)
        self.store.remove_item(self.store.waiting_here()[0])
        return text

    async def stop_turn(self) -> None:
        client = await self.client()
        await client.cancel_turn(self.agent().id)

    async def permit(self, request_id: str, answer: "Decision") -> None:
        client = await self.client()
        with contextlib.suppress(NotFoundError):  # another terminal was quicker
            await client.answer_permission(request_id, answer)

    # models

    async def read_models(self) -> None:
        """The models that /model offers."""
        if self.store.models is None:
            client = await self.client()
            self.store.models = await client.models()

    async def set_model(self, name: str | None) -> None:
        """For the open agent; None: the configured one. Raises what is wrong with the model."""
        client = await self.client()
        agent = await client.set_model(self.agent().id, name)
        model = name or (await client.status()).model
        if self.store.renew(agent):
            self.store.model = model
        self.touch()

    async def reload(self) -> None:
        """The configuration has changed."""
        client = await self.client()
        await client.reload()
        self.store.models = None
        if self.store.agent is None or self.store.agent.model is None:
            self.store.model = (await client.status()).model


def _since(messages: "list[Message]", limit: int) -> "datetime | None":
    """When a page of the history begins; None: with the agent."""
    return messages[0].created_at if len(messages) == limit else None
