"""Real worker processes; hostile readers are put into them by an entry of the test's own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memtui.library import frames
from memtui.library.document import UnreadableError
from memtui.library.files import FoundFile
from memtui.library.reader_pool import PLAIN_WORKER, Limits, ReaderPool
from tests.library.helpers import make_pdf

HOSTILE = """
import os, sys, time
from memtui.library import readers, reader_worker
from memtui.library.readers import text

def read(path, name, on_page):
    order = open(path).read().split()[0]
    if order == "crash": os.kill(os.getpid(), 11)
    if order == "exit": os._exit(3)
    if order == "hang":
        import re
        re.match("(a+)+$", "a" * 64 + "b")  # holds the interpreter's lock
    if order == "bomb": held = [bytearray(1 << 20) for _ in range(10_000)]
    if order == "print": print("noise", flush=True); os.system("echo noise")
    if order == "raise": raise KeyError("what")
    if order == "change": open(path, "a").write("more"); time.sleep(0.01)
    return text.read(path, name, on_page)

readers.reader_of = lambda kind: read
reader_worker.serve(lambda text: text.upper())
"""


@asynccontextmanager
async def pool(
    argv: Sequence[str] = (sys.executable, "-c", HOSTILE), **limits: float
) -> AsyncIterator[ReaderPool]:
    made = ReaderPool(argv, size=1, limits=Limits(**limits))  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


def text_file(tmp_path: Path, content: str) -> FoundFile:
    path = tmp_path / "x.txt"
    path.write_text(content)
    return FoundFile(str(path), len(content))


def silent(pages: int) -> None:
    pass


async def test_reads_a_pdf_and_reports_pages(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf", [f"Page {n} says something." for n in range(1, 41)], title="T"
    )
    file = FoundFile(str(path), path.stat().st_size)
    pages: list[int] = []
    async with pool(PLAIN_WORKER) as reader:
        digest = await reader.digest(file)
        reading = await reader.read(file, pages.append)
    document = reading.document
    assert (document.kind, document.title, document.pages) == ("pdf", "T", 40)
    assert (document.path, document.name) == (str(path), "a.pdf")
    assert (document.sha256, document.size) == (digest.sha256, digest.size)
    assert len(document.sha256) == 64
    assert pages[-1] == 40
    assert [passage.ordinal for passage in reading.passages] == list(range(len(reading.passages)))
    assert "Page 40" in reading.passages[-1].text
    assert reading.passages[-1].page_end == 40
    assert reading.passages[0].terms is None


async def test_terms_are_made_in_the_worker(tmp_path: Path) -> None:
    async with pool() as reader:
        reading = await reader.read(text_file(tmp_path, "some words"), silent)
    assert reading.passages[0].terms == "SOME WORDS"


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ("crash", "x.txt crashed its reader. The file is probably damaged"),
        ("exit", "x.txt crashed its reader."),
        ("hang", "Reading x.txt took more than 0.6 seconds, so it was given up."),
        ("bomb", "x.txt needs more memory than a file may take."),
        ("raise", "x.txt is damaged and cannot be read (KeyError)."),
        ("change", "x.txt changed while it was being read. Load it again."),
    ],
)
async def test_a_bad_file_costs_only_itself(tmp_path: Path, order: str, reason: str) -> None:
    if order == "bomb" and sys.platform == "darwin":
        pytest.skip("macOS limits no memory")
    seconds = 0.6 if order == "hang" else 60
    async with pool(memory=400_000_000) as reader:
        await reader.read(text_file(tmp_path, "good"), silent)  # the process is warm
        reader.limits = Limits(seconds=seconds, memory=400_000_000)
        with pytest.raises(UnreadableError) as problem:
            await reader.read(text_file(tmp_path, order), silent)
        assert str(problem.value).startswith(reason)
        assert problem.value.state == "failed"
        reader.limits = Limits(memory=400_000_000)
        reading = await reader.read(text_file(tmp_path, "good again"), silent)
        assert reading.passages[0].text == "good again"


async def test_what_libraries_print_does_no_harm(tmp_path: Path) -> None:
    async with pool() as reader:
        reading = await reader.read(text_file(tmp_path, "print this"), silent)
    assert reading.passages[0].text == "print this"


async def test_empty_vanished_and_endless_text(tmp_path: Path) -> None:
    async with pool(characters=1_000_000) as reader:
        for content, state, reason in (
            ("", "empty", "x.txt is empty (0 bytes)."),
            ("word " * 300_000, "failed", "x.txt holds more than 1 MB of text."),
        ):
            with pytest.raises(
                UnreadableError, match=reason.replace("(", ".").replace(")", ".")
            ) as p:
                await reader.read(text_file(tmp_path, content), silent)
            assert p.value.state == state
        with pytest.raises(UnreadableError, match=r"no\.txt cannot be read: no such file"):
            await reader.digest(FoundFile(str(tmp_path / "no.txt"), 0))
        os.mkfifo(tmp_path / "p.txt")
        with pytest.raises(UnreadableError, match=r"p\.txt is not a regular file"):
            await reader.digest(FoundFile(str(tmp_path / "p.txt"), 0))


async def test_cancelling_kills_the_worker(tmp_path: Path) -> None:
    async with pool() as reader:
        await reader.read(text_file(tmp_path, "good"), silent)
        process = reader._idle[0].process
        task = asyncio.create_task(reader.read(text_file(tmp_path, "hang"), silent))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert process.returncode == -signal.SIGKILL


async def test_resting_ends_idle_workers_only_until_the_next_file(tmp_path: Path) -> None:
    async with pool() as reader:
        await reader.read(text_file(tmp_path, "good"), silent)
        process = reader._idle[0].process
        await reader.rest()
        assert process.returncode is not None
        assert (await reader.read(text_file(tmp_path, "good"), silent)).passages


def test_a_worker_ends_with_its_engine(tmp_path: Path) -> None:
    """Even in the middle of a file: the pipe closes when the engine is killed."""
    (tmp_path / "x.txt").write_text("wait")
    code = HOSTILE.replace(
        'if order == "exit"', 'if order == "wait": time.sleep(600)\n    if order == "exit"'
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        request = {"do": "read", "path": str(tmp_path / "x.txt"), "name": "x.txt", "seconds": 600}
        process.stdin.write(frames.encode(request))
        process.stdin.flush()
        time.sleep(0.3)
        process.stdin.close()
        assert process.wait(30) == 0


def test_frames() -> None:
    frame = {"path": "caf\udce9", "n": 1}
    data = frames.encode(frame)
    length = frames.body_length(data[:4])
    assert length == len(data) - 4
    assert frames.decode(data[4:]) == frame
    with pytest.raises(ValueError, match="bytes"):
        frames.body_length(b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match="object"):
        frames.decode(b"[]")
