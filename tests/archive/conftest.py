"""An archive of each kind: Milvus Lite on its Unix socket, Milvus Lite's own server over TCP, which
speaks the same protocol and knows partition keys, and a Milvus server (marked `server`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memtui.archive import Archive
from tests import servers
from tests.archive.rows import COLLECTION, DIMENSION


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "milvus.db"


@pytest.fixture
def lite(folder: Path) -> Iterator[Archive]:
    archive = Archive(str(folder))
    archive.open(COLLECTION, DIMENSION)
    yield archive
    archive.close()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    from milvus_lite.adapter.grpc.server import start_server_in_thread

    server, database, port = start_server_in_thread(str(tmp_path / "server"))
    yield f"http://127.0.0.1:{port}"
    server.stop(grace=None).wait()
    database.close()


@pytest.fixture
def at_milvus(milvus: servers.Server) -> Iterator[Archive]:
    archive = Archive(milvus.uri, token=milvus.token)
    archive.open(COLLECTION, DIMENSION)
    yield archive
    archive.close()


@pytest.fixture
def at_address(address: str) -> Iterator[Archive]:
    archive = Archive(address, token="user:secret")
    archive.open(COLLECTION, DIMENSION)
    yield archive
    archive.close()


@pytest.fixture(
    params=["lite", "at_address", pytest.param("at_milvus", marks=pytest.mark.server)],
    ids=["lite", "lite over TCP", "milvus"],
)
def archive(request: pytest.FixtureRequest) -> Archive:
    made: Archive = request.getfixturevalue(request.param)
    return made
