"""Sets of questions whose right passages are known, in a library of their own.

A set is a file of JSON lines, maybe gzipped: `{"id", "text"}` for a passage and
`{"question", "relevant": [ids]}` for a question.
"""

import asyncio
import gzip
import json
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memtui import config
from memtui.api.errors import MemtuiError, UsageError
from memtui.engine.finder import Finder
from memtui.engine.parts import Parts
from memtui.engine.shelf import PartsIndex, PartsVectors
from memtui.library.indexing import Indexer
from memtui.record import NewDocument, NewPassage

NAME = "set"
"""Of the source and its one document, in which every passage has an ordinal of its own."""
SELDOM = 5.0
"""Seconds between two lines of progress in a log."""
_told = 0.0

LINE = '{"id": "p1", "text": "…"} or {"question": "…", "relevant": ["p1"]}'


@dataclass(frozen=True)
class RetrievalSet:
    """Texts by id, and (question, ids of the passages that answer it)."""

    texts: dict[str, str]
    questions: list[tuple[str, frozenset[str]]]


def read(file: Path, limit: int = 0) -> RetrievalSet:
    """The set in `file`; at most `limit` questions and the passages that answer them, 0 for all.

    Raises UsageError, with the line's number, for what is no such line.
    """
    texts: dict[str, str] = {}
    questions: list[tuple[int, str, frozenset[str]]] = []
    number = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    _take(json.loads(line.decode("utf-8-sig")), number, texts, questions)
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"{file} cannot be read: {error}.") from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        why = str(error) if type(error) is ValueError else f"it is not {LINE}"
        raise UsageError(f"Line {number} of {file} cannot be used: {why}.") from None
    for number, _, relevant in questions:
        if not relevant & texts.keys():
            one = min(relevant)
            raise UsageError(
                f"Line {number} of {file} cannot be used: no passage has the id {one}."
            )
    if not questions:
        raise UsageError(f"{file} has no questions. A line is {LINE}.")
    asked = [(question, relevant) for _, question, relevant in questions]
    if limit:
        asked = asked[:limit]
        wanted = frozenset().union(*(relevant for _, relevant in asked))
        texts = {id_: text for id_, text in texts.items() if id_ in wanted}
    return RetrievalSet(texts, asked)


def _take(
    row: Any,
    number: int,
    texts: dict[str, str],
    questions: list[tuple[int, str, frozenset[str]]],
) -> None:
    if not isinstance(row, dict):
        raise TypeError
    if "question" in row:
        ids = row["relevant"]
        if not isinstance(ids, list) or not ids:
            raise TypeError
        questions.append((number, _said(row["question"]), frozenset(map(_id, ids))))
        return
    id_, text = _id(row["id"]), _said(row["text"])
    if id_ in texts:
        raise ValueError(f"the id {id_} is used twice")
    texts[id_] = text


def _id(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise TypeError
    return str(value)


def _said(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be stored


class Remembering(Finder):
    """The search, which keeps the last question's vector, and what is near it, for all modes."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._encoded: tuple[str, asyncio.Task[Any]] | None = None
        self._found: tuple[Any, asyncio.Task[Any]] | None = None

    async def _encode(self, query: str) -> Any:
        if self._encoded is None or self._encoded[0] != query:
            self._encoded = query, asyncio.create_task(super()._encode(query))
        return await self._encoded[1]

    async def _dense(self, filters: Any, scopes: Any, vector: Any, limit: int) -> Any:
        if self._found is None or self._found[0] is not vector:
            near = super()._dense(filters, scopes, vector, limit)
            self._found = vector, asyncio.create_task(near)
        return await self._found[1]


@dataclass(frozen=True)
class Library:
    """The set in the record and the archive of this process's home, and the search over it.

    `outer` are the set's ids by the record's.
    """

    finder: Finder
    scope: str
    outer: dict[str, str]


@asynccontextmanager
async def filled(given: RetrievalSet) -> AsyncIterator[Library]:
    """The set, loaded: every passage as it is, one row each, with its vector."""
    parts = Parts(config.load())
    record = parts.record
    record.open()
    parts.choose()
    parts.gate.set()
    indexer = Indexer(
        record.passages, record.removals, PartsVectors(parts), PartsIndex(parts), report=tell
    )
    indexer.start()
    try:
        source = record.sources.create(NAME)
        scope = f"source_{source.id}"
        passages = [
            NewPassage(ordinal=ordinal, text=text, end=len(text))
            for ordinal, text in enumerate(given.texts.values())
        ]
        record.documents.add(source.id, NewDocument("/set", NAME, "text", "set", size=1), passages)
        indexer.wake()
        total = indexed = 0
        while indexed < len(passages):
            total, indexed = await asyncio.to_thread(record.passages.counts, scope)
            tell(f"{indexed:,} of {total:,} passages embedded")
            await asyncio.sleep(0.5)
        known = list(given.texts)
        found = record.passages.many(record.passages.ids(scope))
        outer = {id_: known[passage.ordinal] for id_, passage in found.items()}
        yield Library(Remembering(parts), scope, outer)
    finally:
        await indexer.stop()
        await parts.close()
        record.close()


def tell(sentence: str) -> None:
    """Progress, on stderr: in one line on a terminal, elsewhere a line now and then."""
    global _told
    if not sentence:
        return
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{sentence}\x1b[K")
    elif time.monotonic() - _told >= SELDOM:
        sys.stderr.write(f"{sentence}\n")
        _told = time.monotonic()
    sys.stderr.flush()


def report(
    file: str,
    measure: Callable[[RetrievalSet], Coroutine[Any, Any, dict[str, Any]]],
    limit: int = 0,
) -> None:
    """Print what `measure` finds of the set in `file` as JSON, or why it could not."""
    try:
        result = asyncio.run(measure(read(Path(file), limit)))
    except MemtuiError as error:
        result = {"error": str(error), "kind": error.kind}
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")  # the line of progress
    json.dump(result, sys.stdout)
