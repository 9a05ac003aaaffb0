"""What the app knows, as plain data. A function of the engine's replies and events.

No Textual, no I/O. The widgets draw from it; `Store.apply` says which of them have to.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from memtui.tui import order
from memtui.tui.conversation import PRESSURE, STOPPED, Block, Item
from memtui.tui.format import activity_of, count
from memtui.tui.shelf import Shelf

if TYPE_CHECKING:
    from memtui.api.agents import AgentDetail
    from memtui.api.history import ModelName
    from memtui.api.library import Job, Source
    from memtui.api.search import Hit
    from memtui.api.tools import PermissionRequest
    from memtui.tui.conversation import BlockKind
    from memtui.tui.inspector.board import Board

RUNNING = ("waiting", "running")
OF_ALL = ("agent.changed", "problem", "permission.asked", "permission.settled")
"""Events that are heard whichever agent is open."""


def _heard(text: str) -> str:
    """What of a message the engine certainly keeps: it mends what UTF-8 has no form for."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "").replace("\ufffd", "")


@dataclass
class Turn:
    """The turn that is going on. `doing` says what the agent does just now."""

    id: str
    doing: str = "thinking"
    started: float = field(default_factory=time.monotonic)


@dataclass
class Changes:
    """What `apply` touched: parts to draw again, parts to ask the engine for, sentences to show."""

    draw: set[str] = field(default_factory=set)
    ask: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # of turns, which the conversation shows
    ended_jobs: list["Job"] = field(default_factory=list)
    deleted: bool = False  # the agent, from elsewhere
    ended: str | None = None  # the turn that ended
    took: float = 0.0  # seconds that it took


class Store:
    def __init__(self) -> None:
        self.agent: AgentDetail | None = None
        self.model = ""
        self.models: list[ModelName] | None = None  # to choose from; None: not asked for yet
        self.sources: list[Source] = []
        self.shelf = Shelf()  # what was read of the sources, and what of it is unfolded
        self._documents_asked = 0.0  # when, while a job was running
        self.jobs: dict[str, Job] = {}
        self.permissions: list[PermissionRequest] = []  # calls of any agent that wait for an answer
        self.connected = False
        self.trouble = ""
        self.last_ended = ""  # id of the turn that ended last
        self.reset()

    @cached_property
    def board(self) -> "Board":
        """What was pinned in searches."""
        from memtui.tui.inspector.board import Board

        return Board()

    def reset(self) -> None:
        """Forget the conversation: another agent is opened."""
        self.items: list[Item] = []
        self.blocks: list[Block] = []
        self.queue: list[str] = []
        self.turn: Turn | None = None
        self.oldest: int | None = None  # message id to ask for older ones before
        self.parts: dict[str, int] = {}
        self.parts_before: dict[str, int] = {}  # those before the last summary
        self.window = 0
        self.following = ""  # id of the turn that follows what was taken out of the history
        self._index: dict[str, Item | Block] = {}
        self._serial = 0

    # small things

    def renew(self, agent: "AgentDetail") -> bool:
        """Newer data of the open agent; False for another one, which was open before."""
        if self.agent is None or self.agent.id != agent.id:
            return False
        self.agent = agent
        return True

    def fill_window(self, parts: dict[str, int], window: int) -> None:
        """What is in the context window between two turns."""
        if self.turn is None:
            self.parts, self.window = parts, window

    def new_key(self, prefix: str) -> str:
        self._serial += 1
        return f"{prefix}{self._serial}"

    def add_item(self, item: Item) -> Item:
        """Where it belongs; see `order`."""
        order.put(self.items, item)
        self._index[item.key] = item
        return item

    def add_block(self, block: Block) -> Block:
        self.blocks.append(block)
        self._index[block.key] = block
        return block

    def item(self, key: str) -> Item | None:
        found = self._index.get(key)
        return found if isinstance(found, Item) else None

    def block(self, key: str) -> Block | None:
        found = self._index.get(key)
        return found if isinstance(found, Block) else None

    def replace(
        self, items: list[Item], blocks: list[Block], live: frozenset[str] = frozenset()
    ) -> None:
        """A conversation read anew; what waits and what was noted here stays at its end.

        So does what the events told of the turns `live`, in place of what was read of them.
        """
        stays = [i for i in self.items if i.state or i.turn == "mine" or i.turn in live]
        self.items = [*(item for item in items if item.turn not in live), *stays]
        told = [block for block in self.blocks if block.turn in live]
        self.blocks = [*(block for block in blocks if block.turn not in live), *told]
        self._index = {item.key: item for item in self.items}
        self._index.update({block.key: block for block in self.blocks})

    def live(self) -> frozenset[str]:
        """The turns that the events tell of: what is read of them may be less."""
        return frozenset({self.following, self.turn.id if self.turn else ""} - {""})

    def prepend(self, items: list[Item], blocks: list[Block]) -> None:
        self.items, self.blocks[:0] = order.join(items, self.items), blocks
        self._index.update({item.key: item for item in items})
        self._index.update({block.key: block for block in blocks})

    def remove_item(self, item: Item) -> None:
        order.take(self.items, item)
        self._index.pop(item.key, None)

    def waiting_here(self) -> list[Item]:
        """Messages that wait in this terminal; those that wait in the engine have a turn."""
        return [item for item in self.items if item.state == "queued" and not item.turn]

    def match_queue(self) -> None:
        """What waits in the engine, whoever sent it, waits here, too; and nothing else does."""
        queued = self.agent.queued if self.agent is not None else []
        for item in [item for item in self.items[-200:] if item.state == "queued" and item.turn]:
            if all(item.turn != one.turn_id for one in queued):
                self.remove_item(item)
        for one in queued:
            self._queue(one.turn_id, one.kind, one.text)

    def _queue(self, turn_id: str, kind: str, text: str) -> None:
        """A message waits in the engine for its turn, which may have begun meanwhile."""
        begun = turn_id == self.last_ended or (self.turn is not None and self.turn.id == turn_id)
        known = any(item.turn == turn_id for item in self.items[-200:])
        if kind != "message" or begun or known:
            return
        item = self._mine(text)
        if item is None:
            item = Item(f"{turn_id}:you", "you", text)
        else:
            self.remove_item(item)
        item.turn, item.state, item.version = turn_id, "queued", item.version + 1
        self.add_item(item)

    def _mine(self, text: str) -> Item | None:
        """The message that was sent from here and whose turn is not known yet."""
        mine = [item for item in self.items if item.kind == "you" and item.turn == "mine"]
        return next((item for item in mine if _heard(item.text) == _heard(text)), None)

    def note(self, text: str, turn: str = "") -> None:
        self.add_item(Item(self.new_key("note"), "note", text, turn=turn))

    def attached(self, source_id: str) -> bool:
        return self.agent is not None and any(s.id == source_id for s in self.agent.sources)

    def job_of(self, source: "Source") -> "Job | None":
        """The load that is going on for `source`."""
        return next((job for job in self.loading() if job.source_id == source.id), None)

    def loading(self) -> list["Job"]:
        return [job for job in self.jobs.values() if job.state in RUNNING]

    def homeless_jobs(self) -> list["Job"]:
        """Loads whose source is not in the list yet."""
        known = {source.id for source in self.sources}
        return [job for job in self.loading() if job.source_id not in known]

    def indexing(self) -> bool:
        """Whether a source gets its vectors without a job of its own, as after a crash."""
        return any(source.state in ("loading", "embedding") for source in self.sources)

    def hit(self, passage_id: str) -> "Hit | None":
        """The last hit on a passage: it has the scores and the matched terms."""
        for block in reversed(self.blocks):
            for hit in block.hits:
                if hit.passage_id == passage_id:
                    return hit
        return None

    # events

    def apply(self, events: Iterable[Any]) -> Changes:
        changes = Changes()
        for event in events:
            handler = getattr(self, "_on_" + event.type.replace(".", "_"), None)
            if handler is None:
                continue
            agent_id = getattr(event, "agent_id", "")
            mine = self.agent is not None and agent_id == self.agent.id
            if agent_id and not mine and event.type not in OF_ALL:
                continue
            handler(event, changes)
        return changes

    def _on_turn_started(self, event: Any, changes: Changes) -> None:
        self.turn = Turn(event.turn_id)
        if event.model:
            self.model = event.model
        # What was read of it before this event came is told again by those that follow.
        for item in [item for item in self.items[-40:] if item.turn == event.turn_id]:
            self.remove_item(item)
        for block in [block for block in self.blocks[-40:] if block.turn == event.turn_id]:
            self.blocks.remove(block)
            self._index.pop(block.key, None)
        for block in self.blocks:  # the turns before fold themselves away
            if not block.folded:
                block.folded, block.version = True, block.version + 1
        if event.kind == "message" and event.text:
            mine = self._mine(event.text)
            if mine is None:
                mine = self.add_item(Item(f"{event.turn_id}:you", "you", event.text))
            mine.turn = event.turn_id
        changes.draw |= {"chat", "mind", "state"}

    def _on_turn_queued(self, event: Any, changes: Changes) -> None:
        self._queue(event.turn_id, event.kind, event.text)
        changes.draw |= {"chat"}
        changes.ask |= {"agent"}

    def _live_block(self, event: Any, kind: "BlockKind", part: str) -> Block:
        key = f"{event.turn_id}:{event.step}:{part}"
        found = self.block(key)
        if found is None:
            found = self.add_block(Block(key, kind, turn=event.turn_id, folded=False, done=False))
        found.version += 1
        return found

    def _on_thought_delta(self, event: Any, changes: Changes) -> None:
        self._live_block(event, "thought", "thought").text += event.text
        self._doing("thinking")
        changes.draw |= {"mind"}

    def _on_message_delta(self, event: Any, changes: Changes) -> None:
        key = f"{event.turn_id}:{event.step}:said"
        item = self.item(key)
        if item is None:
            item = self.add_item(Item(key, "agent", live=True, turn=event.turn_id))
        item.text += event.text
        item.version += 1
        self._doing("writing")
        changes.draw |= {"chat"}

    def _on_answer_restarted(self, event: Any, changes: Changes) -> None:
        """The connection broke: what the step has shown so far comes once more, or otherwise."""
        thought = self.block(f"{event.turn_id}:{event.step}:thought")
        if thought is not None:
            thought.text, thought.version = "", thought.version + 1
        item = self.item(f"{event.turn_id}:{event.step}:said")
        if item is not None:
            self.remove_item(item)
        self._doing("asking again, the connection broke")
        changes.draw |= {"chat", "mind", "state"}

    def _on_turn_waiting(self, event: Any, changes: Changes) -> None:
        self._doing(event.text)
        changes.draw |= {"state"}

    def _on_message_said(self, event: Any, changes: Changes) -> None:
        self._finish_thought(event)
        key = f"{event.turn_id}:{event.step}:said"
        item = self.item(key)
        if item is None:
            if any(i.turn == event.turn_id and i.text == event.text for i in self.items[-20:]):
                return  # read from the record already
            item = self.add_item(Item(key, "agent", turn=event.turn_id))
        item.text, item.citations, item.live = event.text, list(event.citations), False
        item.version += 1
        changes.draw |= {"chat"}

    def _finish_thought(self, event: Any) -> None:
        thought = self.block(f"{event.turn_id}:{event.step}:thought")
        if thought and not thought.done:
            thought.done, thought.version = True, thought.version + 1

    def _on_tool_called(self, event: Any, changes: Changes) -> None:
        self._finish_thought(event)
        if event.tool == "send_message":
            return
        block = self._live_block(event, "tool", "tool")
        block.title, block.arguments = event.tool, dict(event.arguments)
        self._doing(activity_of(event.tool))
        changes.draw |= {"mind"}

    def _on_tool_returned(self, event: Any, changes: Changes) -> None:
        if event.tool == "send_message" and event.ok:
            return
        block = self._live_block(event, "tool", "tool")
        block.title, block.result, block.ok = event.tool, event.result, event.ok
        block.hits, block.total, block.ms = list(event.hits), event.total, event.ms
        block.done = True
        self._doing("thinking")
        key = f"{block.key}:activity"
        if self.item(key) is None:
            self.add_item(Item(key, "activity", block=block.key, turn=event.turn_id))
        changes.draw |= {"chat", "mind"}

    def _on_memory_edited(self, event: Any, changes: Changes) -> None:
        self.add_block(
            Block(
                f"memory:{event.version}:{event.label}:{self.new_key('')}", "memory", event.label,
                event.after, before=event.before, turn=event.turn_id, folded=False,
                flagged=event.after_reading, edit=event.version,
            )
        )  # fmt: skip
        changes.draw |= {"mind", "memory"}
        changes.ask |= {"agent"}

    def _on_memory_stored(self, event: Any, changes: Changes) -> None:
        for block in reversed(self.blocks[-10:]):
            if event.after_reading and block.kind == "tool" and not block.done:
                block.flagged, block.version = True, block.version + 1
                changes.draw |= {"mind"}
                return

    def _on_permission_asked(self, event: Any, changes: Changes) -> None:
        if all(one.id != event.id for one in self.permissions):
            self.permissions.append(event)
        if self.agent is not None and event.agent_id == self.agent.id:
            self._doing(f"waiting for your permission to run {event.tool}")
            changes.draw |= {"state"}

    def _on_permission_settled(self, event: Any, changes: Changes) -> None:
        asked = next((one for one in self.permissions if one.id == event.id), None)
        self.permissions = [one for one in self.permissions if one is not asked]
        if asked and self.agent is not None and event.agent_id == self.agent.id:
            self._doing(activity_of(asked.tool))
            changes.draw |= {"state"}

    def _on_context_changed(self, event: Any, changes: Changes) -> None:
        self.parts, self.window = dict(event.parts), event.window
        changes.draw |= {"context", "window"}
        if event.warned:
            from memtui.api.agents import MEMORY_WARNING

            self.add_block(Block(self.new_key("pressure"), "event", PRESSURE, MEMORY_WARNING))
            changes.draw |= {"mind"}

    def _on_context_compacted(self, event: Any, changes: Changes) -> None:
        folded = count(event.messages, "older message") + (
            " was" if event.messages == 1 else " were"
        )
        self.note(event.problem or f"{folded} folded into a summary. /undo brings them back.")
        # what was sent last may be longer: this one leaves out what did not fit
        self.parts_before = max(self.parts, event.parts, key=lambda parts: sum(parts.values()))
        self.add_block(Block(self.new_key("summary"), "event", "summary", event.summary))
        changes.draw |= {"chat", "mind", "window"}

    def _on_turn_ended(self, event: Any, changes: Changes) -> None:
        self._finish(event.turn_id)
        if event.status == "cancelled":
            self.note(STOPPED, event.turn_id)
        elif event.problem or event.status in ("failed", "capped"):
            problem = event.problem or "The agent could not finish. Send the message again."
            self.fail(problem, event.turn_id)
            changes.failures.append(problem)
        changes.took = time.monotonic() - self.turn.started if self.turn else 0.0
        self.turn = None
        self.last_ended = changes.ended = event.turn_id
        changes.ask |= {"window"}
        changes.draw |= {"chat", "mind", "state", "memory", "window"}

    def _finish(self, turn_id: str) -> None:
        """Nothing more comes of what was being written."""
        for item in self.items[-20:]:
            if item.live and item.turn == turn_id:
                item.live, item.version = False, item.version + 1
        for block in self.blocks[-40:]:
            if not block.done and block.turn == turn_id:
                block.done, block.version = True, block.version + 1

    def _on_lost(self, _event: Any, changes: Changes) -> None:
        """The engine has gone. A turn without an id is a request, which fails by itself."""
        if self.turn is not None and self.turn.id:
            self._finish(self.turn.id)
            self.turn = None
        changes.draw |= {"chat", "mind", "state"}

    def fail(self, sentence: str, turn: str = "") -> None:
        """A sentence about the turn, in the conversation, where the answer would have been."""
        last = self.items[-1] if self.items else None
        if not (last and last.kind == "problem" and last.text == sentence):
            self.add_item(Item(self.new_key("problem"), "problem", sentence, turn=turn))
            self.add_block(Block(self.new_key("failed"), "problem", text=sentence, turn=turn))

    def _on_job_progress(self, event: Any, changes: Changes) -> None:
        job, before = event.job, self.jobs.get(event.job.id)
        self.jobs[job.id] = job
        changes.draw |= {"sources"}
        if job.source_id in self.shelf.open and time.monotonic() - self._documents_asked > 1.0:
            self._documents_asked = time.monotonic()
            changes.ask |= {"documents"}
        if job.state not in RUNNING:
            changes.ask |= {"sources"}
            if before is None or before.state in RUNNING:
                changes.ended_jobs.append(job)

    def _on_source_changed(self, event: Any, changes: Changes) -> None:
        if event.deleted:
            self.sources = [s for s in self.sources if s.id != event.source_id]
            self.shelf.drop(event.source_id)
            changes.draw |= {"sources"}
        self.shelf.grown_old(event.source_id)
        changes.ask |= {"sources"}

    def _on_agent_changed(self, event: Any, changes: Changes) -> None:
        changes.draw |= {"agents"}
        if self.agent and event.agent_id == self.agent.id:
            if event.deleted:
                changes.deleted = True
            else:
                changes.ask |= {"agent"}
                changes.draw |= {"memory", "window"}

    def _on_history_changed(self, event: Any, changes: Changes) -> None:
        self.following = event.turn_id
        changes.draw |= {"memory", "window"}
        changes.ask |= {"history"}

    def _on_problem(self, event: Any, changes: Changes) -> None:
        if not event.agent_id or (self.agent and event.agent_id == self.agent.id):
            changes.problems.append(event.text)

    def _on_resync(self, _event: Any, changes: Changes) -> None:
        changes.ask |= {"all"}

    def _doing(self, what: str) -> None:
        if self.turn:
            self.turn.doing = what
