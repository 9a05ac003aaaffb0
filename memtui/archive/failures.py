"""What pymilvus, gRPC and Milvus Lite raise, as sentences that say what to do."""

import contextlib
import re
from collections.abc import Iterator

from memtui.api.errors import MemtuiError, StorageError, UnavailableError
from memtui.api.plain import plain_line

_FULL = re.compile(r"no space left|disk quota exceeded|file too large", re.IGNORECASE)
_FORBIDDEN = re.compile(r"permission denied|read-only file system", re.IGNORECASE)
_PRIVILEGE = re.compile(r"permission.den(y|ied)", re.IGNORECASE)
_WHICH_PRIVILEGE = re.compile(r"Privilege\w+")
_TOKEN = re.compile(
    r"unauthenticated|auth check failure|invalid.{0,20}token|not authenticated", re.I
)
_GONE = re.compile(
    r"unavailable|fail(ed)? connecting|failed to connect|deadline.exceeded|timeout"
    r"|connection refused|gaierror|unreachable|no route to host|closed channel|cancelled"
    r"|should create connection|no available rootcoord|not healthy|not ready",
    re.IGNORECASE,
)
_DATABASE = re.compile(r"database not found|database .{0,80} does not exist", re.IGNORECASE)


class RefusedError(ValueError):
    """Our own caller passed a name or a vector that can never be stored: a bug, not a failure."""


class Place:
    """Where the archive is, for the sentences. `secret` is kept out of them."""

    def __init__(self, uri: str, secret: str, local: bool) -> None:
        # http://user:password@host is a legal address
        self.name = re.sub(r"//[^/@]*@", "//", uri)
        self.local = local
        self._secret = secret

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turns every exception of the body into a MemtuiError; those and RefusedError stay."""
        try:
            yield
        except (MemtuiError, RefusedError):
            raise
        except Exception as error:  # gRPC's, pymilvus', OSError, ValueError …
            raise self.sentence(error) from error

    def sentence(self, error: BaseException) -> MemtuiError:
        """The error to raise for `error`."""
        text = " ".join(_texts(error))
        if _FULL.search(text):
            return StorageError(
                f"The disk is full: {self._whose()} could not be written. Free some space; "
                "indexing then goes on by itself, and text search works meanwhile."
            )
        if self.local and _FORBIDDEN.search(text):
            return StorageError(
                f"{self.name} cannot be written. Give yourself the right to write there, or set "
                "archive.uri to another folder."
            )
        if self.local and isinstance(error, FileNotFoundError | NotADirectoryError):
            return StorageError(
                f"{self.name} cannot be made: {error.strerror}. Set archive.uri to another folder."
            )
        if not self.local and _TOKEN.search(text):
            return UnavailableError(
                f"The Milvus server at {self.name} refused the token. Set it with "
                "`memtui configure --set archive.token=…`."
            )
        if not self.local and _PRIVILEGE.search(text):
            which = _WHICH_PRIVILEGE.search(text)
            what = f" ({which[0]})" if which else ""
            return UnavailableError(
                f"The Milvus server at {self.name} does not let this user make, load and write "
                f"collections{what}. Give it that right there, or set archive.token to another "
                "user's."
            )
        if not self.local and _DATABASE.search(text):
            return UnavailableError(
                f"The Milvus server at {self.name} has no such database. Create it there, or "
                "change archive.database."
            )
        if self.local and _GONE.search(text):
            return UnavailableError(
                f"The archive {self.name} does not answer just now. Try again in a moment; text "
                "search works meanwhile."
            )
        if _GONE.search(text):
            return UnavailableError(
                f"The Milvus server at {self.name} cannot be reached. Start it, or check "
                "archive.uri; text search works meanwhile."
            )
        return UnavailableError(
            f"{self._whose(True)} answered with an error: {self._quote(error)}. Text search works "
            "meanwhile; the engine's log has the details."
        )

    def _whose(self, first: bool = False) -> str:
        if self.local:
            return f"{'The' if first else 'the'} archive {self.name}"
        return f"{'The' if first else 'the'} Milvus server at {self.name}"

    def _quote(self, error: BaseException) -> str:
        text = str(getattr(error, "message", "") or error) or type(error).__name__
        if self._secret:
            text = text.replace(self._secret, "…")
        return plain_line(text, 200).rstrip(". ")


def _texts(error: BaseException | None) -> Iterator[str]:
    """What `error` says and what caused it, as far as that can be known."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__name__} {error}"
        code = getattr(error, "code", None)  # pymilvus hides a refused token behind its cause
        yield str(code() if callable(code) else code)
        error = error.__cause__ or error.__context__
