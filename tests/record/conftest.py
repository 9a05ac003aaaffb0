import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from memtui.api.agents import Agent, Block
from memtui.api.library import Source
from memtui.api.search import Hit
from memtui.record import NewDocument, NewPassage, Record


def terms(text: str) -> str:
    return " ".join(text.lower().split())


class Library:
    """Shorthands for filling a record."""

    def __init__(self, record: Record) -> None:
        self.record = record

    def load(self, source: Source, path: str, *texts: str, sha: str = "") -> str:
        document = NewDocument(
            path=path, name=Path(path).name, kind="pdf", sha256=sha or path, size=9, pages=2
        )
        passages = [NewPassage(i, text, page=i + 1, page_end=i + 1) for i, text in enumerate(texts)]
        return self.record.documents.add(source.id, document, passages)

    def ids(self, source: Source) -> list[str]:
        return self.record.passages.ids(f"source_{source.id}")

    def index(self) -> None:
        self.record.passages.mark_indexed([row[0] for row in self.record.passages.pending(9999)])

    def agent(self, name: str = "Otter", *sources: Source) -> Agent:
        return self.record.agents.create(
            name,
            "sam",
            "basic",
            blocks=[Block(label="persona", value="I am Sam."), Block(label="human", value="Chad")],
            system="Be kind.",
            source_ids=[source.id for source in sources],
        )

    def hit(self, passage_id: str) -> Hit:
        one = self.record.passages.get(passage_id)
        return Hit(
            rank=1,
            score=0.5,
            text=one.text,
            source=one.source,
            source_id=one.source_id,
            document=one.document,
            document_id=one.document_id,
            page=one.page,
            passage_id=one.id,
            citation=f"[{one.source} p. {one.page}]",
        )


def tool_result(*hits: Hit) -> str:
    shown = [{"cite": h.citation, "source": h.source, "text": h.text} for h in hits]
    return json.dumps({"status": "OK", "message": {"showing": "hits", "hits": shown}, "time": "t"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "record.db"


@pytest.fixture
def record(path: Path) -> Iterator[Record]:
    record = Record(path, terms, embedding_model="minilm")
    record.open()
    yield record
    record.close()


@pytest.fixture
def library(record: Record) -> Library:
    return Library(record)


@pytest.fixture
def umask_zero() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)
