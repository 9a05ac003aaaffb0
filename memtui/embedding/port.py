"""What every embedder can do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float32]]


class Embedder(Protocol):
    """Turns texts into vectors of length 1. Every call raises ModelError with a full sentence."""

    @property
    def model(self) -> str:
        """The model's name, for people."""

    @property
    def slug(self) -> str:
        """`[a-z0-9_]+`; two embedders with one slug make vectors that may be compared."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector; 0 while that is not known (see `probe`)."""

    async def probe(self) -> int:
        """Find out the dimension, asking the model when needed. It is kept from then on."""

    async def embed(self, texts: Sequence[str]) -> "Array":
        """Bulk work: float32 of shape (len(texts), dimension), rows of length 1."""

    async def embed_query(self, text: str) -> "Array":
        """One query: float32 of shape (dimension,). It does not wait for bulk work."""

    def set_threads(self, count: int) -> None:
        """How many processor cores bulk work may use from now on."""

    async def close(self) -> None:
        """Free everything. Calls that wait end with a ModelError."""
