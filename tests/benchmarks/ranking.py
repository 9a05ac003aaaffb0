"""`python -m tests.benchmarks.ranking FILE QUESTIONS` ranks a retrieval set in all three modes.

Prints JSON: `{"text": {"1": R@1, "5": R@5}, "dense": …, "hybrid": …, "passages", "questions"}`.
QUESTIONS are at most that many, with the passages that answer them; 0 is all.
"""

import asyncio
import gzip
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from memtui import config, paths
from memtui.api.library import Passage
from memtui.api.search import Mode
from memtui.archive import Archive, Row
from memtui.embedding import BuiltinEmbedder
from memtui.record import NewDocument, NewPassage, Record
from memtui.search import hybrid
from memtui.search.evaluate import evaluate
from memtui.search.terms import index_terms

Questions = list[tuple[str, set[str]]]
MODES: tuple[Mode, ...] = ("text", "dense", "hybrid")
BATCH = 256
THREADS = 2


def read(file: Path, limit: int) -> tuple[dict[str, str], Questions]:
    """(texts by id, questions with the ids that answer them)."""
    texts: dict[str, str] = {}
    questions: Questions = []
    with gzip.open(file, "rt") if file.suffix == ".gz" else file.open() as lines:
        for line in lines:
            row = json.loads(line)
            if "text" in row:
                texts[row["id"]] = row["text"]
            else:
                questions.append((row["question"], set(row["relevant"])))
    if limit:
        questions = questions[:limit]
        wanted = set().union(*(relevant for _, relevant in questions))
        texts = {id: text for id, text in texts.items() if id in wanted}
    return texts, questions


class Channels:
    """The ports of a search over one scope. What a question found is kept for its other modes."""

    def __init__(self, record: Record, archive: Archive, embedder: BuiltinEmbedder) -> None:
        self._record = record
        self._archive = archive
        self._embedder = embedder
        self._dense: tuple[bytes, list[tuple[str, float]]] = (b"", [])
        self._vector: tuple[str, Any] = ("", None)

    async def text(
        self, scopes: Sequence[str] | None, terms: Sequence[str], limit: int
    ) -> list[tuple[str, float]]:
        return self._record.passages.text_search(scopes, terms, limit)

    async def dense(
        self, scopes: Sequence[str] | None, vector: Any, limit: int
    ) -> list[tuple[str, float]]:
        if self._dense[0] != vector.tobytes():
            self._dense = (vector.tobytes(), self._archive.search(scopes or (), vector, limit))
        return self._dense[1]

    async def encode(self, query: str) -> Any:
        if self._vector[0] != query:
            self._vector = (query, await self._embedder.embed_query(query))
        return self._vector[1]

    async def many(self, ids: Sequence[str]) -> dict[str, Passage]:
        return self._record.passages.many(ids)


async def main(file: Path, limit: int) -> dict[str, Any]:
    texts, questions = read(file, limit)
    record = Record(paths.record_file(), index_terms)
    archive = Archive(config.load().archive_uri(), socket=paths.milvus_socket_file())
    embedder = BuiltinEmbedder(threads=THREADS)
    try:
        record.open()
        archive.open("benchmark", embedder.dimension)
        scope, outer = await _fill(texts, record, archive, embedder)
        channels = Channels(record, archive, embedder)
        ports = hybrid.Ports(channels.text, channels.dense, channels.encode, channels)

        async def rank(mode: Mode, question: str) -> list[str]:
            ranked = await hybrid.search(question, [scope], ports, mode=mode, k=10)
            if ranked.problem:
                raise RuntimeError(ranked.problem)
            return [outer[hit.passage_id] for hit in ranked.hits]

        result: dict[str, Any] = {"passages": len(texts), "questions": len(questions)}
        found: dict[Mode, list[float]] = {mode: [] for mode in MODES}
        for question in questions:  # all modes of one, so that its channels are asked once
            for mode in MODES:
                quality = await evaluate([question], partial(rank, mode))
                found[mode] += [quality.recall_1, quality.recall_5]
        for mode, hits in found.items():
            ones, fives = hits[::2], hits[1::2]
            result[mode] = {"1": sum(ones) / len(ones), "5": sum(fives) / len(fives)}
        return result
    finally:
        await embedder.close()
        archive.close()
        record.close()


async def _fill(
    texts: dict[str, str], record: Record, archive: Archive, embedder: BuiltinEmbedder
) -> tuple[str, dict[str, str]]:
    """(the scope, the set's ids by the record's)."""
    source = record.sources.create("set")
    scope = f"source_{source.id}"
    passages = [
        NewPassage(ordinal=ordinal, text=text, end=len(text))
        for ordinal, text in enumerate(texts.values())
    ]
    record.documents.add(source.id, NewDocument("/set", "set", "text", "set", size=1), passages)
    ids = record.passages.ids(scope)
    for first in range(0, len(ids), BATCH):
        batch = record.passages.many(ids[first : first + BATCH])
        vectors = await embedder.embed([passage.text for passage in batch.values()])
        archive.write(
            [
                Row(passage.id, scope, vector, passage.text)
                for passage, vector in zip(batch.values(), vectors, strict=True)
            ]
        )
    of_set = list(texts)
    found = record.passages.many(ids)
    return scope, {id: of_set[passage.ordinal] for id, passage in found.items()}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))))
