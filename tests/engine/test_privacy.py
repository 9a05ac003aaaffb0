"""Offline use reaches for nobody: no connection is attempted, by any process, anywhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memtui.api import launch
from tests.engine.helpers import make_pdf, memtui, memtui_json

HOOK = """
import os, sys

def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        target = arguments[1] if event == "socket.connect" else arguments[0]
        if isinstance(target, (str, bytes)) and event == "socket.connect":
            return  # a Unix socket
        with open(os.environ["CONNECT_LOG"], "a") as log:
            log.write(f"{os.getpid()} {event} {target!r}\\n")

sys.addaudithook(hook)
"""


def use(folder: Path) -> None:
    """What a user does offline: load, attach, ask, search, remember."""
    pdf = make_pdf(folder / "metals.pdf", ["Copper melts at 1085 degrees Celsius.", "Tin is soft."])
    memtui("load", "directory", "--name", "metals", "--input-files", str(pdf))
    memtui("add", "agent", "--name", "Ada", "--persona", "memgpt_doc")
    memtui("attach", "Ada", "metals")
    reply = memtui_json("ask", "--agent", "Ada", "At what temperature does copper melt?")
    assert "1085" in reply["reply"]
    assert reply["citations"][0]["page"] == 1
    assert memtui_json("search", "copper")["hits"]


def test_the_hook_sees_a_connection(tmp_path: Path) -> None:
    log = tmp_path / "log"
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    subprocess.run(
        [sys.executable, "-c", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "CONNECT_LOG": str(log)},
        check=True,
    )
    assert "127.0.0.1" in log.read_text()


def test_no_connection_is_attempted(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    log.touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CONNECT_LOG", str(log))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-only-offers-its-provider")
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    use(tmp_path)
    memtui("engine", "stop")
    assert log.read_text() == ""


def test_it_works_without_any_network_interface(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let us make a network namespace")
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    note = tmp_path / "note.txt"
    note.write_text("Copper melts at 1085 degrees Celsius.")
    # The first command starts the engine, which stays in the namespace it was started in.
    load = f"memtui load directory --name note --input-files {note}"
    done = subprocess.run(
        [unshare, "-rn", sys.executable, "-m", *load.split()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Loaded 1 passages and 1 documents from note" in done.stdout
    assert launch.running_socket() is not None
    reply = memtui_json("ask", "--source", "note", "At what temperature does copper melt?")
    assert "1085" in reply["reply"]
