"""The rows of the sources' tree: source, documents, sections or pages, passages. No Textual.

Every row is one line. A document that was not read yet has its row all the same, so that the
tree has its size from the beginning, and reading it moves nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from memtui.tui.shelf import section_key
from memtui.tui.store import RUNNING

if TYPE_CHECKING:
    from memtui.api.library import Document, Job, Section, Source
    from memtui.tui.shelf import Leaf
    from memtui.tui.store import Store

Kind = Literal["source", "job", "bar", "document", "section", "passage", "hint"]


@dataclass(frozen=True, slots=True)
class TreeRow:
    """`place` is a document's among those of its source; `number` which line of a bar this is."""

    key: str
    kind: Kind
    source: "Source | None" = None
    document: "Document | None" = None
    section: "Section | None" = None
    passage: "Leaf | None" = None
    job: "Job | None" = None
    attached: bool = False
    open: bool = False
    depth: int = 0
    place: int = -1
    number: int = 0
    text: str = ""


class Branches:
    """The rows below each source and each document, made anew only when something there changed.

    They know their source as it was when they were made.
    """

    def __init__(self) -> None:
        self._sources: dict[str, tuple[int, list[TreeRow]]] = {}
        self._documents: dict[str, tuple[int, Document, int, list[TreeRow]]] = {}

    def of(self, store: "Store", source: "Source") -> list[TreeRow]:
        version = store.shelf.version
        known = self._sources.get(source.id)
        if known is None or known[0] != version:
            known = self._sources[source.id] = version, list(_documents(store, source, self))
        return known[1]

    def below(
        self, store: "Store", source: "Source", document: "Document", place: int
    ) -> list[TreeRow]:
        """The document and what is below it."""
        version = store.shelf.versions.get(document.id, 0)
        known = self._documents.get(document.id)
        if known is None or known[0] != version or known[1] is not document or known[2] != place:
            rows = list(_document(store, source, document, place))
            known = self._documents[document.id] = version, document, place, rows
        return known[3]


def rows_of(store: "Store", branches: Branches) -> list[TreeRow]:
    """The attached sources first, then by name; what the filter leaves of them."""
    shelf = store.shelf
    rows: list[TreeRow] = []
    ordered = sorted(store.sources, key=lambda s: (not store.attached(s.id), s.name.casefold()))
    for source in ordered:
        found: list[Document] | None = None
        if shelf.filter:
            found = shelf.found.documents.get(source.id, []) if shelf.found else []
            named = all(word in source.name.casefold() for word in shelf.filter.casefold().split())
            if not found and not named:
                continue
            found = found or None
        job = store.job_of(source)
        is_open = source.id in shelf.open or found is not None
        attached = store.attached(source.id)
        rows.append(TreeRow(source.id, "source", source, job=job, attached=attached, open=is_open))
        rows += _about(source, job)
        if found is not None:
            for document in found:
                rows += _document(store, source, document)
        elif is_open:
            rows += branches.of(store, source)
    if not shelf.filter:
        for job in store.homeless_jobs():
            rows.append(TreeRow(job.id, "job", job=job))
            rows += [_bar(job.id, None, job, number) for number in range(_bars(job))]
        if not rows and store.connected:
            rows.append(TreeRow("empty:1", "hint", text="Nothing is loaded yet."))
            rows.append(TreeRow("empty:2", "hint", text="l loads files, a folder"))
            rows.append(TreeRow("empty:3", "hint", text="or a page of the web."))
    elif not rows:
        rows.append(TreeRow("nothing", "hint", text="nothing of that name"))
    if shelf.filter and shelf.found and shelf.found.total > _count(shelf.found.documents):
        more = shelf.found.total - _count(shelf.found.documents)
        rows.append(TreeRow("more", "hint", text=f"{more:,} more documents: type more of the name"))
    return rows


def _count(documents: "dict[str, list[Document]]") -> int:
    return sum(map(len, documents.values()))


def _bars(job: "Job") -> int:
    """The lines below a job's name: the bar, what is done, how long it takes."""
    if job.progress.doing == "watching":
        return 1
    return 3 if job.progress.rate or job.progress.seconds_left is not None else 2


def _bar(key: str, source: "Source | None", job: "Job | None", number: int) -> TreeRow:
    return TreeRow(f"{key}:bar{number}", "bar", source, job=job, number=number)


def _about(source: "Source", job: "Job | None") -> Iterator[TreeRow]:
    if job is not None and job.state in RUNNING:
        for number in range(_bars(job)):
            yield _bar(source.id, source, job, number)
    else:
        if source.state == "embedding" and source.passages:
            yield _bar(source.id, source, None, 0)
        if source.waits:
            yield TreeRow(f"{source.id}:waits", "hint", source, text=source.waits)
    if source.failed:
        yield TreeRow(f"{source.id}:failed", "bar", source, number=-1)


def _documents(store: "Store", source: "Source", branches: Branches) -> Iterator[TreeRow]:
    documents = store.shelf.documents.get(source.id)
    if documents is None:
        yield TreeRow(f"{source.id}:hint", "hint", source, depth=1, text="reading …")
        return
    if not documents.total:
        yield TreeRow(f"{source.id}:hint", "hint", source, depth=1, text="no documents")
    for place in range(documents.total):
        document = documents.known.get(place)
        if document is None:
            yield TreeRow(f"{source.id}:{place}", "document", source, depth=1, place=place)
        else:
            yield from branches.below(store, source, document, place)


def _document(
    store: "Store", source: "Source", document: "Document", place: int = -1
) -> Iterator[TreeRow]:
    shelf = store.shelf
    is_open = document.id in shelf.open
    yield TreeRow(
        document.id, "document", source, document, open=is_open, depth=1, place=place
    )  # fmt: skip
    if not is_open:
        return
    sections = shelf.sections.get(document.id)
    if sections is None:
        yield TreeRow(f"{document.id}:hint", "hint", source, document, depth=2, text="reading …")
        return
    if not sections:
        text = "no text of it is here"
        yield TreeRow(f"{document.id}:hint", "hint", source, document, depth=2, text=text)
    alone = len(sections) == 1
    for section in sections:
        key = section_key(document.id, section.first)
        section_open = key in shelf.open
        if not alone:
            yield TreeRow(
                key, "section", source, document, section, open=section_open, depth=2
            )  # fmt: skip
        if not (section_open or alone):
            continue
        depth = 2 if alone else 3
        passages = shelf.passages.get(key)
        if passages is None:
            hint = f"{key}:hint"
            yield TreeRow(hint, "hint", source, document, section, depth=depth, text="reading …")
        for passage in passages or ():
            yield TreeRow(passage.id, "passage", source, document, section, passage, depth=depth)
