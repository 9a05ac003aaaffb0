"""Every failure of SQLite or of the file system as a sentence, in one place."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memtui.api.errors import ConflictError, MemtuiError, StorageError, UnavailableError

_UNWRITABLE = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
)


def explain(error: sqlite3.Error | OSError, path: Path) -> MemtuiError:
    """The sentence for `error`. The transaction it happened in was rolled back."""
    if isinstance(error, OSError):
        return StorageError(
            f"{path} cannot be opened or written: {error.strerror or error}."
            " Check the folder, its permissions and the space on its disk."
        )
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the primary code
    if code == sqlite3.SQLITE_FULL:
        return StorageError(
            f"The disk that holds {path} is full. Nothing was changed."
            " Free some space and try again."
        )
    if code in _UNWRITABLE:
        return StorageError(
            f"{path} cannot be written. Check the permissions of the file and of its folder."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StorageError(
            f"The disk failed while {path} was read or written ({error})."
            " Check that it is healthy and has free space, then try again."
        )
    if code == sqlite3.SQLITE_NOTADB:
        return not_a_record(path)
    if code == sqlite3.SQLITE_CORRUPT:
        return StorageError(
            f"{path} is damaged ({error}). Stop memtui, put a copy of the file away,"
            " and restore a backup in its place."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UnavailableError(
            f"{path} is in use by another program. Close that program and try again."
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return ConflictError(
            f"The change does not fit what is recorded now ({error})."
            " It was probably deleted or added meanwhile; look again."
        )
    return StorageError(f"{path} could not be read or written: {error}. Run `memtui doctor`.")


def not_a_record(path: Path) -> StorageError:
    return StorageError(
        f"{path} is not a memtui record. Move it away, or set MEMTUI_HOME to another folder."
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns sqlite3.Error into the errors of memtui.api."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path) from error
