"""What a search waits for just now, for whoever watches it."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

WORDS, MEANING, VECTORS, ARCHIVE = (
    "the words",
    "the meaning of the question",
    "the nearest vectors",
    "the archive to open",
)

_steps: ContextVar[list[str] | None] = ContextVar("steps", default=None)


class Waiting:
    """Searches by the ids that their clients gave them."""

    def __init__(self) -> None:
        self._searches: dict[str, list[str]] = {}

    @contextlib.contextmanager
    def search(self, search_id: str) -> Iterator[None]:
        """What runs inside is the search `search_id`; without an id nobody watches."""
        if not search_id:
            yield
            return
        steps = self._searches[search_id] = []
        token = _steps.set(steps)
        try:
            yield
        finally:
            _steps.reset(token)
            self._searches.pop(search_id, None)

    def of(self, search_id: str) -> list[str]:
        return list(self._searches.get(search_id, ()))


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """While what runs inside keeps the search waiting."""
    steps = _steps.get()
    if steps is None:
        yield
        return
    steps.append(name)
    try:
        yield
    finally:
        steps.remove(name)
