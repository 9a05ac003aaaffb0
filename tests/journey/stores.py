"""Both stores, opened by the test itself once the engine has gone, and compared."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from memtui import paths
from memtui.archive import Archive
from memtui.engine.indexes import Spec
from memtui.record import INDEX, Record
from memtui.search import terms


def verify(loaded: Iterable[Path]) -> dict[str, int]:
    """Every passage is in both stores exactly once, and the documents are the files `loaded`.

    Returns how many passages each scope has.
    """
    record = Record(paths.record_file(), terms.index_terms)
    archive = Archive(str(paths.data_dir() / "milvus.db"), socket=paths.milvus_socket_file())
    record.open()
    try:
        serving = Spec.model_validate_json(record.meta(INDEX) or "")
        archive.open(serving.collection, serving.dimension)
        found = {}
        scopes = {scope: record.passages.counts(scope) for scope in record.passages.scopes()}
        assert archive.scopes() == set(scopes), (archive.scopes(), scopes)
        for scope in record.passages.scopes():
            ids = record.passages.ids(scope)
            assert len(ids) == len(set(ids))
            assert archive.ids(scope) == set(ids)
            assert archive.count(scope) == len(ids)
            assert record.passages.counts(scope) == (len(ids), len(ids))
            found[scope] = len(ids)
        assert record.removals.pending(1) == []
        documents = record.documents.list()
        assert sorted(document.sha256 for document in documents) == sorted(
            hashlib.sha256(file.read_bytes()).hexdigest() for file in loaded
        )
        for document in documents:
            ids = record.passages.ids(f"source_{document.source_id}")
            mine = [p for p in record.passages.many(ids).values() if p.document_id == document.id]
            assert sorted(passage.ordinal for passage in mine) == list(range(document.passages))
        return found
    finally:
        archive.close()
        record.close()
