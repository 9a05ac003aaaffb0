"""Errors as sentences. Each says what happened, to what, and what to do next.

The engine turns them into an HTTP status and a JSON body, the client turns that back into the
same class, the command line into an exit status.
"""

from typing import ClassVar


class MemtuiError(Exception):
    """Something failed. `str(error)` is the whole sentence for the user."""

    kind: ClassVar[str] = "failed"
    status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1


class UsageError(MemtuiError):
    """The request itself is wrong: an impossible name, a bad option."""

    kind = "usage"
    status = 400
    exit_status = 2


class NotFoundError(MemtuiError):
    """No such agent, source, passage …"""

    kind = "not_found"
    status = 404


class ConflictError(MemtuiError):
    """It exists already, or something else is using it."""

    kind = "conflict"
    status = 409


class ModelError(MemtuiError):
    """The language model or the embedding provider refused, or answered garbage."""

    kind = "model"
    status = 502


class ContextOverflowError(ModelError):
    """The messages do not fit the model's context window; `window` is its size, if it was said."""

    def __init__(self, text: str, window: int = 0) -> None:
        super().__init__(text)
        self.window = window


class UnavailableError(MemtuiError):
    """The engine, Milvus or another part cannot be reached just now."""

    kind = "unavailable"
    status = 503


class StorageError(MemtuiError):
    """The disk is full or read-only, or the data belongs to a newer memtui."""

    kind = "storage"
    status = 507


ERRORS: dict[str, type[MemtuiError]] = {
    error.kind: error
    for error in (
        MemtuiError,
        UsageError,
        NotFoundError,
        ConflictError,
        ModelError,
        UnavailableError,
        StorageError,
    )
}
