"""The history as the user may change it: messages taken out, rewritten, summarised, copied.

Rows are never erased. A row that a change removed is out of sight, out of the context window and
out of conversation search; undoing the change brings it back.
"""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memtui.api.agents import Agent, Message
from memtui.api.errors import NotFoundError, UsageError
from memtui.record import messages, sight
from memtui.record.agents import require
from memtui.record.forking import fork
from memtui.record.noting import note
from memtui.record.rows import NewMessage, to_json

if TYPE_CHECKING:
    from memtui.record.store import Record


SUMMARIES = 16
"""More than there are among the last messages; these are no part of the conversation."""


class History:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def pop(self, agent_id: str, count: int) -> int:
        """Take the last `count` messages out, a call never without its result; how many that were.

        Raises NotFoundError, UsageError when there is nothing to take out.
        """
        with self._record.write() as connection:
            page = self._record.messages.page(agent_id, limit=max(0, count) + SUMMARIES)
            found = [one for one in page if one.kind != "summary"][-max(0, count) - 1 :]
            require(connection, agent_id)
            taken = found[-count:] if count > 0 else []
            if taken and taken[0].kind == "tool" and len(found) > len(taken):
                taken = found  # its call goes along
            if not taken:
                raise UsageError("There are no messages to take out.")
            self._cut(connection, agent_id, taken, f"{len(taken)} messages were taken out.")
        return len(taken)

    def cut(self, agent_id: str, message_id: int, text: str, turn_id: str = "") -> None:
        """Take a message and all after it out. Undone, the turn `turn_id`, if it has come, goes.

        `text` is the sentence about the change. Raises NotFoundError.
        """
        with self._record.write() as connection:
            taken = _from(connection, agent_id, message_id)
            self._cut(connection, agent_id, taken, text, turn_id)

    def roll_back(self, agent_id: str, turn_id: str, last: Sequence[NewMessage]) -> bool:
        """Append `last`, take out what the turn said and did, and undo its edits of the memory.

        What began the turn stays, and notes. Whether there was anything to take back.
        """
        with self._record.write() as connection:
            self._record.messages.append(agent_id, turn_id, last)
            done = messages.select(
                connection,
                """agent_id = ? AND turn_id = ? AND removed_by IS NULL
                   AND kind IN ('assistant', 'tool', 'alert')""",
                agent_id,
                turn_id,
            )
            undone = self._record.changes.undo_turn(connection, agent_id, turn_id)
            if done:
                self._cut(connection, agent_id, done, "What a failed turn had done was taken back.")
        return bool(done or undone)

    def revise(self, agent_id: str, revised: Message, text: str) -> None:
        """Put `revised` (text, thought or call changed) in its place: it and what follows it are
        taken out, and come again as new rows, so that the old ones are kept as they were.

        Raises NotFoundError.
        """
        with self._record.write() as connection:
            taken = _from(connection, agent_id, revised.id)
            detail = {"text": text, "removed": [one.id for one in taken], "added": []}
            change_id = note(connection, agent_id, "history", detail)
            added = [
                _copy(self._record, connection, one.id, revised if one.id == revised.id else None)
                for one in taken
            ]
            sight.remove(connection, change_id, [one.id for one in taken])
            connection.execute(
                "UPDATE changes SET detail = ? WHERE id = ?",
                (json.dumps({**detail, "added": added}), change_id),
            )

    def fold(
        self,
        agent_id: str,
        turn_id: str,
        new: Sequence[NewMessage],
        evicted: Sequence[int],
    ) -> None:
        """Append `new`, the first of which is the summary of `evicted`. Raises NotFoundError."""
        with self._record.write():
            summary, *_ = self._record.messages.append(agent_id, turn_id, new)
            self.summarised(agent_id, summary.id, evicted)

    def summarised(self, agent_id: str, summary_id: int, evicted: Sequence[int]) -> None:
        """Note that the message `summary_id` stands for `evicted` in the context window now."""
        with self._record.write() as connection:
            self._record.messages.evict(evicted)
            # an earlier summary goes into the new one, and is no message of the conversation
            (count,) = connection.execute(
                """SELECT count(*) FROM messages
                   WHERE kind <> 'summary' AND id IN (SELECT value FROM json_each(?))""",
                (json.dumps(list(evicted)),),
            ).fetchone()
            detail = {"summary": summary_id, "evicted": list(evicted), "count": count}
            note(connection, agent_id, "summary", detail)

    def folded(self, agent_id: str, summary_id: int | None = None) -> list[Message]:
        """The messages that a summary stands for: that one, or else the latest; oldest first.

        Raises NotFoundError when there is no such summary.
        """
        with self._record.read() as connection:
            row = connection.execute(
                """SELECT json_extract(detail, '$.evicted') AS evicted FROM changes
                   WHERE agent_id = :agent AND kind = 'summary' AND undone_at IS NULL
                   AND (:summary IS NULL OR json_extract(detail, '$.summary') = :summary)
                   ORDER BY id DESC LIMIT 1""",
                {"agent": agent_id, "summary": summary_id},
            ).fetchone()
            if row is None:
                raise NotFoundError(
                    "It is not known what went into this summary. /dump shows the conversation."
                )
            return messages.select(
                connection, "id IN (SELECT value FROM json_each(?))", row["evicted"]
            )

    def set_system(self, agent_id: str, system: str) -> None:
        """Exchange the system prompt. Raises NotFoundError."""
        with self._record.write() as connection:
            detail = {"before": self._record.agents.system(agent_id), "after": system}
            self._record.agents.set_system(agent_id, system)
            note(connection, agent_id, "system", detail)

    def fork(self, agent_id: str, name: str) -> Agent:
        """See `forking.fork`."""
        return fork(self._record, agent_id, name)

    def _cut(
        self,
        connection: sqlite3.Connection,
        agent_id: str,
        taken: Sequence[Message],
        text: str,
        turn_id: str = "",
    ) -> None:
        ids = [one.id for one in taken]
        detail = {"text": text, "removed": ids, "turn_id": turn_id}
        sight.remove(connection, note(connection, agent_id, "history", detail), ids)


def _from(connection: sqlite3.Connection, agent_id: str, message_id: int) -> list[Message]:
    found = messages.select(
        connection, "agent_id = ? AND id >= ? AND removed_by IS NULL", agent_id, message_id
    )
    if not found or found[0].id != message_id:
        raise NotFoundError(f"There is no message {message_id} in this agent's history.")
    # a summary stands for what came long before it: it stays
    return [one for one in found if one.kind != "summary"]


def _copy(
    record: "Record", connection: sqlite3.Connection, message_id: int, revised: Message | None
) -> int:
    """A new row like that one, with what of `revised` may differ; its id."""
    row = dict(connection.execute("SELECT * FROM messages WHERE id = ?", (message_id,)).fetchone())
    row.update(id=None, recall_id=None, removed_by=None)
    if revised is not None:
        row.update(text=revised.text, thought=revised.thought, tool=to_json(revised.tool))
        row.update(citations=to_json(revised.citations))
    columns = ", ".join(row)
    marks = ", ".join("?" * len(row))
    new = connection.execute(
        f"INSERT INTO messages ({columns}) VALUES ({marks})",  # noqa: S608
        tuple(row.values()),
    ).lastrowid
    assert new is not None
    connection.execute(
        """INSERT INTO message_sources (message_id, source_id)
           SELECT ?, source_id FROM message_sources WHERE message_id = ?""",
        (new, message_id),
    )
    sight.recall(record, connection, new)
    return new
