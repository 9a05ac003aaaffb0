"""Personas and humans that the user added. Those that ship with memtui are files, not rows."""

from typing import TYPE_CHECKING, Literal

from memtui.api.agents import Template
from memtui.record.rows import stamp

if TYPE_CHECKING:
    from memtui.record.store import Record

Kind = Literal["persona", "human"]


class Templates:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def list(self, kind: Kind) -> list[Template]:
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT name, text FROM templates WHERE kind = ? ORDER BY name", (kind,)
            ).fetchall()
        return [Template(name=row["name"], text=row["text"], builtin=False) for row in rows]

    def get(self, kind: Kind, name: str) -> Template | None:
        return next((one for one in self.list(kind) if one.name == name), None)

    def put(self, kind: Kind, name: str, text: str) -> Template:
        """Add it, or give the one of that name another text."""
        with self._record.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO templates VALUES (?, ?, ?, ?)", (kind, name, text, stamp())
            )
        return Template(name=name, text=text, builtin=False)

    def delete(self, kind: Kind, name: str) -> bool:
        """Whether there was one."""
        with self._record.write() as connection:
            cursor = connection.execute(
                "DELETE FROM templates WHERE kind = ? AND name = ?", (kind, name)
            )
            return cursor.rowcount > 0
