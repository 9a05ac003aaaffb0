"""Sources, documents, passages and jobs as they cross the seam."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from memtui.api.errors import UsageError
from memtui.api.pages import canonical

DocumentState = Literal[
    "waiting", "reading", "embedding", "indexed", "unindexed", "unchanged", "scanned", "empty",
    "failed",
]  # fmt: skip
"""`unindexed`: some of its passages have no vector, and the load that would make them was
cancelled."""
SourceState = Literal["empty", "loading", "embedding", "ready", "failed"]
JobKind = Literal["load", "reindex"]
JobState = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]


class Source(BaseModel):
    """A named set of documents. `documents` are files; `indexed` counts passages with a vector."""

    name: str
    documents: int = 0
    pages: int = 0
    passages: int = 0
    indexed: int = 0
    failed: int = 0
    embedding_model: str
    state: SourceState
    waits: str = Field("", description="What keeps it from getting its vectors.")
    id: str
    description: str = ""
    created_at: datetime


class Document(BaseModel):
    id: str
    source_id: str
    source: str
    name: str
    path: str
    title: str = ""
    author: str = ""
    kind: str
    sha256: str
    size: int
    pages: int = Field(description="Pages of a PDF; 0 for a file without pages.")
    passages: int = 0
    indexed: int = 0
    state: DocumentState
    error: str = ""
    only_pages: str = Field("", description="Which pages were asked for; empty for all.")
    also: list[str] = Field([], description="Other files of the source with the same content.")
    loaded_at: datetime


class DocumentPage(BaseModel):
    """Some of the documents that were asked for, and how many there are in all."""

    total: int
    documents: list[Document]


class Section(BaseModel):
    """A page of a document, or what stands under a heading: `passages` of them from `first` on,
    counted in the document from 0."""

    title: str = ""
    page: int | None = None
    page_label: str | None = None
    first: int
    passages: int


class RetryRequest(BaseModel):
    """`password` opens encrypted PDFs."""

    password: str = Field("", repr=False)


class Passage(BaseModel):
    """A piece of a document, of the agent's own archive, or of the conversation.

    `page`…`page_end` count from 1 (None where there are none); `start`…`end` are character
    positions in the document's text.
    """

    id: str
    scope: str
    text: str
    ordinal: int = 0
    page: int | None = None
    page_end: int | None = None
    page_label: str | None = None
    section: str = ""
    start: int = 0
    end: int = 0
    source_id: str | None = None
    source: str | None = None
    document_id: str | None = None
    document: str | None = None
    document_path: str | None = None
    created_at: datetime
    indexed_at: datetime | None = None


class PassageInContext(BaseModel):
    """A passage among its neighbours in the same document, in order."""

    passage: Passage
    before: list[Passage] = []
    after: list[Passage] = []


def _pages(text: str) -> str:
    try:
        return canonical(text)
    except UsageError as error:
        raise ValueError(str(error)) from None


class LoadRequest(BaseModel):
    """`paths` are absolute files; or `directory`, absolute; or `urls`. `extensions` like `.pdf`.

    `exclude` are patterns as in a .gitignore; `pages` selects pages of PDFs, like `3-20,25`;
    `prune` removes what has vanished from the folder; `watch` keeps the source in step with the
    folder until the job is cancelled.
    """

    name: str
    paths: list[str] = []
    directory: str | None = None
    urls: list[str] = []
    recursive: bool = False
    extensions: list[str] = []
    exclude: list[str] = []
    password: str = Field("", repr=False)
    pages: Annotated[str, AfterValidator(_pages)] = ""
    replace: bool = False
    prune: bool = False
    watch: bool = False
    description: str = ""


class LoadCost(BaseModel):
    """What the embedding model takes for a load at most, in dollars; None where it costs nothing
    or no price is known. Judged by the size of the files that are not loaded yet."""

    model: str
    cost: float | None = None


class LoadFailure(BaseModel):
    path: str
    reason: str


class LoadReport(BaseModel):
    """What a load did with each file. `documents_as_pages`: a PDF counts its pages, others one."""

    added: int = 0
    unchanged: int = 0
    replaced: int = 0
    renamed: int = 0
    pruned: int = 0
    vanished: list[str] = Field([], description="Files that are gone; their passages are kept.")
    failures: list[LoadFailure] = []
    notes: list[str] = []
    passages: int = Field(0, description="Passages in the source afterwards.")
    documents_as_pages: int = Field(0, description="The original's count of documents.")


class Progress(BaseModel):
    """Where a job is. `rate` is passages indexed a second, `seconds_left` an estimate."""

    files: int = 0
    files_total: int = 0
    pages: int = 0
    passages: int = 0
    indexed: int = 0
    bytes: int = 0
    bytes_total: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    cost: float = Field(0.0, description="Dollars that the embedding model has cost so far.")
    doing: str = ""


class Job(BaseModel):
    id: str
    kind: JobKind = "load"
    source_id: str | None = None
    source: str = ""
    state: JobState
    progress: Progress = Progress()
    report: LoadReport | None = None
    error: str = ""
    created_at: datetime
    ended_at: datetime | None = None
