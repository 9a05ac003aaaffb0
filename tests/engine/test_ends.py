"""How the engine ends: by a signal, in the middle of work, and to make room for another."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memtui import paths
from memtui.api.client import Client
from memtui.api.search import SearchRequest
from tests.engine.helpers import alive, descendants, memtui, memtui_json
from tests.homes import engine_pid

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def _lingers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")


@linux
def test_sigterm_ends_it_in_order(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Copper melts at 1085 degrees Celsius.")
    memtui("load", "directory", "--name", "note", "--input-files", str(note))
    pid = engine_pid()
    assert pid
    family = descendants(pid)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while any(alive(one) for one in family):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not [p for p in Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*") if p.is_socket()]
    assert paths.log_file().read_text().endswith("ended\n")
    assert memtui_json("search", "copper")["hits"]


def test_stopping_in_the_middle_of_a_load_and_of_searches(tmp_path: Path) -> None:
    large = tmp_path / "large.txt"
    large.write_text(
        "\n\n".join(f"Paragraph {n} tells of the {n * 7}th voyage. " * 12 for n in range(300))
    )
    command = [sys.executable, "-m", "memtui", "load", "directory", "--name", "large", str(large)]
    load = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    async def search() -> None:
        async with Client() as client:
            while not any(job.progress.passages for job in await client.jobs()):
                await asyncio.sleep(0.02)
            query = SearchRequest(query="voyage", k=3)
            replies = await asyncio.gather(*(client.search(query) for _ in range(10)))
            assert all(len(reply.hits) == 3 for reply in replies)
            status = await client.status()
            assert (status.jobs, status.clients) == (1, 2)

    asyncio.run(search())
    memtui("engine", "stop")
    _, errors = load.communicate(timeout=60)
    assert load.returncode == 1, errors
    (job,) = memtui_json("list", "jobs")
    assert job["state"] == "interrupted"
    assert job["report"]["passages"] > 0
    assert memtui_json("search", "voyage")["hits"]


async def test_a_client_of_another_kind_is_told_or_starts_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Client() as client:
        first = await client.status()
        assert client.notices == []
        monkeypatch.setenv("OPENAI_API_KEY", "sk-1234567890")
        async with Client() as other:
            assert "other MEMTUI_* settings or API keys" in other.notices[0]
        monkeypatch.setattr("memtui.api.client.__version__", "0.0.1")
        # In this process both are one client; with another app open it would be left alone.
        async with Client() as newer:
            assert (await newer.status()).pid != first.pid
            assert "this is 0.0.1" in newer.notices[0]  # the new one is 0.1.0 again


def test_an_engine_that_cannot_start_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks = "import sys\nif 'memtui.engine' in sys.orig_argv:\n    sys.exit('broken')\n"
    (tmp_path / "sitecustomize.py").write_text(breaks)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = memtui("list", "sources", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The engine ends as soon as it has started.")
    assert len(done.stderr.splitlines()) == 1
    assert "broken" in (paths.state_dir() / "engine.stderr").read_text()
