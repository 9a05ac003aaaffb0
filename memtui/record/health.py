"""What doctor asks: how much there is, and whether it is sound."""

import sqlite3
from pathlib import Path

from memtui.api.system import Check

_COUNTS = {
    "sources": "SELECT count(*) FROM sources",
    "documents": "SELECT count(*) FROM documents WHERE state = 'recorded'",
    "failed": "SELECT count(*) FROM documents WHERE state <> 'recorded'",
    "passages": "SELECT count(*) FROM passages",
    "waiting": "SELECT count(*) FROM passages WHERE indexed_at IS NULL",
    "removals": "SELECT count(*) FROM removals",
    "agents": "SELECT count(*) FROM agents",
    "messages": "SELECT count(*) FROM messages",
    "jobs": "SELECT count(*) FROM jobs",
}


def stats(connection: sqlite3.Connection, path: Path) -> dict[str, int]:
    counts = {name: int(connection.execute(sql).fetchone()[0]) for name, sql in _COUNTS.items()}
    files = (path, path.with_name(path.name + "-wal"))
    return {**counts, "bytes": sum(file.stat().st_size for file in files if file.exists())}


def integrity(connection: sqlite3.Connection) -> list[Check]:
    damage = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    passages, indexed, missing = connection.execute(
        """SELECT (SELECT count(*) FROM passages), (SELECT count(*) FROM fts_docsize),
           (SELECT count(*) FROM passages WHERE seq NOT IN (SELECT id FROM fts_docsize))"""
    ).fetchone()
    wrong = connection.execute(
        """SELECT count(*) FROM documents d WHERE passages <>
           (SELECT count(*) FROM passages p WHERE p.document_id = d.id)"""
    ).fetchone()[0]
    return [
        Check(
            name="record file",
            ok=damage == ["ok"],
            detail="sound" if damage == ["ok"] else "damaged: " + "; ".join(damage),
        ),
        Check(
            name="record references",
            ok=not broken,
            detail=f"{len(broken)} rows refer to rows that are gone" if broken else "sound",
        ),
        Check(
            name="text index",
            ok=passages == indexed and not missing,
            detail=f"{indexed:,} of {passages:,} passages",
        ),
        Check(
            name="documents",
            ok=not wrong,
            detail=f"{wrong} have lost passages: load them again" if wrong else "complete",
        ),
    ]
