"""Find the engine of this data directory, or start it.

One engine per data directory: it holds a `flock` on the lock file for its whole life, so the
kernel frees it on any death. The launcher binds and listens before it spawns, and hands both the
lock and the listening socket to the engine: clients may connect at once and wait in the backlog.
"""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from memtui import paths
from memtui.api.errors import StorageError, UnavailableError

_RETRY = 0.02  # seconds between two looks at a lock that somebody else holds
_PATIENCE = 20.0  # seconds until a held lock without an answering socket is an error

LEAN = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Environment of an engine: its threads and Milvus Lite's Arrow share the memory that was freed.
After 500 turns 430 MB instead of 560, and next to no growth."""


def connects(path: Path) -> bool:
    """Whether somebody listens on the Unix socket `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def running_socket() -> Path | None:
    """The socket of the running engine, or None. Starts nothing, creates nothing."""
    try:
        path = Path(paths.lock_file().read_text().strip())
    except OSError:
        return None
    return path if path.is_absolute() and connects(path) else None


def find_or_start() -> Path:
    """The socket of this data directory's engine, which is started when there is none.

    Raises StorageError when the data directory cannot be written, UnavailableError when the
    engine does not come up.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = running_socket()
        if found:
            return found
        try:
            paths.private_dir(paths.data_dir())
            lock = os.open(paths.lock_file(), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(
                f"memtui cannot write to {paths.data_dir()}: {error.strerror}. "
                "Make it writable, or set MEMTUI_HOME to another folder."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            try:
                return running_socket() or _start(lock)
            finally:
                os.close(lock)
        if time.monotonic() > deadline:
            raise UnavailableError(
                f"The engine does not answer although it holds {paths.lock_file()}. "
                "Look into the log that `memtui folder` names, and end that process."
            )
        time.sleep(_RETRY)


def _start(lock: int) -> Path:
    """Bind, listen, spawn. `lock` is held; the engine inherits it."""
    try:
        path = paths.socket_file()
        log_dir = paths.private_dir(paths.state_dir())
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with listener:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(128)
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(path).encode(), 0)
            descriptor = os.open(
                log_dir / "engine.stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            )
            with os.fdopen(descriptor, "wb") as stderr:
                process = subprocess.Popen(
                    [sys.executable, "-m", "memtui.engine", str(listener.fileno()), str(lock)],
                    stdin=subprocess.DEVNULL,
                    stdout=stderr,
                    stderr=stderr,
                    pass_fds=(listener.fileno(), lock),
                    start_new_session=True,
                    cwd="/",
                    env={**LEAN, **os.environ, **_home()},
                )
    except OSError as error:
        raise StorageError(
            f"The engine cannot be started: {error.strerror or error}"
            f"{f' ({error.filename})' if error.filename else ''}. "
            "Free some space or make the folder writable, and try again."
        ) from None
    # A zombie would stay as long as this process lives.
    threading.Thread(target=process.wait, daemon=True).start()
    return path


def _home() -> dict[str, str]:
    """MEMTUI_HOME made absolute: the engine runs in `/`."""
    home = os.environ.get("MEMTUI_HOME")
    return {"MEMTUI_HOME": str(Path(home).expanduser().absolute())} if home else {}


def last_start() -> int:
    """Identifies the last start of an engine: it changes with every one."""
    try:
        return paths.lock_file().stat().st_mtime_ns
    except OSError:
        return 0


def wait_until_gone(seconds: float, start: int = 0) -> bool:
    """Wait until no engine holds the lock any more; False when one still does after `seconds`.

    With `start` (`last_start`), another engine that was started since does not count: an open app
    or a command in another terminal may have been quicker.
    """
    deadline = time.monotonic() + seconds
    while True:
        if start and last_start() != start:
            return True
        try:
            lock = os.open(paths.lock_file(), os.O_RDWR)
        except OSError:
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        finally:
            os.close(lock)
        time.sleep(_RETRY)
