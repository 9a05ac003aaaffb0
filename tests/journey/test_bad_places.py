"""Bad surroundings, through the real commands: models that do not answer, a full disk, folders
that cannot be written, data of a newer memtui, a tiny terminal."""

import ctypes
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memtui import paths
from memtui.api import launch
from tests.engine.helpers import make_pdf, memtui, memtui_json
from tests.fakes import ScriptedServer, fail, garbage, plain, say, stall
from tests.journey.refusals import COPPER, load, refused, told
from tests.journey.terminal import Terminal

pytestmark = pytest.mark.usefixtures("no_traceback")


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.mark.usefixtures("in_process")
def test_models_that_do_not_answer() -> None:
    replies = {
        "key": fail(401, "Incorrect API key provided", code="invalid_api_key"),
        "unknown": fail(404, "The model does not exist", code="model_not_found"),
        "garbage": garbage(),
        "broken": garbage(b'data: {"choices": 7}\n\ndata: [DONE]\n\n', "text/event-stream"),
        "silent": stall(),
        "mute": plain(""),
    }
    well = [False]

    def script(body: dict[str, Any]) -> Any:
        return say("All is well.") if well[0] else replies[body["model"]]

    with ScriptedServer(script) as server:
        bases = dict.fromkeys(replies, server.api_base)
        bases["nowhere"] = f"http://127.0.0.1:{closed_port()}/v1"
        settings = []
        for name, base in bases.items():
            settings += [
                f"--set=models.{name}.model=openai/{name}",
                f"--set=models.{name}.api_base={base}",
                f"--set=models.{name}.api_key=sk-wrong-1234567890",
                f"--set=models.{name}.max_wait=2",
                f"--set=models.{name}.idle_timeout=2",
            ]
        memtui("configure", *settings)
        memtui("configure", "--set=models.strange.model=nosuchprovider/model")
        for name in (*bases, "strange"):
            memtui("add", "agent", f"--name={name}", f"--model={name}")
        for model in ("nosuchprovider/model", "gpt-nosuch", "Strange"):
            refused("add", "agent", "--name=x", f"--model={model}", says="or one of your own: ")
        assert "x" not in {agent["name"] for agent in memtui_json("list", "agents")}
        memtui("add", "agent", "--name=known", "--model=openai/gpt-4o-mini")
        said = {}
        for name in (*bases, "strange"):
            done = memtui("ask", f"--agent={name}", "Hello?", check=False)
            lines = told(done)
            assert (done.returncode, done.stdout, len(lines)) == (1, "", 1), (name, done)
            assert "sk-wrong" not in done.stderr
            said[name] = lines[0]
        for name, word in {
            "key": "models.key.api_key=…",
            "unknown": "unknown",
            "nowhere": "connection refused",
            "silent": "2",
            "strange": "nosuchprovider",
            "mute": "the model answered nothing",
        }.items():
            assert word in said[name], said
        failed = memtui("ask", "--agent=key", "Hello?", "--json", check=False)
        reply = json.loads(failed.stdout)
        assert (failed.returncode, reply["status"], reply["problem"]) == (1, "failed", said["key"])
        # Nothing is lost: with a server that works, the same agent goes on.
        well[0] = True
        assert memtui("ask", "--agent=garbage", "Hello?").stdout == "All is well.\n"


@pytest.fixture
def disk(home: Path) -> Iterator[Callable[[bool], None]]:
    """The home on a small disk of its own; `disk(True)` fills it, `disk(False)` frees it."""
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", str(home)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk takes root")
    filling = home / "filling"

    def fill(full: bool) -> None:
        filling.unlink(missing_ok=True)
        with filling.open("wb") as file:
            while full:
                try:
                    os.write(file.fileno(), bytes(4096))
                except OSError:
                    return

    try:
        yield fill
    finally:
        if launch.running_socket() is not None:
            memtui("engine", "stop")
        subprocess.run(["umount", "-l", str(home)], check=True)


def test_a_full_disk(disk: Callable[[bool], None], tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    more = tmp_path / "more.txt"
    more.write_text(f"Tin melts at 232 degrees. {COPPER}")
    load("paper", paper)
    disk(True)
    full = {"says": "is full. Nothing was changed. Free some space and try again."}
    refused("load", "directory", "--name=more", str(more), **full)
    refused("load", "directory", "--name=paper", str(more), "--replace", **full)
    refused("add", "agent", "--name=A", **full)
    refused("delete", "source", "paper", "-y", **full)
    assert memtui_json("search", "copper")["hits"], "what is there is still found"
    memtui("engine", "stop")
    started = memtui("list", "sources", check=False)  # works, or says why not
    assert started.returncode == 0 or "Free some space" in told(started)[0]
    disk(False)
    load("more", more)
    assert load("paper", more, options=("--replace",)) == []
    assert {source["indexed"] for source in memtui_json("list", "sources")} == {1}


def obey_permissions() -> None:
    """In a child before it starts: root, too, is bound by the permissions of files (Linux)."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="root ignores permissions elsewhere")
def test_a_data_directory_that_cannot_be_written(home: Path, tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    home.mkdir(mode=0o500)
    says = "memtui cannot write to"
    for arguments in (["list", "sources"], ["load", "directory", "--name=x", str(paper)]):
        assert "set MEMTUI_HOME" in refused(*arguments, says=says, preexec_fn=obey_permissions)
    assert list(home.iterdir()) == []
    home.chmod(0o700)
    load("x", paper)
    memtui("engine", "stop")

    record = paths.record_file()
    record.chmod(0o400)
    paths.data_dir().chmod(0o500)
    for _ in range(2):
        refused("list", "sources", says="cannot be", preexec_fn=obey_permissions)
    paths.data_dir().chmod(0o700)
    record.chmod(0o600)
    assert memtui_json("search", "copper", preexec_fn=obey_permissions)["hits"]


@pytest.mark.usefixtures("in_process")
def test_a_data_directory_of_a_newer_memtui(home: Path, tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    load("x", paper)
    memtui("engine", "stop")
    with sqlite3.connect(paths.record_file()) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = paths.record_file().read_bytes()
    for arguments in (["list", "sources"], ["load", "directory", "--name=x", str(paper)]):
        refused(*arguments, says="was written by a newer memtui")
    assert paths.record_file().read_bytes() == before
    with sqlite3.connect(paths.record_file()) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    assert memtui_json("search", "copper")["hits"]


def test_a_tiny_terminal() -> None:
    app = [sys.executable, "-m", "memtui", "run", "--persona=memgpt_doc"]
    with Terminal(app, columns=40, lines=10) as terminal:
        terminal.wait_for("Nothing is attached yet.", "❯")  # the agent's greeting
        terminal.type("What is memtui?")
        terminal.wait_for("❯ What is memtui?")
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.raw
    assert len(memtui_json("list", "agents")) == 1
