"""`python -m tests.benchmarks.library SOURCES PASSAGES DOCUMENT` fills the home of its environment.

SOURCES sources of PASSAGES passages each, DOCUMENT of them in a document: real text in the record,
random unit vectors in the archive, written as the engine's indexer writes them. Embedding 100,000
texts would take an hour.
"""

import sys
from datetime import UTC, datetime

from memtui import config, paths
from memtui.archive import Archive, Row
from memtui.embedding import BuiltinEmbedder
from memtui.library.indexing import BATCH
from memtui.record import INDEX, NewDocument, NewPassage, Record
from memtui.search.terms import index_terms
from tests.benchmarks.words import Words

PAGE = 10
"""Passages on a page."""


def build(sources: int, passages: int, document: int) -> None:
    record = Record(paths.record_file(), index_terms, BuiltinEmbedder.model)
    record.open()
    uri, dimension = config.load().archive_uri(), BuiltinEmbedder.dimension
    collection = f"memtui_{BuiltinEmbedder.slug}_{dimension}"
    archive = Archive(uri, socket=paths.milvus_socket_file())
    archive.open(collection, dimension)
    try:
        for number in range(sources):
            _source(record, archive, number, passages, document)
        # The marks are about this index: the engine need not make it anew.
        record.set_meta(INDEX, f"{uri} {collection}")
    finally:
        archive.close()
        record.close()


def _source(record: Record, archive: Archive, number: int, passages: int, document: int) -> None:
    import numpy as np

    words = Words(number, index_terms)
    chance = np.random.default_rng(number)
    source = record.sources.create(f"source {number:02}")
    scope = f"source_{source.id}"
    for first in range(0, passages, document):
        name = f"document {first // document:03}.txt"
        made = []
        for ordinal in range(min(document, passages - first)):
            text, terms = words.passage()
            page = ordinal // PAGE + 1
            made.append(
                NewPassage(ordinal=ordinal, text=text, page=page, end=len(text), terms=terms)
            )
        new = NewDocument(f"/{number}/{name}", name, "text", f"{number}-{first}", size=1)
        record.documents.add(source.id, new, made)
    ids = record.passages.ids(scope)
    now = datetime.now(UTC).isoformat()
    for first in range(0, len(ids), BATCH):
        batch = record.passages.many(ids[first : first + BATCH])
        vectors = chance.standard_normal((len(batch), BuiltinEmbedder.dimension), dtype=np.float32)
        rows = [
            Row(
                id=passage.id,
                scope=scope,
                vector=vector,
                text=passage.text,
                document=passage.document or "",
                ordinal=passage.ordinal,
                created_at=now,
            )
            for passage, vector in zip(batch.values(), vectors, strict=True)
        ]
        archive.write(rows)
        record.passages.mark_indexed(list(batch))


if __name__ == "__main__":
    build(*map(int, sys.argv[1:]))
