"""Jobs: what the engine is doing in the background, and what became of it."""

import sqlite3
from typing import TYPE_CHECKING

from memtui.api.errors import NotFoundError
from memtui.api.library import Job, JobState, LoadReport, Progress
from memtui.record.rows import new_id, stamp, to_json

if TYPE_CHECKING:
    from memtui.record.store import Record

_ENDED = ("done", "failed", "cancelled", "interrupted")


class Jobs:
    def __init__(self, record: "Record") -> None:
        self._record = record

    def create(self, source_id: str | None, source: str, kind: str = "load") -> Job:
        """A new job, `waiting`."""
        job_id = new_id()
        with self._record.write() as connection:
            connection.execute(
                """INSERT INTO jobs (id, kind, source_id, source, state, progress, error,
                   created_at) VALUES (?, ?, ?, ?, 'waiting', '{}', '', ?)""",
                (job_id, kind, source_id, source, stamp()),
            )
            return self.get(job_id)

    def update(
        self,
        job_id: str,
        *,
        state: JobState | None = None,
        progress: Progress | None = None,
        report: LoadReport | None = None,
        error: str | None = None,
    ) -> Job:
        """Change what is given. A state that ends it sets `ended_at`. Raises NotFoundError.

        Each call is a write to the disk: a few a second, not one per passage.
        """
        changes: dict[str, object] = {}
        if state is not None:
            changes["state"] = state
            changes["ended_at"] = stamp() if state in _ENDED else None
        if progress is not None:
            changes["progress"] = to_json(progress)
        if report is not None:
            changes["report"] = to_json(report)
        if error is not None:
            changes["error"] = error
        with self._record.write() as connection:
            if changes:
                columns = ", ".join(f"{name} = :{name}" for name in changes)
                connection.execute(
                    f"UPDATE jobs SET {columns} WHERE id = :id",  # noqa: S608
                    {**changes, "id": job_id},
                )
            return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """Raises NotFoundError."""
        with self._record.read() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no job {job_id}. `memtui list jobs` lists them.")
        return _job(row)

    def interrupt_running(self) -> list[Job]:
        """After a start: whatever was waiting or running is `interrupted`; returns those."""
        with self._record.write() as connection:
            rows = connection.execute(
                "SELECT id FROM jobs WHERE state IN ('waiting', 'running')"
            ).fetchall()
            return [self.update(row["id"], state="interrupted") for row in rows]

    def list(self, limit: int = 100) -> list[Job]:
        """The newest first."""
        with self._record.read() as connection:
            rows = connection.execute(
                "SELECT * FROM jobs ORDER BY created_at DESC, rowid DESC LIMIT ?", (limit,)
            ).fetchall()
        return [_job(row) for row in rows]


def _job(row: sqlite3.Row) -> Job:
    return Job.model_validate(
        {
            **dict(row),
            "progress": Progress.model_validate_json(row["progress"]),
            "report": LoadReport.model_validate_json(row["report"]) if row["report"] else None,
        }
    )
