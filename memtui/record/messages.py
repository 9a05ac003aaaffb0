"""The history: every message, kept for good. Leaving the context window only marks a row."""

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from memtui.api import finding
from memtui.api.agents import Message, MessageKind
from memtui.api.errors import NotFoundError
from memtui.record import passages, redact
from memtui.record.agents import require, spend
from memtui.record.rows import NewMessage, Shown, new_id, stamp, to_json

if TYPE_CHECKING:
    from memtui.record.store import Record

_SHOWN = ", ".join(Shown.__dataclass_fields__)


class Messages:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def append(self, agent_id: str, turn_id: str, messages: Sequence[NewMessage]) -> list[Message]:
        """Add messages to the history in one transaction.

        What has a `recall` text becomes a passage of `recall_<agent>`, its `section` the message's
        kind. Hits of a source that was deleted meanwhile are blanked, and what drew on one gets no
        such passage. The agent counts as used when the user has spoken or come. Raises
        NotFoundError when the agent is gone.
        """
        terms = [self._record.terms(one.recall) if one.recall else "" for one in messages]
        with self._record.write() as connection:
            require(connection, agent_id)
            if any(one.kind in ("user", "login") for one in messages):
                connection.execute(
                    "UPDATE agents SET used_at = ? WHERE id = ?", (stamp(), agent_id)
                )
            ids = [
                _insert(connection, agent_id, turn_id, one, own)
                for one, own in zip(messages, terms, strict=True)
            ]
            return select(connection, "id IN (SELECT value FROM json_each(?))", json.dumps(ids))

    def get(self, message_id: int) -> Message:
        """Raises NotFoundError."""
        with self._record.read() as connection:
            found = select(connection, "id = ?", message_id)
        if not found:
            raise NotFoundError(f"There is no message {message_id}.")
        return found[0]

    def seen(self, agent_id: str, message_id: int) -> Message:
        """A message of this agent's history as it is now. Raises NotFoundError."""
        with self._record.read() as connection:
            condition = "agent_id = ? AND id = ? AND removed_by IS NULL"
            found = select(connection, condition, agent_id, message_id)
        if not found:
            raise NotFoundError(f"There is no message {message_id}.")
        return found[0]

    def in_context(self, agent_id: str) -> list[Message]:
        """What the context window holds: summaries, which stand for what came before, then the
        rest, oldest first."""
        with self._record.read() as connection:
            return select(
                connection,
                "agent_id = ? AND in_context AND removed_by IS NULL",
                agent_id,
                order="kind = 'summary' DESC, id",
            )

    def evict(self, ids: Sequence[int]) -> None:
        """Take messages out of the context window. The history keeps them."""
        with self._record.write() as connection:
            connection.execute(
                "UPDATE messages SET in_context = 0 WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            )

    def page(
        self,
        agent_id: str,
        before: int | None = None,
        limit: int = 100,
        kind: MessageKind | None = None,
    ) -> list[Message]:
        """The last `limit` messages (with an id below `before`, of that kind), oldest first."""
        with self._record.read() as connection:
            found = select(
                connection,
                "agent_id = ? AND id < ? AND removed_by IS NULL AND kind = ifnull(?, kind)",
                agent_id,
                (1 << 62) if before is None else before,
                kind,
                order="id DESC LIMIT ?",
                tail=max(0, limit),
            )
        return found[::-1]

    def after(self, agent_id: str, last: int = 0, limit: int = 200) -> list[Message]:
        """The next `limit` messages after message id `last`, oldest first."""
        with self._record.read() as connection:
            return select(
                connection,
                "agent_id = ? AND id > ? AND removed_by IS NULL",
                agent_id,
                last,
                order="id LIMIT ?",
                tail=max(0, limit),
            )

    def last(self, agent_id: str, kind: MessageKind, *, said: bool = False) -> Message | None:
        """The last message of that kind; with `said`, the last that has a text."""
        with self._record.read() as connection:
            found = select(
                connection,
                "agent_id = ? AND kind = ? AND removed_by IS NULL AND (text <> '' OR NOT ?)",
                agent_id,
                kind,
                said,
                order="id DESC LIMIT 1",
            )
        return found[0] if found else None

    def find(self, agent_id: str, text: str, before: int | None = None) -> list[tuple[int, int]]:
        """Ids of the messages that were said and have `text` in them, and how often; oldest first.

        Only those before message id `before`. Raises ValueError when there is nothing to look for.
        """
        pattern = finding.pattern(text)
        with self._record.read() as connection:
            rows = connection.execute(
                """SELECT id, text FROM messages WHERE agent_id = ? AND id < ?
                   AND removed_by IS NULL AND text <> '' AND (kind = 'user' OR kind = 'assistant'
                   AND (tool IS NULL OR json_extract(tool, '$.name') = 'send_message'))
                   ORDER BY id""",
                (agent_id, (1 << 62) if before is None else before),
            )
            counted = ((row["id"], finding.count(pattern, row["text"])) for row in rows)
            return [(message_id, count) for message_id, count in counted if count]

    def turn(self, agent_id: str, turn_id: str) -> list[Message]:
        """The messages of one turn, oldest first."""
        with self._record.read() as connection:
            condition = "agent_id = ? AND turn_id = ? AND removed_by IS NULL"
            return select(connection, condition, agent_id, turn_id)

    def count(self, agent_id: str) -> int:
        """Those of the conversation: summaries, which only stand for others, are left out."""
        with self._record.read() as connection:
            row = connection.execute(
                """SELECT count(*) FROM messages
                   WHERE agent_id = ? AND removed_by IS NULL AND kind <> 'summary'""",
                (agent_id,),
            ).fetchone()
            return int(row[0])

    def kinds(self, agent_id: str) -> dict[MessageKind, tuple[int, int]]:
        """Of each kind how many messages there are, and how many of them are in the context."""
        with self._record.read() as connection:
            rows = connection.execute(
                """SELECT kind, count(*), sum(in_context) FROM messages
                   WHERE agent_id = ? AND removed_by IS NULL GROUP BY kind""",
                (agent_id,),
            ).fetchall()
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}

    def shown(self, agent_id: str) -> list[Shown]:
        """Every passage that this agent was ever shown, once, as it was shown last."""
        with self._record.read() as connection:
            rows = connection.execute(
                f"SELECT {_SHOWN} FROM shown WHERE agent_id = ?",  # noqa: S608
                (agent_id,),
            ).fetchall()
        return [Shown(*row) for row in rows]

    def link(self, message_ids: Sequence[int], source_ids: Sequence[str]) -> None:
        """Note which sources messages drew on, as `NewMessage.source_ids` does.

        With one of these sources, they leave conversation search. For a source that is gone
        already they leave it now.
        """
        with self._record.write() as connection:
            for message_id in message_ids:
                if _link(connection, message_id, source_ids):
                    forget(connection, message_id)
                    connection.execute("UPDATE messages SET unsaid = 1 WHERE id = ?", (message_id,))

    def link_turn(self, turn_id: str, source_ids: Sequence[str]) -> None:
        """`link` for what was said in a turn: its messages that conversation search can find."""
        with self._record.write() as connection:
            rows = connection.execute(
                "SELECT id FROM messages WHERE turn_id = ? AND recall_id IS NOT NULL", (turn_id,)
            ).fetchall()
            self.link([row["id"] for row in rows], source_ids)


def _insert(
    connection: sqlite3.Connection, agent_id: str, turn_id: str, new: NewMessage, terms: str
) -> int:
    hits, said = json.loads(to_json(new.hits) or "[]"), new.text
    gone = _missing(connection, {hit["source_id"] for hit in hits if hit["source_id"]})
    if gone:
        hits, said = redact.hits(hits, said, gone)
    created_at = stamp(new.created_at)
    message_id = connection.execute(
        """INSERT INTO messages (agent_id, turn_id, kind, in_context, tool_call_id, ok, total, ms,
           created_at, text, thought, tool, hits, citations, usage)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            agent_id,
            turn_id,
            new.kind,
            new.in_context,
            new.tool_call_id,
            new.ok,
            new.total,
            new.ms,
            created_at,
            said,
            new.thought,
            to_json(new.tool),
            json.dumps(hits, ensure_ascii=False) if hits else None,
            to_json(new.citations),
            to_json(new.usage),
        ),
    ).lastrowid
    assert message_id is not None
    if new.usage is not None:
        spend(connection, agent_id, new.usage)
    connection.executemany(
        f"INSERT OR REPLACE INTO shown (agent_id, {_SHOWN})"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((agent_id, *(hit[name] for name in Shown.__dataclass_fields__)) for hit in hits),
    )
    source_gone = _link(connection, message_id, new.source_ids)
    if source_gone:
        connection.execute("UPDATE messages SET unsaid = 1 WHERE id = ?", (message_id,))
    elif new.recall:
        recall_id = new_id(8)
        passages.insert_one(
            connection, recall_id, f"recall_{agent_id}", new.recall, terms, created_at, new.kind
        )
        connection.execute(
            "UPDATE messages SET recall_id = ? WHERE id = ?", (recall_id, message_id)
        )
    return message_id


def _link(connection: sqlite3.Connection, message_id: int, source_ids: Sequence[str]) -> bool:
    """Link those that exist; whether one does not."""
    gone = _missing(connection, set(source_ids))
    connection.executemany(
        "INSERT OR IGNORE INTO message_sources VALUES (?, ?)",
        ((message_id, one) for one in set(source_ids) - gone),
    )
    return bool(gone)


def _missing(connection: sqlite3.Connection, source_ids: set[str]) -> set[str]:
    if not source_ids:
        return set()
    rows = connection.execute(
        "SELECT id FROM sources WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(source_ids)),),
    )
    return source_ids - {row["id"] for row in rows}


def forget(connection: sqlite3.Connection, message_id: int) -> None:
    """Take what was said out of conversation search."""
    passages.remove(connection, "id = (SELECT recall_id FROM messages WHERE id = ?)", message_id)


def select(
    connection: sqlite3.Connection,
    condition: str,
    *values: object,
    order: str = "id",
    tail: int | None = None,
) -> list[Message]:
    rows = connection.execute(
        f"SELECT * FROM messages WHERE {condition} ORDER BY {order}",  # noqa: S608
        (*values, *(() if tail is None else (tail,))),
    ).fetchall()
    return [message_of(row) for row in rows]


def message_of(row: sqlite3.Row) -> Message:
    fields = dict(row)
    for name in ("tool", "hits", "citations", "usage"):
        stored = fields.pop(name)
        if stored is not None:
            fields[name] = json.loads(stored)
    return Message.model_validate(fields)
