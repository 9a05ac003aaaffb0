"""PDFs made on the spot, and the parts of the library joined as the engine joins them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from fpdf import FPDF

from memtui.api.library import Document, Passage
from memtui.archive.archive import Archive
from memtui.archive.rows import Row
from memtui.library.ports import ReadDocument, ReadPassage
from memtui.record.rows import NewDocument, NewPassage
from memtui.record.store import Record

DIMENSION = 8


def make_pdf(
    path: Path, pages: Sequence[str], password: str | None = None, **described: str
) -> Path:
    """A PDF with one paragraph a page. `password` "" encrypts for an owner only."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    for page in pages:
        pdf.add_page()
        if page:
            pdf.multi_cell(0, 6, page)
    if "title" in described:
        pdf.set_title(described["title"])
    if "author" in described:
        pdf.set_author(described["author"])
    if password is not None:
        pdf.set_encryption(owner_password="owner", user_password=password or None)
    pdf.output(str(path))
    return path


def plain_terms(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


class Embedder:
    """Vectors from a hash: cheap, and the same for the same text."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        return np.stack([vector(text) for text in texts])


def vector(text: str) -> Any:
    raw = np.frombuffer(hashlib.sha256(text.encode()).digest()[:DIMENSION], dtype=np.uint8)
    made = raw.astype(np.float32) + 1
    return made / np.linalg.norm(made)


class RecordShelf:
    """The port Shelf over a Record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def documents(self, source_id: str) -> list[Document]:
        return self.record.documents.list(source_id)

    def by_path(self, source_id: str, path: str) -> Document | None:
        return self.record.documents.by_path(source_id, path)

    def by_sha(self, source_id: str, sha256: str) -> Document | None:
        return self.record.documents.by_sha(source_id, sha256)

    def add(
        self,
        source_id: str,
        document: ReadDocument,
        passages: Sequence[ReadPassage],
        replaces: str | None,
    ) -> str:
        return self.record.documents.add(
            source_id,
            NewDocument(**asdict(document)),
            [NewPassage(**asdict(passage)) for passage in passages],
            replaces,
        )

    def fail(self, *fields: Any) -> object:
        return self.record.documents.fail(*fields)

    def delete(self, document_id: str) -> None:
        self.record.documents.delete(document_id)


class ArchiveIndex:
    """The port Index over an Archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        self.archive.write(
            [
                Row(
                    passage.id,
                    passage.scope,
                    row,
                    passage.text,
                    passage.document or "",
                    passage.page,
                    passage.ordinal,
                    passage.created_at.isoformat(),
                )
                for passage, row in zip(passages, vectors, strict=True)
            ]
        )

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        self.archive.remove(scope, ids)

    def drop(self, scope: str) -> None:
        self.archive.drop(scope)
