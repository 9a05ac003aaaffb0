"""What `doctor` and `configure` say about the Milvus that the settings name, really tried."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memtui.api.library import LoadRequest
from memtui.engine import doctor
from memtui.engine.engine import Engine
from tests import servers
from tests.engine.helpers import memtui

HOLD = """
import sys
from memtui.archive import Archive
archive = Archive(sys.argv[1])
archive.open("memtui_held_4", 4)
print("open", flush=True)
sys.stdin.read()
archive.close()
"""


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Another process has the Milvus Lite folder open; it has a runtime folder of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "MEMTUI_HOME": str(folder.with_name("other"))},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield process.pid
        process.communicate()


async def test_each_thing_that_is_wrong_is_named(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old.db"
    sqlite3.connect(old).execute("CREATE TABLE t (x)").connection.close()
    taken = tmp_path / "taken"

    async def said(uri: object) -> str:
        monkeypatch.setenv("MEMTUI_ARCHIVE__URI", str(uri))
        await engine.reload()
        (check,) = await engine.doctor(["archive"])
        assert not check.ok
        return check.detail

    assert "http://127.0.0.1:9 cannot be reached. Start it, or check archive.uri" in await said(
        "http://127.0.0.1:9"
    )
    monkeypatch.setenv("WHERE", str(old))
    assert f"{old} is a database file of Milvus Lite 2; Milvus Lite 3 keeps" in await said("$WHERE")
    with held(taken) as pid:
        assert f"{taken} is in use by process {pid}. Close that program" in await said(taken)


def test_configure_tries_the_place_and_keeps_it(lite_server: servers.Server) -> None:
    env = {"MEMTUI_ENGINE__LINGER": "30"}

    def said(uri: str) -> str:
        done = memtui("configure", "--set", f"archive.uri={uri}", "--show", env=env)
        assert uri in done.stdout
        return done.stderr

    assert "saved as it is, but: The Milvus server at http://127.0.0.1:9" in said(
        "http://127.0.0.1:9"
    )
    assert f"Milvus Lite 3.2.2 at {lite_server.uri}, 0 vectors in 0 scopes" in said(lite_server.uri)


@pytest.mark.server
def test_a_milvus_server(milvus: servers.Server) -> None:
    place = ["configure", "--set", f"archive.uri={milvus.uri}"]
    env = {"MEMTUI_ENGINE__LINGER": "30"}
    refused = f"The Milvus server at {milvus.uri} refused the token. Set it with `memtui configure"
    assert refused in memtui(*place, "--set", "archive.token=root:wrong", env=env).stderr
    assert refused in memtui("doctor", check=False).stdout
    good = memtui(*place, "--set", f"archive.token={milvus.token}", env=env).stderr
    assert f"Milvus 2.3.5 at {milvus.uri}, 0 vectors" in good
    assert f"Milvus 2.3.5 at {milvus.uri}" in memtui("doctor").stdout


async def test_a_place_that_does_not_serve_yet_is_tried_as_well(
    engine: Engine, lite_server: servers.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fact.txt").write_text("The harvest is in autumn.")
    await engine.loads.begin(LoadRequest(name="facts", paths=[str(tmp_path / "fact.txt")]))
    while engine.busy():
        await asyncio.sleep(0.05)
    monkeypatch.setenv("MEMTUI_ARCHIVE__URI", "http://127.0.0.1:9")
    await engine.reload()
    serving, chosen = await engine.doctor(["archive"])
    assert (serving.ok, chosen.ok) == (True, False)
    assert "1 vectors in 1 scopes" in serving.detail
    assert "http://127.0.0.1:9 cannot be reached" in chosen.detail
    monkeypatch.setenv("MEMTUI_ARCHIVE__URI", lite_server.uri)
    await engine.reload()
    assert (await engine.doctor(["archive"]))[1].detail == f"Milvus Lite 3.2.2 at {lite_server.uri}"


async def test_a_library_that_outgrows_milvus_lite_is_told_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (check,) = await engine.doctor(["archive"])
    assert "at its best" not in check.detail
    monkeypatch.setattr(doctor, "LITE_PASSAGES", -1)
    (check,) = await engine.doctor(["archive"])
    assert check.ok
    assert "a Milvus server searches this faster" in check.detail
