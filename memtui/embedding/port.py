"""What every embedder can do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from memtui.api.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float32]]


class Embedder(Protocol):
    """Turns texts into vectors of length 1.

    Every call raises ModelError with a full sentence, or UnavailableError for what may pass.
    """

    @property
    def model(self) -> str:
        """The model's name, for people."""

    @property
    def slug(self) -> str:
        """`[a-z0-9_]+`; two embedders with one slug make vectors that may be compared."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector; 0 while that is not known (see `probe`)."""

    @property
    def at_once(self) -> int:
        """Texts that a call of `embed` should have at least, so that nothing idles."""

    @property
    def tokens(self) -> int:
        """Those that a provider has counted since the start; 0 for a model of one's own."""

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


class UnusableEmbedder:
    """A model that cannot be used: every call raises ModelError with `sentence`."""

    at_once = 1
    tokens = 0

    def __init__(self, model: str, slug: str, dimension: int, sentence: str) -> None:
        self.model, self.slug, self.dimension = model, slug, dimension
        self._sentence = sentence

    async def probe(self) -> int:
        raise ModelError(self._sentence)

    async def embed(self, texts: Sequence[str]) -> "Array":
        raise ModelError(self._sentence)

    async def embed_query(self, text: str) -> "Array":
        raise ModelError(self._sentence)

    def set_threads(self, count: int) -> None:
        pass

    async def close(self) -> None:
        pass
