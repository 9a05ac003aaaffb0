"""The fixtures of this folder; `tests/conftest.py` makes them known to all tests."""

import platform
import sys
from collections.abc import Iterator

import pytest

from tests import servers

HAS_WHEEL = sys.platform == "linux" and platform.machine() == "x86_64"


@pytest.fixture(scope="session")
def milvus_of_session() -> Iterator[servers.Server]:
    if not HAS_WHEEL:
        pytest.skip("the wheel of the Milvus server is for Linux on x86-64")
    server = servers.milvus()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def milvus(milvus_of_session: servers.Server) -> servers.Server:
    """Milvus 2.3.5, running and empty; the token is that of its administrator."""
    milvus_of_session.start()  # a test that failed may have left it killed
    client = milvus_of_session.client()
    for name in client.list_collections():
        client.drop_collection(name)
    client.close()
    return milvus_of_session


@pytest.fixture
def lite_server() -> Iterator[servers.Server]:
    server = servers.milvus_lite()
    try:
        server.start()
        yield server
    finally:
        server.stop()
