"""What is handed to the record, and small helpers for ids, times and JSON."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from memtui.api.agents import Citation, MessageKind, ToolCall, Usage
from memtui.api.search import Hit


@dataclass(frozen=True)
class NewDocument:
    """A file that was read. `pages` is 0 where there are none; `error` what went wrong in part."""

    path: str
    name: str
    kind: str
    sha256: str
    size: int
    pages: int = 0
    title: str = ""
    author: str = ""
    error: str = ""
    only_pages: str = ""


@dataclass(frozen=True)
class NewPassage:
    """`start`…`end` are character positions in the document, pages count from 1.

    `terms` are its index terms if the caller has made them already (in a reader process, say).
    """

    ordinal: int
    text: str
    page: int | None = None
    page_end: int | None = None
    page_label: str | None = None
    section: str = ""
    start: int = 0
    end: int = 0
    terms: str | None = None


@dataclass(frozen=True)
class NewMessage:
    """A row of the history to be. `ms` is how long the tool or the model took.

    `recall` is what conversation search shall find of it (empty: nothing); `source_ids` are the
    sources that text drew on, with which it will vanish from conversation search again.
    """

    kind: MessageKind
    text: str = ""
    thought: str = ""
    tool: ToolCall | None = None
    tool_call_id: str = ""
    ok: bool = True
    hits: Sequence[Hit] = ()
    total: int = 0
    citations: Sequence[Citation] = ()
    usage: Usage | None = None
    ms: float = 0.0
    recall: str = ""
    source_ids: Sequence[str] = ()
    in_context: bool = True
    created_at: datetime | None = None


@dataclass(frozen=True)
class Shown:
    """A passage that an agent was shown: all that a citation of it needs."""

    passage_id: str
    citation: str
    source_id: str | None
    source: str | None
    document_id: str | None
    document: str | None
    page: int | None
    page_end: int | None
    page_label: str | None


def new_id(size: int = 6) -> str:
    """`size` random bytes as [0-9a-f]: safe in file names, partition names and filters.

    Passages get 8: among a million of them, two are alike with probability 3e-8.
    """
    return secrets.token_hex(size)


def stamp(moment: datetime | None = None) -> str:
    """`moment` (naive: UTC; None: now) as UTC ISO-8601 with microseconds, so that texts sort."""
    moment = moment or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_json(value: BaseModel | Sequence[BaseModel] | None) -> str | None:
    """JSON of a model or of several; None for None and for an empty sequence.

    Lone surrogates, which a model's tool arguments may contain, become question marks: nothing
    that reads them back could print or send them.
    """
    if value is None or (not isinstance(value, BaseModel) and not value):
        return None
    if isinstance(value, BaseModel):
        plain: object = value.model_dump()
    else:
        plain = [one.model_dump() for one in value]
    text = json.dumps(plain, ensure_ascii=False, default=str)
    return text.encode("utf-8", "replace").decode()
