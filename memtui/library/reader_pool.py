"""Reader processes that the engine can kill: a bad file costs its own process, nothing else."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from memtui.api.errors import UnavailableError
from memtui.library import frames
from memtui.library.document import UnreadableError
from memtui.library.files import FoundFile
from memtui.library.ports import Digest, ReadDocument, Reading, ReadPassage

PLAIN_WORKER = (sys.executable, "-P", "-m", "memtui.library.reader_worker")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take. `memory` is address space of the process in bytes, where the system
    limits it; `characters` are those of its text."""

    seconds: float = 120.0
    memory: int = 1_500_000_000
    characters: int = 100_000_000


class _WorkerDiedError(Exception):
    """The process ended in the middle of an answer. `status` as subprocess has it."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Worker:
    process: asyncio.subprocess.Process

    async def ask(self, frame: frames.Frame) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(frames.encode(frame))
            await self.process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise _WorkerDiedError(await self.process.wait()) from None

    async def answer(self) -> frames.Frame:
        assert self.process.stdout is not None
        try:
            header = await self.process.stdout.readexactly(frames.HEADER.size)
            return frames.decode(await self.process.stdout.readexactly(frames.body_length(header)))
        except (asyncio.IncompleteReadError, ConnectionResetError):
            raise _WorkerDiedError(await self.process.wait()) from None
        except ValueError:  # it writes rubbish
            raise _WorkerDiedError(None) from None

    async def end(self) -> None:
        """Kill it, with everything it started, and wait for its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@dataclass
class ReaderPool:
    """Up to `size` reader processes, started when needed. Implements the port Reader.

    `argv` starts one: a module that calls `reader_worker.serve`. `log` receives what the
    libraries print (default: nothing). `private` says whether web pages may come from this machine
    and its networks. Use it on one event loop.
    """

    argv: Sequence[str] = PLAIN_WORKER
    size: int = field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1))
    limits: Limits = field(default_factory=Limits)
    log: int = subprocess.DEVNULL
    private: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self._idle: list[_Worker] = []
        self._slots = asyncio.Semaphore(self.size)
        self._closed = False

    async def fetch(self, url: str, template: FoundFile) -> FoundFile:
        """A web page as a file in the folder `template.path`; the rest is as in `template`.

        Raises UnreadableError.
        """
        found: dict[str, Any] = {}
        await self._run("fetch", replace(template, url=url), found.update)
        return replace(template, **found["fetched"])

    async def digest(self, file: FoundFile) -> Digest:
        """Raises UnreadableError."""
        found: dict[str, Any] = {}
        await self._run("digest", file, found.update)
        return Digest(found["digest"]["sha256"], found["digest"]["size"])

    async def read(self, file: FoundFile, on_pages: Callable[[int], None]) -> Reading:
        """The document and its passages. `on_pages` hears the number of pages read so far.

        Raises UnreadableError with the reason when the file gives nothing, whatever happened.
        """
        found: dict[str, Any] = {}
        passages: list[ReadPassage] = []

        def take(frame: frames.Frame) -> None:
            if "pages" in frame:
                on_pages(frame["pages"])
            passages.extend(ReadPassage(**passage) for passage in frame.get("passages", ()))
            found.update({key: frame[key] for key in ("document", "digest") if key in frame})

        await self._run("read", file, take)
        described, digest = found["document"], found["digest"]
        if not passages:
            raise UnreadableError(f"{file.name} contains no text.", "empty")
        document = ReadDocument(
            path=file.key,
            name=(file.url and described["title"]) or file.name,
            title=described["title"],
            author=described["author"],
            kind=described["kind"],
            sha256=digest["sha256"],
            size=digest["size"],
            pages=described["pages"],
        )
        on_pages(document.pages)
        return Reading(document, passages, described["notes"])

    async def close(self) -> None:
        """End all processes; those in use end with their file."""
        self._closed = True
        await self.rest()

    async def rest(self) -> None:
        """End the processes that have nothing to do, and give their memory back."""
        workers, self._idle = self._idle, []
        await asyncio.gather(*(worker.end() for worker in workers))

    async def _run(
        self, what: str, file: FoundFile, take: Callable[[frames.Frame], object]
    ) -> None:
        """One request to a worker; a worker that fails is ended and never used again."""
        request = {
            "do": what,
            "path": file.path,
            "name": file.name,
            "seconds": self.limits.seconds,
            "memory": self.limits.memory,
            "characters": self.limits.characters,
            "pages": file.pages,
            "password": file.password,
            "url": file.url,
            "private": self.private(),
        }
        async with self._slots:
            worker = self._idle.pop() if self._idle else await self._start()
            healthy = False
            try:
                async with asyncio.timeout(self.limits.seconds):
                    await worker.ask(request)
                    while True:
                        frame = await worker.answer()
                        healthy = bool(frame.get("end")) and not frame.get("spent")
                        if "failed" in frame:
                            raise UnreadableError(frame["failed"], frame["state"])
                        take(frame)
                        if frame.get("end"):
                            break
            except TimeoutError:
                raise UnreadableError(
                    f"Reading {file.name} took more than {self.limits.seconds:g} seconds, "
                    "so it was given up. If it is not damaged, raise load.max_seconds."
                ) from None
            except _WorkerDiedError as died:
                raise UnreadableError(self._autopsy(file, died.status)) from None
            finally:
                if healthy and not self._closed:
                    self._idle.append(worker)
                else:
                    await asyncio.shield(worker.end())

    async def _start(self) -> _Worker:
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                start_new_session=True,
                env=os.environ.copy(),  # another thread's import may be changing the original
            )
        except OSError as error:
            raise UnavailableError(
                f"The reader process cannot be started: {error.strerror}. Try again."
            ) from None
        return _Worker(process)

    def _autopsy(self, file: FoundFile, status: int | None) -> str:
        """Why a worker died, as a sentence about the file."""
        if status is not None and -status in {signal.SIGKILL, signal.SIGABRT}:
            # the kernel's out-of-memory killer, or a library that could allocate no more
            return f"{file.name} crashed its reader, out of memory perhaps. {_REPAIR}"
        return f"{file.name} crashed its reader. {_REPAIR}"


_REPAIR = "The file is probably damaged: repair it (for example with qpdf) and load it again."
