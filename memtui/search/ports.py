"""What search needs from the other parts. The engine hands in what has these shapes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from memtui.api.library import Passage

Scored = tuple[str, float]
"""A passage id and its score in one channel; higher is better."""


class Words(NamedTuple):
    """What the text channel looks for: any of `terms`.

    A phrase is terms with spaces between; of each list in `phrases` one should occur. With
    `strict` it must, and none of `excluded` may.
    """

    terms: Sequence[str]
    phrases: Sequence[Sequence[str]] = ()
    excluded: Sequence[str] = ()
    strict: bool = False


class TextChannel(Protocol):
    """BM25 over the record. Best first; positive scores. `scopes=None` is everything."""

    async def __call__(
        self, scopes: Sequence[str] | None, words: Words, limit: int
    ) -> Sequence[Scored]: ...


class DenseChannel(Protocol):
    """Cosine over the vector index. Best first. `scopes=None` is everything.

    Raises UnavailableError when Milvus does not answer.
    """

    async def __call__(
        self, scopes: Sequence[str] | None, vector: Any, limit: int
    ) -> Sequence[Scored]: ...


class QueryEncoder(Protocol):
    """A query as a vector of the model that embedded the passages.

    Raises UnavailableError or ModelError when there is no vector to be had just now.
    """

    async def __call__(self, query: str) -> Any: ...


class Passages(Protocol):
    """The passages with these ids; ids that are gone are left out."""

    async def many(self, ids: Sequence[str]) -> Mapping[str, Passage]: ...
