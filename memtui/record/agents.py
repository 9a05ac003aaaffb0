"""Agents and what is attached to them."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from memtui.api.agents import Agent, AgentOverview, AttachedSource, Block, Usage
from memtui.api.errors import ConflictError, NotFoundError
from memtui.record import removals, text
from memtui.record.rows import new_id, stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

_SELECT = """
SELECT a.id, a.name, a.persona, a.human, a.model, a.created_at, a.used_at, a.usage,
       (SELECT count(*) FROM passages p WHERE p.scope = 'agent_' || a.id) AS archival,
       (SELECT count(*) FROM passages p WHERE p.scope = 'recall_' || a.id) AS recall
FROM agents a
"""
SAID = 300
"""Characters of the last thing said that an overview has."""

# One statement for all agents: each part is a look into an index.
_OVERVIEW = f"""
SELECT a.id, coalesce(substr(m.text, 1, {SAID}), '') AS said, coalesce(m.kind, '') AS said_by,
       m.created_at AS said_at,
       (SELECT total(length(value)) FROM blocks b WHERE b.agent_id = a.id) AS memory,
       (SELECT total(char_limit) FROM blocks b WHERE b.agent_id = a.id) AS memory_limit
FROM agents a LEFT JOIN messages m ON m.id = (
    SELECT n.id FROM messages n WHERE n.agent_id = a.id AND n.removed_by IS NULL
    AND n.kind IN ('user', 'assistant') AND n.text <> '' ORDER BY n.id DESC LIMIT 1)
WHERE NOT a.temporary
"""  # noqa: S608
_NEWEST_FIRST = "ORDER BY a.used_at DESC, a.rowid DESC"
_ATTACHED = """
SELECT t.agent_id, s.id, s.name, coalesce(sum(d.passages), 0) AS passages,
       count(CASE WHEN d.state = 'recorded' THEN 1 END) AS documents
FROM attachments t JOIN sources s ON s.id = t.source_id
LEFT JOIN documents d ON d.source_id = s.id
"""


class Agents:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def create(
        self,
        name: str,
        persona: str,
        human: str,
        *,
        model: str | None = None,
        blocks: Sequence[Block] = (),
        system: str = "",
        source_ids: Sequence[str] = (),
        temporary: bool = False,
    ) -> Agent:
        """A new agent with its core memory and sources attached.

        Raises ConflictError when the name is taken, NotFoundError for a source that is not there.
        """
        agent_id, now = new_id(), stamp()
        with self._record.write() as connection:
            require_free(connection, name)
            connection.execute(
                """INSERT INTO agents (id, name, persona, human, model, system, temporary,
                   created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (agent_id, name, persona, human, model, system, temporary, now, now),
            )
            connection.executemany(
                """INSERT INTO blocks (agent_id, position, label, value, char_limit)
                   VALUES (?, ?, ?, ?, ?)""",
                ((agent_id, i, b.label, b.value, b.limit) for i, b in enumerate(blocks)),
            )
            for source_id in source_ids:
                self.attach(agent_id, source_id)
            return self.get(agent_id)

    def get(self, agent_id: str) -> Agent:
        """Raises NotFoundError."""
        found = self._some("WHERE a.id = ?", agent_id)
        if not found:
            raise _gone(agent_id)
        return found[0]

    def by_name(self, name: str) -> Agent | None:
        return next(iter(self._some("WHERE a.name = ?", name)), None)

    def last(self) -> Agent | None:
        """The one used last, temporary ones aside."""
        return next(iter(self._some(f"WHERE NOT a.temporary {_NEWEST_FIRST} LIMIT 1")), None)

    def rename(self, agent_id: str, name: str) -> Agent:
        """Raises ConflictError when another has that name, NotFoundError."""
        with self._record.write() as connection:
            require_free(connection, name, agent_id)
            self._set(agent_id, "name", name)
            return self.get(agent_id)

    def set_model(self, agent_id: str, model: str | None) -> None:
        """None: the configured one. Raises NotFoundError."""
        self._set(agent_id, "model", model)

    def system(self, agent_id: str) -> str:
        """Its system prompt, without core memory. Raises NotFoundError."""
        with self._record.read() as connection:
            row = connection.execute(
                "SELECT system FROM agents WHERE id = ?", (agent_id,)
            ).fetchone()
        if row is None:
            raise _gone(agent_id)
        return str(row["system"])

    def set_system(self, agent_id: str, system: str) -> None:
        """Raises NotFoundError."""
        self._set(agent_id, "system", system)

    def settings(self, agent_id: str) -> dict[str, Any]:
        """What differs from the configuration for this agent. Raises NotFoundError."""
        with self._record.read() as connection:
            row = connection.execute(
                "SELECT settings FROM agents WHERE id = ?", (agent_id,)
            ).fetchone()
        if row is None:
            raise _gone(agent_id)
        found: dict[str, Any] = json.loads(row["settings"])
        return found

    def change_settings(self, agent_id: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Have `change` alter the settings, in one transaction. Raises NotFoundError."""
        with self._record.write():
            found = self.settings(agent_id)
            change(found)
            self._set(agent_id, "settings", json.dumps(found))

    def with_setting(self, key: str) -> dict[str, Any]:
        """Agents' ids, and what `key` is in their settings, for those that have it there."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT id, settings -> ? AS value FROM agents WHERE settings -> ? IS NOT NULL",
                (key, key),
            ).fetchall()
        return {row["id"]: json.loads(row["value"]) for row in rows}

    def delete(self, agent_id: str) -> None:
        """Delete it, its memory, messages and attachments. Raises NotFoundError.

        Milvus follows through `removals`.
        """
        with self._record.write() as connection:
            require(connection, agent_id)
            for scope in (f"agent_{agent_id}", f"recall_{agent_id}"):
                text.remove_passages(connection, "scope = ?", scope)
                removals.of_scope(connection, scope)
            connection.execute("DELETE FROM agents WHERE id = ?", (agent_id,))

    def delete_temporary(self) -> list[str]:
        """Delete the temporary agents, left over from an engine that died; returns their ids."""
        with self._record.write() as connection:
            rows = connection.execute("SELECT id FROM agents WHERE temporary").fetchall()
            for row in rows:
                self.delete(row["id"])
        return [row["id"] for row in rows]

    def attach(self, agent_id: str, source_id: str) -> bool:
        """Whether it was not attached yet. Raises NotFoundError for either."""
        with self._record.write() as connection:
            require(connection, agent_id)
            if not connection.execute(
                "SELECT 1 FROM sources WHERE id = ?", (source_id,)
            ).fetchone():
                raise NotFoundError(
                    f"There is no source {source_id}. `memtui list sources` lists them."
                )
            cursor = connection.execute(
                "INSERT OR IGNORE INTO attachments VALUES (?, ?, ?)", (agent_id, source_id, stamp())
            )
            return cursor.rowcount > 0

    def detach(self, agent_id: str, source_id: str) -> bool:
        """Whether it was attached. Raises NotFoundError when the agent is gone."""
        with self._record.write() as connection:
            require(connection, agent_id)
            cursor = connection.execute(
                "DELETE FROM attachments WHERE agent_id = ? AND source_id = ?",
                (agent_id, source_id),
            )
            return cursor.rowcount > 0

    def reset_context(self, agent_id: str) -> int:
        """Empty its context window; returns how many messages were in it. The history stays."""
        with self._record.write() as connection:
            require(connection, agent_id)
            return connection.execute(
                "UPDATE messages SET in_context = 0 WHERE agent_id = ? AND in_context", (agent_id,)
            ).rowcount

    def _set(self, agent_id: str, column: str, value: str | None) -> None:
        with self._record.write() as connection:
            require(connection, agent_id)
            connection.execute(
                f"UPDATE agents SET {column} = ? WHERE id = ?",  # noqa: S608
                (value, agent_id),
            )

    def _some(self, clause: str, *values: str) -> list[Agent]:
        with self._record.read() as connection:
            rows = connection.execute(f"{_SELECT} {clause}", values).fetchall()
            one = "WHERE t.agent_id = ?" if len(rows) == 1 else ""
            attached: dict[str, list[AttachedSource]] = defaultdict(list)
            for row in connection.execute(
                f"{_ATTACHED} {one} GROUP BY t.agent_id, s.id ORDER BY t.attached_at, t.rowid",
                (rows[0]["id"],) if one else (),
            ):
                attached[row["agent_id"]].append(AttachedSource.model_validate(dict(row)))
        return [
            Agent.model_validate(
                {**dict(row), "sources": attached[row["id"]], "usage": json.loads(row["usage"])}
            )
            for row in rows
        ]

    def list(self) -> list[Agent]:
        """The one used last first, temporary ones left out."""
        return self._some(f"WHERE NOT a.temporary {_NEWEST_FIRST}")

    def overview(self) -> Sequence[AgentOverview]:
        """As `list`, with what was said last and how much is remembered."""
        with self._record.read() as connection:
            more = {row["id"]: dict(row) for row in connection.execute(_OVERVIEW)}
            agents = self.list()
        return [
            AgentOverview.model_validate({**agent.model_dump(), **more[agent.id]})
            for agent in agents
        ]


def require(connection: sqlite3.Connection, agent_id: str) -> None:
    """Raises NotFoundError when there is no such agent."""
    if not connection.execute("SELECT 1 FROM agents WHERE id = ?", (agent_id,)).fetchone():
        raise _gone(agent_id)


def spend(connection: sqlite3.Connection, agent_id: str, usage: Usage) -> None:
    """Add to what the agent has used."""
    row = connection.execute("SELECT usage FROM agents WHERE id = ?", (agent_id,)).fetchone()
    total = Usage.model_validate_json(row["usage"]) + usage
    connection.execute(
        "UPDATE agents SET usage = ? WHERE id = ?", (total.model_dump_json(), agent_id)
    )


def require_free(connection: sqlite3.Connection, name: str, but: str = "") -> None:
    """Raises ConflictError when an agent other than `but` has the name."""
    if connection.execute(
        "SELECT 1 FROM agents WHERE name = ? AND id <> ?", (name, but)
    ).fetchone():
        raise ConflictError(f"There is an agent named {name} already. Choose another name.")


def _gone(agent_id: str) -> NotFoundError:
    return NotFoundError(f"There is no agent {agent_id}. `memtui list agents` lists them.")
