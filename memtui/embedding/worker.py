"""The embedding process: `python -m memtui.embedding.worker --threads N [--model F | --folder F]`.

Frames come in on standard input and go out on standard output (see `frames`). It runs at low
priority and ends at once when its input closes, so it never outlives the engine.
"""

import argparse
import contextlib
import ctypes
import os
import queue
import threading
from pathlib import Path
from typing import BinaryIO, Protocol

from memtui.embedding import folders, frames, model_file
from memtui.embedding.model_file import ModelFileError

NICE = 10
"""Below the app and the engine: with equal priority a key press waited 390 ms instead of 48."""


class Model(Protocol):
    def embed(self, text: str, query: bool = False) -> bytes: ...


class Worker:
    """Queries are answered at once by the reading thread; bulk texts by `set_threads` others."""

    def __init__(self, model: Model, replies: BinaryIO) -> None:
        self._model = model
        self._replies = replies
        self._writing = threading.Lock()
        self._bulk: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
        self._threads = 0
        self._waiting = 0

    def set_threads(self, count: int) -> None:
        for _ in range(self._threads, count):
            threading.Thread(target=self._work, daemon=True).start()
        for _ in range(count, self._threads):
            self._bulk.put(None)
        self._threads = count

    def handle(self, kind: bytes, number: int, body: bytes) -> None:
        if kind == frames.THREADS:
            self.set_threads(int(body))
            return
        with self._writing:
            self._waiting += 1
        text = body.decode("utf-8", "replace")
        if kind == frames.QUERY:
            self._answer(number, text, query=True)
        else:
            self._bulk.put((number, text))

    def _work(self) -> None:
        while (job := self._bulk.get()) is not None:
            self._answer(*job)

    def _answer(self, number: int, text: str, query: bool = False) -> None:
        try:
            reply = frames.pack(frames.VECTOR, number, self._model.embed(text, query))
        except Exception as error:  # noqa: BLE001 - one bad text must not end the process
            sentence = f"The embedding model failed on a text: {error}."
            reply = frames.pack(frames.FAILURE, number, sentence.encode("utf-8", "replace"))
        with self._writing:
            try:
                self._replies.write(reply)
                self._replies.flush()
            except OSError:  # the engine has gone
                os._exit(0)
            self._waiting -= 1
            idle = self._waiting == 0
        if idle:
            return_memory()


def return_memory() -> None:
    """Give freed memory back to the system: 100 MB of 250 after some texts (glibc keeps it)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    with contextlib.suppress(OSError):
        os.nice(NICE)
    # Whatever a library prints must not get between the frames.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        from memtui.embedding.onnx import OnnxModel

        folder = arguments.folder
        model = OnnxModel(folders.read(folder) if folder else model_file.files(arguments.model))
        worker = Worker(model, replies)
    except ModelFileError as error:
        replies.write(frames.pack(frames.FAILURE, 0, str(error).encode()))
        replies.flush()
        return
    worker.set_threads(arguments.threads)
    return_memory()
    replies.write(frames.pack(frames.READY, 0, str(model.dimension).encode()))
    replies.flush()
    while (frame := frames.read(lambda count: os.read(0, count))) is not None:
        worker.handle(*frame)
    os._exit(0)  # without waiting for texts that nobody will ask for


if __name__ == "__main__":
    main()
