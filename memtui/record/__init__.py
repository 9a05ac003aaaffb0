"""The record: SQLite, the one truth about agents, messages, sources, documents, passages, jobs.

`Record` opens the file and has one attribute per kind of row; FTS5 lives beside the passages.
May import `memtui.api`, `config` and `paths` only. What turns text into index terms is passed in.
"""

from memtui.record.building import INDEX
from memtui.record.rows import NewDocument, NewMessage, NewPassage, Shown
from memtui.record.store import Record

__all__ = ["INDEX", "NewDocument", "NewMessage", "NewPassage", "Record", "Shown"]
