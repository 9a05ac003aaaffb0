"""A model of one's own machine, in a process of its own."""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from memtui.api.errors import ModelError
from memtui.embedding import frames

if TYPE_CHECKING:
    from memtui.embedding.port import Array

logger = logging.getLogger(__name__)

START_TIMEOUT = 60.0
"""Seconds for the process to load its model (0.5 on an idle machine)."""


@dataclass(eq=False)
class _Job:
    kind: bytes
    text: bytes
    reply: "asyncio.Future[bytes]"
    deaths: int = 0  # processes that ended while they worked on it


class _StartError(Exception):
    """The process ended before it was ready."""


class ProcessEmbedder:
    """An ONNX model, offline. The process starts with the first call.

    Texts go to the process one by one, with one more than it has threads under way, so a query
    is never behind a batch; the process answers queries on a thread of their own. A process that
    dies is replaced and its texts are sent again; a text that ends two processes is a ModelError.
    Belongs to one event loop. `log` receives what the process prints.
    """

    at_once = 16  # threads are kept busy by a queue; more would keep what is urgent waiting
    tokens = 0

    def __init__(
        self,
        model: str,
        slug: str,
        dimension: int,
        arguments: Sequence[str],
        threads: int = 1,
        log: Path | None = None,
    ) -> None:
        """`dimension` is 0 until the process has told it; `arguments` tell it the model."""
        self.model = model
        self.slug = slug
        self.dimension = dimension
        self._arguments = arguments
        self._threads = max(1, threads)
        self._log = log
        self._queries: deque[_Job] = deque()
        self._bulk: deque[_Job] = deque()
        self._sent: dict[int, _Job] = {}
        self._number = 0
        self._process: asyncio.subprocess.Process | None = None  # only while it can take texts
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    async def probe(self) -> int:
        """The dimension; the process is asked when it is not known."""
        if not self.dimension:
            await self.embed_query("dimension")
        return self.dimension

    async def embed(self, texts: Sequence[str]) -> "Array":
        """float32 (len(texts), dimension), rows of length 1. Raises ModelError.

        May be cancelled: texts not yet sent are dropped.
        """
        import numpy as np

        jobs = [self._job(frames.BULK, text) for text in texts]
        # The longest first, so that all threads come to the end together.
        self._bulk.extend(sorted(jobs, key=lambda job: -len(job.text)))
        vectors = await self._wait(jobs)
        made = np.frombuffer(b"".join(vectors), dtype="<f4")
        return made.reshape(len(texts), self.dimension).copy()

    async def embed_query(self, text: str) -> "Array":
        """float32 (dimension,), length 1, at once whatever bulk work waits. Raises ModelError."""
        import numpy as np

        job = self._job(frames.QUERY, text)
        self._queries.append(job)
        (vector,) = await self._wait([job])
        return np.frombuffer(vector, dtype="<f4").copy()

    def set_threads(self, count: int) -> None:
        """Processor cores that bulk work may use from now on, at least 1."""
        self._threads = max(1, count)
        if self._process is not None:
            self._write(frames.THREADS, 0, str(self._threads).encode())
            self._pump()

    async def close(self) -> None:
        """End the process. Whoever waits for a vector gets a ModelError."""
        self._closed = True
        self._fail(self._all_jobs(), ModelError("The embedder was stopped. Try again."))
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        if self._runner is not None:
            if self._process is None:  # still starting
                self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    def _job(self, kind: bytes, text: str) -> _Job:
        if self._closed:
            raise ModelError("The embedder was stopped. Try again.")
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        # Lone surrogates, which some PDFs contain, have no UTF-8 form.
        return _Job(kind, text.encode("utf-8", "replace"), reply)

    async def _wait(self, jobs: Sequence[_Job]) -> list[bytes]:
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        self._pump()
        try:
            return list(await asyncio.gather(*(job.reply for job in jobs)))
        finally:
            for job in jobs:  # of a batch that failed or was cancelled
                job.reply.cancel()

    def _pump(self) -> None:
        """Send what may be sent: every query, and bulk texts while few are under way."""
        if self._process is None:
            return
        under_way = sum(job.kind == frames.BULK for job in self._sent.values())
        while self._queries or (self._bulk and under_way <= self._threads):
            job = (self._queries or self._bulk).popleft()
            if job.reply.done():  # cancelled meanwhile
                continue
            under_way += job.kind == frames.BULK
            self._number = self._number % 0xFFFF_FFFF + 1
            self._sent[self._number] = job
            self._write(job.kind, self._number, job.text)

    def _write(self, kind: bytes, number: int, body: bytes) -> None:
        # Never awaited, so a cancelled caller cannot leave half a frame; little is under way.
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(frames.pack(kind, number, body))

    async def _run(self) -> None:
        """Keep a process while there is something to do for it."""
        failed_starts = 0
        try:
            while not self._closed and any(not job.reply.done() for job in self._all_jobs()):
                try:
                    await self._serve()
                    failed_starts = 0
                except _StartError as error:
                    failed_starts += 1
                    if failed_starts > 1:
                        raise ModelError(str(error)) from None
        except ModelError as error:
            self._fail(self._all_jobs(), error)
        finally:
            self._runner = None

    async def _serve(self) -> None:
        """One process, from its start to its end. Raises _StartError, ModelError."""
        process = await self._start()
        try:
            await self._ready(process)
            self._process = process
            self.set_threads(self._threads)  # it may have changed meanwhile
            while (frame := await _read(process)) is not None:
                kind, number, body = frame
                job = self._sent.pop(number)
                if not job.reply.done():
                    if kind == frames.VECTOR:
                        job.reply.set_result(body)
                    else:
                        job.reply.set_exception(ModelError(body.decode("utf-8", "replace")))
                self._pump()
        finally:
            self._process = None
            await _end(process)
        if not self._closed:
            logger.warning("the embedding process ended with status %s", process.returncode)
            self._send_again(process.returncode)

    def _send_again(self, status: int | None) -> None:
        jobs, self._sent = list(self._sent.values()), {}
        for job in reversed(jobs):
            job.deaths += 1
            if job.deaths > 1:
                self._fail(
                    [job],
                    ModelError(
                        f"The embedding process ended twice ({_ending(status)}) and was given up."
                        f" {self._advice()}"
                    ),
                )
            else:
                (self._queries if job.kind == frames.QUERY else self._bulk).appendleft(job)

    async def _start(self) -> asyncio.subprocess.Process:
        # -P: nothing is imported from the working directory, which may be anybody's.
        command = [sys.executable, "-P", "-m", "memtui.embedding.worker"]
        command += ["--threads", str(self._threads), *self._arguments]
        with contextlib.ExitStack() as stack:
            errors: int = subprocess.DEVNULL
            if self._log is not None:
                with contextlib.suppress(OSError):
                    errors = stack.enter_context(self._log.open("ab")).fileno()
            try:
                return await asyncio.create_subprocess_exec(
                    *command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,  # ^C in the terminal is not meant for it
                    env=os.environ.copy(),  # another thread's import may be changing the original
                )
            except OSError as error:
                raise ModelError(
                    f"The embedding process cannot be started: {error.strerror}. {self._advice()}"
                ) from None

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        try:
            frame = await asyncio.wait_for(_read(process), START_TIMEOUT)
        except TimeoutError:
            raise ModelError(
                f"The embedding process was not ready after {START_TIMEOUT:g} seconds. "
                + self._advice()
            ) from None
        if frame is None:
            await _end(process)
            raise _StartError(
                f"The embedding process ended at its start ({_ending(process.returncode)})."
                f" {self._advice()}"
            )
        kind, _, body = frame
        if kind != frames.READY:
            raise ModelError(body.decode("utf-8", "replace"))
        self.dimension = int(body)

    def _advice(self) -> str:
        where = f"See {self._log} for the cause" if self._log else "Close other programs"
        return f"{where}, then try again; text search works meanwhile."

    def _all_jobs(self) -> list[_Job]:
        return [*self._sent.values(), *self._queries, *self._bulk]

    def _fail(self, jobs: Iterable[_Job], error: ModelError) -> None:
        for job in jobs:
            if not job.reply.done():
                job.reply.set_exception(ModelError(str(error)))
                job.reply.exception()  # seen: gather reports the first one only


async def _read(process: asyncio.subprocess.Process) -> frames.Frame | None:
    assert process.stdout is not None
    try:
        header = await process.stdout.readexactly(frames.HEADER.size)
        kind, number, length = frames.HEADER.unpack(header)
        return kind, number, await process.stdout.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close its input, which ends it; kill it if that does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except (TimeoutError, asyncio.CancelledError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return f"signal {-status}"
    return f"status {status}"
