"""A disk that fills in the middle of a load: it stops with a sentence, and space completes it.

Once on a small disk of its own, where mounting is permitted; and once, without any privilege, by
the kernel's limit on the size of the engine's files.
"""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memtui import paths
from memtui.api import launch
from tests.engine.helpers import memtui, memtui_json
from tests.homes import engine_pid
from tests.journey.stores import verify

DOCUMENTS = 150
SPARE = 700_000
"""Bytes that the load may write before the disk is full: less than it needs."""

Fill = Callable[[bool], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(DOCUMENTS):
        (made / f"{number:03}.txt").write_text(f"Report {number} tells of the {number}th voyage.")
    return made


@pytest.fixture(params=["disk", "limit"])
def fill(request: pytest.FixtureRequest, home: Path) -> Iterator[Fill]:
    """`fill(True)` leaves the running engine little space, `fill(False)` enough."""
    make = mounted if request.param == "disk" else limited
    yield from make(home)


def mounted(home: Path) -> Iterator[Fill]:
    home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(home)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk takes root; the kernel's limit is tried all the same")
    filling = home / "filling"

    def fill(full: bool) -> None:
        filling.unlink(missing_ok=True)
        if full:
            room = os.statvfs(home)
            with filling.open("wb") as file:
                file.write(bytes(room.f_bavail * room.f_frsize - SPARE))

    try:
        yield fill
    finally:
        if launch.running_socket() is not None:
            memtui("engine", "stop")
        subprocess.run(["umount", "-l", str(home)], check=True)


def limited(home: Path) -> Iterator[Fill]:
    if sys.platform != "linux":
        pytest.skip("only Linux can limit another process")

    def fill(full: bool) -> None:
        pid = engine_pid()
        assert pid
        log = Path(f"{paths.record_file()}-wal")
        limit = log.stat().st_size + SPARE if full else resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    yield fill


@pytest.mark.timeout(300)
def test_a_disk_that_fills_during_a_load(
    fill: Fill, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    first = tmp_path / "first.txt"
    first.write_text("Copper melts at 1085 degrees.")
    memtui("load", "directory", "--name", "metals", "--input-files", str(first))
    fill(True)
    load = ("load", "directory", "--name", "reports", "--input-dir", str(folder))
    stopped = memtui(*load, check=False)
    assert stopped.returncode == 1
    last = stopped.stderr.splitlines()[-1]
    assert "disk" in last.lower(), stopped.stderr
    assert "space" in last
    assert "Traceback" not in stopped.stderr
    (source,) = (s for s in memtui_json("list", "sources") if s["name"] == "reports")
    assert 0 < source["passages"] < DOCUMENTS
    assert memtui_json("search", "copper")["hits"], "what is there is still found"
    fill(False)
    done = memtui(*load)
    assert done.stdout == f"Loaded {DOCUMENTS} passages and {DOCUMENTS} documents from reports\n"
    assert "by its words" not in done.stderr, done.stderr
    memtui("engine", "stop")
    assert sorted(verify([first, *folder.iterdir()]).values()) == [1, DOCUMENTS]
