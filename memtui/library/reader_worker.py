"""The reader process: reads files one after another and sends their passages.

Everything that damaged or hostile files can break runs here: the engine kills it when a file
takes too long, the kernel when it takes too much memory. `python -m memtui.library.reader_worker`
is the plain form; an entry module of the engine's own calls `serve` with index terms and the
embedder's token count.
"""

import contextlib
import dataclasses
import hashlib
import os
import queue
import resource
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from memtui.library import chunking, frames, readers
from memtui.library.document import DocumentText, UnreadableError
from memtui.library.tokens import Measure, estimate

NICENESS = 10
PIECE = 200  # passages a frame
SPENT = 600_000_000  # bytes of memory, at its peak
_TICK = 0.1  # seconds between two reports of pages
_GRACE = 5.0  # seconds after which the kernel ends us when the engine has not

Analyse = Callable[[str], str]
"""A passage's text -> its index terms, separated by spaces."""


def serve(analyse: Analyse | None = None, measure: Measure = estimate) -> None:
    """Answer requests until standard input closes, that is until the engine has gone."""
    requests, replies = _take_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    waiting: queue.SimpleQueue[frames.Frame] = queue.SimpleQueue()
    # A thread of its own notices the engine's end while a file is being read.
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    try:
        while True:
            _answer(waiting.get(), replies, analyse, measure)
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output for ourselves; what a library prints goes to standard error."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, replies


def _receive(requests: IO[bytes], waiting: queue.SimpleQueue[frames.Frame]) -> None:
    with contextlib.suppress(ValueError, OSError):
        while (request := frames.read(requests)) is not None:
            waiting.put(request)
    os._exit(0)


def _answer(
    request: frames.Frame, replies: IO[bytes], analyse: Analyse | None, measure: Measure
) -> None:
    def send(frame: frames.Frame) -> None:
        if frame.get("end") and _is_spent():
            frame["spent"] = True
        replies.write(frames.encode(frame))
        replies.flush()

    _limit_memory(int(request.get("memory", 0)))
    signal.setitimer(signal.ITIMER_REAL, float(request.get("seconds", 0)) + _GRACE)
    name = str(request["name"])
    try:
        if request["do"] == "digest":
            send({"digest": _digest(request["path"]), "end": True})
        elif request["do"] == "fetch":
            from memtui.library import web  # few loads are about web pages

            page = web.fetch(request["url"], request["path"], bool(request["private"]))
            send({"fetched": page, "end": True})
        else:
            for frame in _read(request, send, analyse, measure):
                send(frame)
    except UnreadableError as error:
        send({"failed": str(error), "state": error.state, "end": True})
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        send({"failed": f"{name} cannot be read: {reason}.", "state": "failed", "end": True})
    except (MemoryError, RecursionError):
        sentence = (
            f"{name} needs more memory than a file may take. Split it, or raise load.max_memory_mb."
        )
        send({"failed": sentence, "state": "failed", "end": True})
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything
        sentence = f"{name} is damaged and cannot be read ({type(error).__name__})."
        send({"failed": sentence, "state": "failed", "end": True})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _is_spent() -> bool:
    """Whether this process has grown so much that a new one should read the next file."""
    return _peak() > SPENT


def _peak() -> int:
    """The most memory this process has had, in bytes.

    On Linux `ru_maxrss` begins with that of the process which started us, a big engine's, say.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def _limit_memory(limit: int) -> None:
    if limit > 0:
        with contextlib.suppress(OSError, ValueError):  # macOS knows no such limit
            resource.setrlimit(
                resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1])
            )


def _digest(path: str) -> dict[str, Any]:
    """sha256, size and time of change. Raises OSError; UnreadableError for what is no file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not block
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError(f"{Path(path).name} is not a regular file.")
        digest = hashlib.file_digest(file, "sha256")
    return {"sha256": digest.hexdigest(), "size": status.st_size, "changed": status.st_mtime_ns}


def _read(
    request: frames.Frame,
    send: Callable[[frames.Frame], None],
    analyse: Analyse | None,
    measure: Measure,
) -> Iterator[frames.Frame]:
    path, name = str(request["path"]), str(request["name"])
    before = _digest(path)
    if not before["size"]:
        raise UnreadableError(f"{name} is empty (0 bytes). Get it anew.", "empty")
    last = 0.0

    def on_page(number: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _TICK:
            last = time.monotonic()
            send({"pages": number})

    kind = readers.kind_of(path)
    choices = {key: request.get(key, "") for key in readers.CHOICES.get(kind, ())}
    document = readers.reader_of(kind)(path, name, on_page, **choices)
    if _digest(path) != before:
        raise UnreadableError(f"{name} changed while it was being read. Load it again.")
    limit = int(request.get("characters", 0))
    if limit and sum(len(page.text) for page in document.pages) > limit:
        raise UnreadableError(
            f"{name} holds more than {limit // 1_000_000} MB of text. Split it, or raise "
            "load.max_text_mb."
        )
    yield {"document": _describe(document), "digest": before}
    piece: list[dict[str, Any]] = []
    for chunk in chunking.chunk(document, measure):
        piece.append(
            {**dataclasses.asdict(chunk), "terms": analyse(chunk.text) if analyse else None}
        )
        if len(piece) >= PIECE:
            yield {"passages": piece}
            piece = []
    yield {"passages": piece, "end": True}


def _describe(document: DocumentText) -> dict[str, Any]:
    return {
        "kind": document.kind,
        "title": document.title,
        "author": document.author,
        "pages": sum(page.number is not None for page in document.pages),
        "notes": list(document.notes),
    }


if __name__ == "__main__":
    serve()
    sys.exit(0)
