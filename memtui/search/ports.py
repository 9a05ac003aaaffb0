"""What search needs from the other parts. The engine hands in what has these shapes."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from memtui.api.library import Passage

Scored = tuple[str, float]
"""A passage id and its score in one channel; higher is better."""


class TextChannel(Protocol):
    """BM25 over the record. Best first; positive scores. `scopes=None` is everything."""

    async def __call__(
        self, scopes: Sequence[str] | None, terms: Sequence[str], limit: int
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
