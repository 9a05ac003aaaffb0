"""A search, and the hits it finds."""

from typing import Literal

from pydantic import BaseModel, Field

Mode = Literal["hybrid", "dense", "text"]


Part = Literal["archive", "conversation", "sources"]


class Filters(BaseModel):
    """What a search is narrowed to, besides its scopes.

    `pages` is a choice such as `3-20,25`; passages that reach into one of them count. `since` and
    `until` are ISO-8601 dates or times, UTC when they do not say, of when a passage was stored:
    loaded, archived or said. A date as `until` includes its day.
    """

    document_ids: list[str] | None = None
    pages: str = ""
    since: str = ""
    until: str = ""


class SearchRequest(Filters):
    """Scopes: an agent's own archive and attached sources, or the sources named, or everything.

    `within` chooses among them: an agent's own archive, its conversation, its sources; without an
    agent, those of all.
    """

    query: str
    mode: Mode = "hybrid"
    k: int = Field(10, ge=1, le=100)
    offset: int = Field(0, ge=0)
    agent_id: str | None = None
    source_ids: list[str] | None = None
    document_page: int | None = Field(
        None, ge=1, description="List that page of the documents instead, in reading order."
    )
    within: list[Part] = []
    conversation: bool = Field(False, description="Search the agent's recall memory instead.")
    id: str = Field("", description="Of your making, to ask what this search waits for.")


class Hit(BaseModel):
    """One passage found. A score or rank is None in a channel that did not find it.

    `score` is the fused one (0–1, higher is better), `dense_score` a cosine, `text_score` BM25
    (positive, higher is better). Ranks count from 1. `terms` are matched [start, end) spans in
    `text`. `page` counts from 1. `citation` is how a reply refers to it, such as `[paper p. 3]`.
    `ordinal` is the passage's place in its document, from 0; `start`…`end` are character positions
    there, and those of neighbours may overlap. `joined_to` is the passage id of the best of the
    neighbouring hits on this page, which may be shown as one; empty for that one itself.
    """

    rank: int
    score: float
    dense_score: float | None = None
    dense_rank: int | None = None
    text_score: float | None = None
    text_rank: int | None = None
    terms: list[tuple[int, int]] = []
    text: str
    source: str | None = None
    document: str | None = None
    document_path: str | None = None
    page: int | None = None
    page_end: int | None = None
    page_label: str | None = None
    passage_id: str
    citation: str = ""
    scope: str = ""
    section: str = ""
    source_id: str | None = None
    document_id: str | None = None
    created_at: str = ""
    ordinal: int = 0
    start: int = 0
    end: int = 0
    joined_to: str = ""


class SearchReply(BaseModel):
    """`hits` are one page of `total`. `problem` says why a channel could not take part."""

    query: str
    mode: Mode
    hits: list[Hit]
    total: int = 0
    offset: int = 0
    ms: float = 0.0
    problem: str = ""


class SeenRequest(BaseModel):
    """Which hit: `passage_ids` of the call in `turn_id` that asked for `search.query`; several
    are neighbours that were shown as one.

    Without `turn_id`, or when the turn holds no such hit: as the agent would see it now.
    """

    passage_ids: list[str]
    turn_id: str = ""
    search: SearchRequest


class Seen(BaseModel):
    """A hit as it stands in a tool's result, `text` being all of the result with its envelope.

    `spans` are the [start, end) of the passages in it, as far as it holds them. `shown`: the agent
    got this result; else it is what it would get. `context`: the same result in the context
    window now, where it may have been shortened; empty when it is not in there any more.
    """

    text: str
    spans: list[tuple[int, int]] = []
    shown: bool = False
    context: str = ""


class Waiting(BaseModel):
    """What a search waits for just now, in a few words; empty when it does not run."""

    doing: list[str] = []
