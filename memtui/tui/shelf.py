"""What the app has read of the sources: pages of documents, sections, passages; what is unfolded.

No Textual, no I/O. Documents are read in pages, as they come into view; what has grown old is
shown until it was read again.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memtui.api.library import Document, Passage, Section

PAGE = 100
"""Documents that are read at a time."""

BEGINNING = 400
"""Characters of a passage that are kept."""


@dataclass
class Documents:
    """The documents of a source as far as they were read. `total` is what it has in all."""

    total: int
    known: dict[int, "Document"] = field(default_factory=dict)  # by place
    fresh: set[int] = field(default_factory=set)  # pages that are as the engine has them
    asked: set[int] = field(default_factory=set)  # pages that are being read

    def put(self, number: int, total: int, documents: "list[Document]") -> None:
        """Page `number` was read."""
        self.asked.discard(number)
        self.fresh.add(number)
        self.total = total
        begin = number * PAGE
        for place in [p for p in self.known if p >= total or begin <= p < begin + PAGE]:
            del self.known[place]
        self.known.update(enumerate(documents, begin))

    def wants(self, place: int) -> bool:
        """Whether the page of this place is to be read."""
        return place // PAGE not in self.fresh and place // PAGE not in self.asked


@dataclass(frozen=True, slots=True)
class Leaf:
    """A passage as the tree shows it: `text` is its beginning."""

    id: str
    text: str
    ordinal: int
    page: int | None
    page_end: int | None
    page_label: str | None
    section: str


@dataclass
class Found:
    """What the filter leaves: the documents of each source, by its id, that bear the words."""

    text: str
    total: int
    documents: dict[str, "list[Document]"]


class Shelf:
    def __init__(self) -> None:
        self.open: set[str] = set()  # keys of what is unfolded
        self.documents: dict[str, Documents] = {}  # by id of their source
        self.sections: dict[str, list[Section]] = {}  # by id of their document
        self.passages: dict[str, list[Leaf]] = {}  # by key of their section
        self.filter = ""
        self.found: Found | None = None
        self.version = 0  # of the tree below the sources
        self.versions: dict[str, int] = {}  # of what is below a document, by its id

    def changed(self, document_id: str = "") -> None:
        """Something in the tree has changed, below that document perhaps."""
        self.version += 1
        if document_id:
            self.versions[document_id] = self.version

    def toggle(self, key: str) -> bool:
        """Fold or unfold; whether it is open now."""
        self.open ^= {key}
        self.changed(key.partition("/")[0])
        return key in self.open

    def clear(self) -> None:
        """Everything is to be read again; what is unfolded stays so."""
        self.documents.clear()
        self.sections.clear()
        self.passages.clear()
        self.versions.clear()
        self.changed()

    def put_passages(self, document_id: str, section: "Section", passages: "list[Passage]") -> None:
        """What the tree shows of them: thousands of whole texts would fill the memory."""
        self.passages[section_key(document_id, section.first)] = [
            Leaf(
                passage.id,
                passage.text[:BEGINNING],
                passage.ordinal,
                passage.page,
                passage.page_end,
                passage.page_label,
                passage.section,
            )
            for passage in passages
        ]
        self.changed(document_id)

    def drop(self, source_id: str) -> None:
        """The source has gone."""
        self.documents.pop(source_id, None)
        self.open.discard(source_id)

    def grown_old(self, source_id: str) -> None:
        """The documents of the source have changed."""
        if source_id in self.documents:
            self.documents[source_id].fresh.clear()
            self.changed()


def section_key(document_id: str, first: int) -> str:
    return f"{document_id}/{first}"
