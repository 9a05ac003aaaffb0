"""An archive of each kind: Milvus Lite on its Unix socket, and a server over TCP.

The server is Milvus Lite's own, which speaks the same protocol and knows partition keys.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memtui.archive import Archive
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


@pytest.fixture(params=["lite", "server"])
def archive(request: pytest.FixtureRequest) -> Iterator[Archive]:
    if request.param == "lite":
        yield request.getfixturevalue("lite")
        return
    archive = Archive(request.getfixturevalue("address"), token="user:secret")
    archive.open(COLLECTION, DIMENSION)
    yield archive
    archive.close()
