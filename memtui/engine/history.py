"""What the user does to an agent: its history taken back, rewritten, undone, copied; its system
prompt and its model exchanged. Nothing of it happens while a turn of the agent runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import ParamSpec, TypeVar

from memtui.agent import citations, names
from memtui.agent.text import mend
from memtui.api.agents import AgentDetail, Change, Citation, Message, TurnReply, TurnRequest
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.api.events import AgentChanged, HistoryChanged, MemoryEdited
from memtui.api.history import ExportFormat, Occurrences, Remembered, Saved
from memtui.api.names import check_name
from memtui.engine import export
from memtui.engine.agents import Agents
from memtui.engine.hub import Hub
from memtui.engine.models import Models
from memtui.library.indexing import Indexer
from memtui.record import Record

FIRST = 10
"""Texts of an agent's own archive that a look at its memory shows."""

LONGEST_PROMPT = 100_000
"""Characters of a system prompt; no context window has room for more of it."""

P = ParamSpec("P")
T = TypeVar("T")


class History:
    def __init__(
        self, record: Record, agents: Agents, models: Models, indexer: Indexer, hub: Hub
    ) -> None:
        self._record = record
        self._agents = agents
        self._models = models
        self._indexer = indexer
        self._hub = hub

    # the conversation

    async def pop(self, agent_id: str, count: int) -> Change:
        """Take the last messages out. Raises UsageError when there are none."""
        return await self._change(agent_id, self._record.history.pop, agent_id, count)

    async def retry(self, agent_id: str) -> TurnReply:
        """Take the last thing the user said out with all that followed, and say it again.

        Raises UsageError when the user has said nothing yet. One undo brings back what there was.
        """

        async def take_back(turn_id: str) -> TurnRequest:
            last = await _in_thread(self._record.messages.last, agent_id, "user")
            if last is None:
                raise UsageError("There is nothing to send again: nothing was said yet.")
            await self._cut(agent_id, last.id, "The last message was sent again.", turn_id)
            return TurnRequest(text=last.text)

        return await self._agents.turn_alone(agent_id, take_back)

    async def edit(self, agent_id: str, turn_id: str, text: str) -> TurnReply:
        """Take what the user said in a turn out with all that followed, and say `text` instead.

        Raises NotFoundError when nothing was said in that turn, ConflictError when it is part of a
        summary by now. One undo brings back what there was.
        """
        text = mend(text).strip()
        if not text:
            raise UsageError("The message is empty. Write what is to be sent instead.")

        async def take_back(new_turn_id: str) -> TurnRequest:
            turn = await _in_thread(self._record.messages.turn, agent_id, turn_id)
            said = next((message for message in turn if message.kind == "user"), None)
            if said is None:
                raise NotFoundError(
                    "The message to edit is not in the conversation any more. Send the text as a "
                    "new message."
                )
            seen = await _in_thread(self._record.messages.in_context, agent_id)
            if all(message.id != said.id for message in seen):
                raise ConflictError(
                    "The message was folded into a summary and cannot be edited: the agent would "
                    "still know what followed. Send the text as a new message."
                )
            sentence = "A message was edited and sent again."
            await self._cut(agent_id, said.id, sentence, new_turn_id)
            return TurnRequest(text=text)

        return await self._agents.turn_alone(agent_id, take_back)

    async def _cut(self, agent_id: str, message_id: int, sentence: str, turn_id: str) -> None:
        """A message and all that followed goes; the turn `turn_id` comes in its place."""
        await _in_thread(self._record.history.cut, agent_id, message_id, sentence, turn_id)
        self._indexer.wake_later()
        self._hub.emit(HistoryChanged(agent_id=agent_id, turn_id=turn_id))

    async def rethink(self, agent_id: str, thought: str) -> Change:
        """Replace the last thought of the agent. Raises UsageError when it has said nothing."""

        async def revised() -> Message:
            last = await _in_thread(self._record.messages.last, agent_id, "assistant")
            if last is None:
                raise UsageError("The agent has not thought anything yet.")
            return last.model_copy(update={"thought": _text(thought, "thought")})

        return await self._revise(agent_id, revised, "The last thought was replaced.")

    async def rewrite(self, agent_id: str, text: str) -> Change:
        """Replace the last thing the agent said. Raises UsageError when it has said nothing."""

        async def revised() -> Message:
            last = await _in_thread(self._record.messages.last, agent_id, "assistant", said=True)
            if last is None:
                raise UsageError("The agent has not said anything yet.")
            said = _text(text, "reply")
            tool = last.tool
            if tool is not None:
                arguments = {**tool.arguments, "message": said}
                tool = tool.model_copy(update={"arguments": arguments, "raw": ""})
            cited = await self._cite(agent_id, said)
            return last.model_copy(update={"text": said, "tool": tool, "citations": cited})

        return await self._revise(agent_id, revised, "The last reply was rewritten.")

    async def _revise(
        self, agent_id: str, revised: Callable[[], Awaitable[Message]], sentence: str
    ) -> Change:
        async with self._agents.alone(agent_id):
            message = await revised()
            await _in_thread(self._record.history.revise, agent_id, message, sentence)
            return await self._changed(agent_id)

    async def _cite(self, agent_id: str, text: str) -> list[Citation]:
        """The references in `text`, as if the agent had made them."""
        memory = self._agents.memory(agent_id)
        hits = [hit for message in reversed(await memory.in_context()) for hit in message.hits]
        return await _in_thread(citations.find, text, [*hits, *await memory.shown()])

    async def _change(
        self, agent_id: str, change: Callable[P, object], *args: P.args, **kwargs: P.kwargs
    ) -> Change:
        """Do it while no turn runs, tell everybody, and return what was noted about it."""
        async with self._agents.alone(agent_id):
            await _in_thread(change, *args, **kwargs)
            return await self._changed(agent_id)

    async def _changed(self, agent_id: str) -> Change:
        (change,) = await _in_thread(self._record.changes.list, agent_id, 1)
        self._tell(agent_id, [change])
        return change

    def _tell(self, agent_id: str, changes: Sequence[Change]) -> None:
        """What was said has changed in the archive, too, and every open app reads it anew."""
        self._indexer.wake_later()
        if any(change.kind in ("history", "summary") for change in changes):
            self._hub.emit(HistoryChanged(agent_id=agent_id))
        self._hub.emit(AgentChanged(agent_id=agent_id))

    # changes

    async def changes(self, agent_id: str, limit: int) -> list[Change]:
        return await _in_thread(self._record.changes.list, agent_id, limit)

    async def folded(self, agent_id: str, summary_id: int | None) -> list[Message]:
        """See `record.history.History.folded`."""
        return await _in_thread(self._record.history.folded, agent_id, summary_id)

    async def undo(
        self, agent_id: str, change_id: int | None, version_id: int | None = None
    ) -> list[Change]:
        """See `record.changes.Changes.undo`."""
        async with self._agents.alone(agent_id):
            if version_id is not None:
                change_id = await _in_thread(self._record.changes.of_version, agent_id, version_id)
            undone = await _in_thread(self._record.changes.undo, agent_id, change_id)
            edits = sum(change.kind == "memory" for change in undone)
            if edits:
                versions = await _in_thread(self._record.blocks.versions, agent_id)
                for edit in reversed(versions[:edits]):  # the undoing made them
                    self._hub.emit(
                        MemoryEdited(
                            agent_id=agent_id,
                            label=edit.label,
                            before=edit.before,
                            after=edit.after,
                            author=edit.author,
                            version=edit.id,
                        )
                    )
            self._tell(agent_id, undone)
        return undone

    async def fork(self, agent_id: str, name: str | None) -> AgentDetail:
        """Raises ConflictError when the name is taken, UsageError when it cannot be one."""
        async with self._agents.alone(agent_id):
            if name is None:
                taken = {agent.name for agent in await _in_thread(self._record.agents.list)}
                name = names.made_up(taken)
            check_name(name, "name of the copy")
            copy = await _in_thread(self._record.history.fork, agent_id, name)
        self._indexer.wake_later()
        self._hub.emit(AgentChanged(agent_id=copy.id))
        return await self._agents.detail(copy.id)

    # the system prompt and the model

    async def system(self, agent_id: str) -> str:
        return await _in_thread(self._record.agents.system, agent_id)

    async def set_system(self, agent_id: str, text: str) -> Change:
        """Core memory stays. Raises UsageError for an empty or an endless text."""
        text = _text(text, "system prompt")
        if len(text) > LONGEST_PROMPT:
            raise UsageError(
                f"The system prompt has {len(text):,} characters. Shorten it to "
                f"{LONGEST_PROMPT:,}: it is part of every request to the model."
            )
        return await self._change(agent_id, self._record.history.set_system, agent_id, text)

    async def set_model(self, agent_id: str, model: str | None) -> AgentDetail:
        """None: the configured one. Raises what is wrong with the model, which is asked first."""
        if model is not None:
            model = model.strip()
            async with self._agents.alone(agent_id):
                pass  # nobody is asked for an agent that is busy, or not there
            await self._models.check(model)
            await self._models.try_out(model)
        async with self._agents.alone(agent_id):
            await _in_thread(self._record.agents.set_model, agent_id, model)
        self._hub.emit(AgentChanged(agent_id=agent_id))
        return await self._agents.detail(agent_id)

    # looking

    async def remembered(self, agent_id: str) -> Remembered:
        agent = await self._agents.detail(agent_id)
        kinds = await _in_thread(self._record.messages.kinds, agent_id)
        first = await _in_thread(self._record.passages.first, f"agent_{agent_id}", FIRST)
        return Remembered(
            blocks=agent.blocks,
            archival=agent.archival,
            first=first,
            sources=len(agent.sources),
            attached=sum(source.passages for source in agent.sources),
            messages={kind: count for kind, (count, _) in kinds.items()},
            context=sum(inside for _, inside in kinds.values()),
            recall=agent.recall,
        )

    async def find(self, agent_id: str, text: str, before: int | None) -> Occurrences:
        """Raises UsageError when there is nothing to look for."""
        await _in_thread(self._record.agents.get, agent_id)
        try:
            found = await _in_thread(self._record.messages.find, agent_id, text, before)
        except ValueError:
            raise UsageError("There is nothing to look for. Type a word.") from None
        return Occurrences(messages=[one for one, _ in found], counts=[n for _, n in found])

    async def saved(self, agent_id: str) -> Saved:
        at = await _in_thread(self._record.changes.saved, agent_id)
        return Saved(at=at, messages=await _in_thread(self._record.messages.count, agent_id))

    async def export(self, agent_id: str, format: ExportFormat) -> AsyncIterator[str]:
        """The pieces of the export. Steps that are committed meanwhile may still be in it."""
        agent = await self._agents.detail(agent_id)
        system = await self.system(agent_id)
        return export.WRITERS[format](agent, system, self._messages(agent_id))

    async def _messages(self, agent_id: str) -> AsyncIterator[list[Message]]:
        last = 0
        while page := await _in_thread(self._record.messages.after, agent_id, last):
            last = page[-1].id
            yield page


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.to_thread(function, *args, **kwargs)


def _text(text: str, what: str) -> str:
    """Without spaces around. Raises UsageError when there is none."""
    text = mend(text).strip()
    if not text:
        raise UsageError(f"The new {what} is empty. Write it after the command.")
    return text
