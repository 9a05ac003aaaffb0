"""Taking the text of what was deleted out of the history, whose rows stay."""

import json
import sqlite3
from typing import Any

_FRAGMENT = 60
"""Characters of a passage whose reappearance in a tool's result gives it away."""


def source(connection: sqlite3.Connection, source_id: str, name: str) -> None:
    """Drop the hits of a source, and blank its passages in what tools returned."""
    _redact(connection, "source_id", source_id, f"[removed with source {name}]", {"source": name})


def document(connection: sqlite3.Connection, document_id: str, name: str, source: str) -> None:
    """The same for one document, of the source named `source`."""
    marker = f"[removed with document {name}]"
    label = {"document": name, "source": source}
    _redact(connection, "document_id", document_id, marker, label)


def hits(found: list[dict[str, Any]], said: str, gone: set[str]) -> tuple[list[Any], str]:
    """A message's hits and text without those of the sources `gone`."""
    for one in gone:
        taken = [hit for hit in found if hit.get("source_id") == one]
        if taken:
            name = str(taken[0].get("source") or one)
            said = blank(said, taken, f"[removed with source {name}]", {"source": name})
            found = [hit for hit in found if hit.get("source_id") != one]
    return found, said


def _redact(
    connection: sqlite3.Connection, field: str, value: str, marker: str, label: dict[str, str]
) -> None:
    connection.execute(f"DELETE FROM shown WHERE {field} = ?", (value,))  # noqa: S608
    rows = connection.execute(
        "SELECT id, hits, text FROM messages WHERE hits IS NOT NULL AND instr(hits, ?)", (value,)
    ).fetchall()
    for row in rows:
        found = json.loads(row["hits"])
        taken = [hit for hit in found if hit.get(field) == value]
        if not taken:
            continue
        kept = [hit for hit in found if hit.get(field) != value]
        connection.execute(
            "UPDATE messages SET hits = ?, text = ? WHERE id = ?",
            (
                json.dumps(kept, ensure_ascii=False) if kept else None,
                blank(row["text"], taken, marker, label),
                row["id"],
            ),
        )


def blank(result: str, taken: list[dict[str, Any]], marker: str, label: dict[str, str]) -> str:
    """A search tool's result with `marker` for the text of the hits `taken`.

    If the result is not as search tools make it, or still contains one of them afterwards, its
    whole message becomes `marker`.
    """
    texts = {str(hit.get("text", "")) for hit in taken}
    try:
        envelope = json.loads(result)
    except ValueError:
        return marker
    if not isinstance(envelope, dict):
        return marker
    message = envelope.get("message")
    shown = message.get("hits") if isinstance(message, dict) else None
    for hit in shown if isinstance(shown, list) else ():
        if isinstance(hit, dict) and (
            hit.get("text") in texts or all(hit.get(key) == label[key] for key in label)
        ):
            hit["text"] = marker
    without = json.dumps(envelope, ensure_ascii=False)
    fragments = (json.dumps(text[:_FRAGMENT], ensure_ascii=False)[1:-1] for text in texts if text)
    if not isinstance(shown, list) or any(fragment in without for fragment in fragments):
        envelope["message"] = marker
        without = json.dumps(envelope, ensure_ascii=False)
    return without
