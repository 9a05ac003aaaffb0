"""PDFs made on the spot, and the parts of the library joined as the engine joins them."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fpdf import FPDF

from memtui.api.library import Passage
from memtui.archive.archive import Archive
from memtui.engine.shelf import rows

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

    at_once = 16

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        return np.stack([vector(text) for text in texts])


def vector(text: str) -> Any:
    raw = np.frombuffer(hashlib.sha256(text.encode()).digest()[:DIMENSION], dtype=np.uint8)
    made = raw.astype(np.float32) + 1
    return made / np.linalg.norm(made)


class ArchiveIndex:
    """The port Index over an Archive."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def write(self, passages: Sequence[Passage], vectors: Sequence[Any]) -> None:
        self.archive.write(rows(passages, vectors))

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        self.archive.remove(scope, ids)

    def drop(self, scope: str) -> None:
        self.archive.drop(scope)
