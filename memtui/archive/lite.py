"""Milvus Lite, served on a Unix socket.

Given a path, pymilvus would serve Milvus Lite on an unauthenticated TCP port of the loopback
interface, which every local user can read. Milvus Lite can serve on a Unix socket as well.
"""

import contextlib
import logging
import os
import stat
from pathlib import Path
from urllib.parse import quote

from memtui import paths
from memtui.api.errors import StorageError, UnavailableError

logger = logging.getLogger(__name__)

MAX_SOCKET_PATH = 103
"""Bytes: sun_path of macOS (104 with the final NUL; Linux has 108)."""

THREADS = 4
"""Threads of the gRPC server; each costs memory, and every request holds the GIL anyway."""


class LiteServer:
    """An open Milvus Lite folder and its server. Only one process can have it open."""

    def __init__(self, folder: Path, socket: Path) -> None:
        """Open `folder` (made when missing, 0700) and listen on `socket` (0600 in a 0700 folder).

        Raises StorageError, UnavailableError; OSError for what the file system refuses.
        """
        if len(os.fsencode(socket)) > MAX_SOCKET_PATH:
            raise StorageError(
                f"The path of the socket {socket} is too long. Set XDG_RUNTIME_DIR or TMPDIR to a "
                "folder with a shorter path."
            )
        self.socket = socket
        self._check(folder)
        paths.private_dir(folder)
        paths.private_dir(socket.parent)
        if not os.access(socket.parent, os.W_OK | os.X_OK):
            raise StorageError(
                f"Milvus Lite cannot listen in {socket.parent}. Give yourself the right to write "
                "there, or set XDG_RUNTIME_DIR to another folder."
            )
        if stat.S_IMODE(socket.parent.stat().st_mode) & 0o077:
            raise StorageError(
                f"Other users can enter {socket.parent}, where Milvus Lite would listen. "
                f"Run `chmod 700 {socket.parent}`."
            )

        from milvus_lite.adapter.grpc.server import start_server_in_thread
        from milvus_lite.exceptions import DataDirLockedError

        try:
            self._server, self._db, _ = start_server_in_thread(
                str(folder), host="unix", port=quote(os.fsencode(socket)), max_workers=THREADS
            )
        except DataDirLockedError:
            raise _locked(folder) from None
        try:
            socket.chmod(0o600)  # the folder keeps others out until then
        except OSError:
            self.close()
            raise

    @property
    def uri(self) -> str:
        """What pymilvus connects to."""
        return f"unix:{quote(os.fsencode(self.socket))}"  # gRPC decodes per cents

    def close(self) -> None:
        """Stop serving, write what is pending, free the lock, remove the socket."""
        self._server.stop(grace=2).wait()
        self._db.close()
        with contextlib.suppress(OSError):
            self.socket.unlink(missing_ok=True)

    @staticmethod
    def _check(folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            if not _is_database(folder):
                raise StorageError(f"{folder} is no folder. Set archive.uri to a folder.")
            raise StorageError(
                f"{folder} is a database file of Milvus Lite 2; Milvus Lite 3 keeps a folder. Move "
                f"it away (mv '{folder}' '{folder}.old') and memtui indexes everything again from "
                "its own record."
            )
        if folder.is_dir() and not (folder / "collections").is_dir() and any(folder.iterdir()):
            raise StorageError(
                f"{folder} contains other files and is no Milvus Lite folder. Set archive.uri to "
                "a folder of its own."
            )


def _is_database(path: Path) -> bool:
    """Whether `path` may be what Milvus Lite 2 left, which was a file of SQLite."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(15) == b"SQLite format 3"


def _locked(folder: Path) -> UnavailableError:
    holder = _holder(folder / "LOCK")
    if holder == os.getpid():
        return UnavailableError(f"{folder} is open already in this process.")
    who = f"process {holder}" if holder else "another process"
    return UnavailableError(
        f"{folder} is in use by {who}. Close that program, or set archive.uri to another folder; "
        "text search works meanwhile."
    )


def _holder(lock: Path) -> int | None:
    """The process that holds a flock on `lock`, where the system says so (Linux)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = lock.stat().st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            # 1: FLOCK  ADVISORY  WRITE 12345 08:01:1234567 0 EOF
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
                return int(fields[4]) if int(fields[4]) > 0 else None
    return None


def quiet_libraries() -> None:
    """Import pymilvus and milvus_lite so that they log like everybody else and read no `.env`.

    pymilvus installs handlers that write to stderr when it is imported.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
    import milvus_lite  # noqa: F401
    import pymilvus  # noqa: F401

    for name in ("pymilvus", "pymilvus.milvus_client", "pymilvus.bulk_writer", "milvus_lite"):
        library = logging.getLogger(name)
        # The null handler keeps logging's last resort, stderr, out of it.
        library.handlers = [logging.NullHandler()]
        library.propagate = True
        library.setLevel(logging.WARNING)


def return_memory() -> None:
    """Give memory that Arrow and glibc keep after reading and writing files to the system."""
    import ctypes

    import pyarrow  # type: ignore[import-untyped]

    pyarrow.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)
