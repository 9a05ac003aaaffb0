"""One engine per data directory: started on demand, found again, ended in order."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memtui import paths
from memtui.api import launch
from memtui.api.client import Client
from tests.engine.helpers import alive, descendants, make_pdf, memtui, memtui_json, sockets_of
from tests.homes import engine_pid

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def wait_for(condition, seconds: float = 20.0) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_status_starts_nothing(home: Path) -> None:
    status = memtui_json("engine", "status")
    assert status["running"] is False
    assert not home.exists()


def test_ten_commands_at_once_share_one_engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "memtui", "list", "sources", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(10)
    ]
    for command in commands:
        out, err = command.communicate(timeout=60)
        assert (command.returncode, out.strip(), err) == (0, "[]", "")
    assert paths.log_file().read_text().count(" starts") == 1


def test_later_commands_find_it_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    memtui("list", "sources")
    first = memtui_json("engine", "status")
    memtui("list", "agents")
    second = memtui_json("engine", "status")
    assert first["pid"] == second["pid"]
    assert first["linger"] == 600


def test_it_ends_by_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "0.3")
    memtui("list", "sources")
    assert launch.wait_until_gone(60)
    assert memtui_json("engine", "status")["running"] is False


async def test_who_comes_while_it_ends_is_served_by_the_next(home: Path) -> None:
    """Without a linger it ends right after each client, and the next one comes just then: who is
    let in is served to the end.
    """
    for wait in range(0, 150, 15):
        async with Client() as client:
            first = (await client.status()).pid
            await asyncio.sleep(0.15)  # long enough for an engine to go that was about to
            assert (await client.status()).pid == first
        await asyncio.sleep(wait / 1000)


@linux
def test_stop_ends_every_process(home: Path, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    pdf = make_pdf(tmp_path / "paper.pdf", ["Copper melts at 1085 degrees Celsius."])
    memtui("load", "directory", "--name", "paper", "--input-files", str(pdf))
    memtui("search", "copper")
    pid = engine_pid()
    assert pid
    family = descendants(pid)
    assert len(family) > 1, "no worker was running: the test proves nothing"
    memtui("engine", "stop")
    wait_for(lambda: not any(alive(one) for one in family))
    assert not [p for p in Path(os.environ["XDG_RUNTIME_DIR"]).rglob("*") if p.is_socket()]


@linux
def test_a_killed_engine_takes_its_workers_along_and_is_replaced(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    pdf = make_pdf(tmp_path / "paper.pdf", ["Copper melts at 1085 degrees Celsius."])
    memtui("load", "directory", "--name", "paper", "--input-files", str(pdf))
    pid = engine_pid()
    assert pid
    family = descendants(pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(alive(one) for one in family))
    hits = memtui_json("search", "copper")["hits"]
    assert hits[0]["page"] == 1
    assert engine_pid() != pid


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_everything_is_private_whatever_the_umask(
    home: Path, tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    before = os.umask(umask)
    try:
        note = tmp_path / "note.txt"
        note.write_text("Copper melts at 1085 degrees Celsius.")
        memtui("load", "directory", "--name", "note", "--input-files", str(note))
        memtui("configure", "--set", "llm.api_key=secret")
    finally:
        os.umask(before)
    runtime = paths.runtime_dir()
    for file in [home, *home.rglob("*"), runtime, runtime.parent, *runtime.rglob("*")]:
        mode = stat.S_IMODE(file.stat().st_mode)
        assert not mode & 0o077, f"{file} has mode {mode:o}"
    assert stat.S_IMODE(paths.socket_file().stat().st_mode) == 0o600


@linux
def test_no_tcp_port_is_open(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    note = tmp_path / "note.txt"
    note.write_text("Copper melts at 1085 degrees Celsius.")
    memtui("load", "directory", "--name", "note", "--input-files", str(note))
    memtui("search", "copper")
    pid = engine_pid()
    assert pid
    for one in descendants(pid):
        inodes = sockets_of(one)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            rows = Path(f"/proc/{one}/net/{table}").read_text().splitlines()[1:]
            mine = [row for row in rows if row.split()[9] in inodes]
            assert not mine, f"process {one} owns {table} sockets: {mine}"


def test_a_foreign_socket_folder_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = Path(os.environ["XDG_RUNTIME_DIR"])
    elsewhere = base / "elsewhere"
    elsewhere.mkdir()
    (base / "memtui").symlink_to(elsewhere)
    done = memtui("list", "sources", check=False)
    assert done.returncode == 1
    assert "not a folder of yours" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_record_of_a_newer_memtui_is_refused_in_one_sentence(home: Path) -> None:
    import sqlite3

    memtui("list", "sources")
    assert launch.wait_until_gone(20)
    with sqlite3.connect(paths.record_file()) as connection:
        connection.execute("PRAGMA user_version = 999")
    done = memtui("list", "sources", check=False)
    assert done.returncode == 1
    assert "newer memtui" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_api_documents_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    memtui("list", "sources")
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(launch.running_socket()))
        raw.sendall(b"GET /openapi.json HTTP/1.0\r\nHost: memtui\r\n\r\n")
        body = b"".join(iter(lambda: raw.recv(65536), b"")).split(b"\r\n\r\n", 1)[1]
    assert "/v1/search" in json.loads(body)["paths"]
