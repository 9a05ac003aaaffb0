"""A server that is absent, or that refuses."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest

from memtui.api.errors import StorageError, UnavailableError
from memtui.archive import Archive
from memtui.archive.failures import Place
from tests.archive.rows import COLLECTION, DIMENSION, rows, vector


class _Refuse(grpc.ServerInterceptor):
    """Answers every call with `code` and `details`."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._answer = (code, details)

    def intercept_service(self, continuation: Callable[..., Any], details: Any) -> Any:
        def refuse(request: Any, context: grpc.ServicerContext) -> None:
            context.abort(*self._answer)

        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.fixture
def refusing() -> Iterator[Callable[[grpc.StatusCode, str], str]]:
    servers = []

    def start(code: grpc.StatusCode, details: str) -> str:
        server = grpc.server(futures.ThreadPoolExecutor(1), interceptors=[_Refuse(code, details)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return f"http://127.0.0.1:{port}"

    yield start
    for server in servers:
        server.stop(None).wait()


def test_no_server_is_explained_and_soon() -> None:
    archive = Archive("http://127.0.0.1:9", token="user:hidden-secret")
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:9 cannot be reached"):
        archive.open(COLLECTION, DIMENSION)
    assert time.monotonic() - began < 3


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=f":{port} cannot be reached"):
            Archive(f"http://127.0.0.1:{port}").open(COLLECTION, DIMENSION)
        assert time.monotonic() - began < 15  # 3, and the import of pymilvus


def test_a_host_that_does_not_exist_is_explained() -> None:
    with pytest.raises(UnavailableError, match=r"http://nowhere\.invalid:19530 cannot be reached"):
        Archive("http://nowhere.invalid:19530").open(COLLECTION, DIMENSION)


def test_a_refused_token_is_explained(refusing: Callable[..., str]) -> None:
    address = refusing(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check token")
    with pytest.raises(UnavailableError, match=r"refused the token.*archive\.token") as caught:
        Archive(address, token="user:hidden-secret").open(COLLECTION, DIMENSION)
    assert "hidden-secret" not in str(caught.value)


def test_any_other_answer_is_quoted_without_the_token(refusing: Callable[..., str]) -> None:
    address = refusing(grpc.StatusCode.INVALID_ARGUMENT, "bad \x1b[31m hidden-secret")
    with pytest.raises(UnavailableError) as caught:
        Archive(address, token="hidden-secret").open(COLLECTION, DIMENSION)
    assert "hidden-secret" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("address", ["ftp://example", "http://", "http://example:port"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UnavailableError, match=r"no address of a Milvus server.*archive\.uri"):
        Archive(address).open(COLLECTION, DIMENSION)


def test_a_missing_database_is_explained(address: str) -> None:
    with pytest.raises(UnavailableError, match=r"no such database.*archive\.database"):
        Archive(address, database="nowhere").open(COLLECTION, DIMENSION)


def test_an_index_that_was_never_finished_is_made_at_the_next_opening(address: str) -> None:
    from pymilvus import MilvusClient

    from memtui.archive.rows import schema

    client = MilvusClient(address, dedicated=True)
    client.create_collection(COLLECTION, schema=schema(DIMENSION, partition_key=True))
    archive = Archive(address)
    assert archive.open(COLLECTION, DIMENSION) is False
    assert client.list_indexes(COLLECTION) == ["dense"]
    archive.write(rows("source_a", 3))
    assert len(archive.search(["source_a"], vector(0), 9)) == 3
    archive.close()
    client.close()


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (OSError(28, "No space left on device"), StorageError, "disk is full"),
        (OSError(122, "Disk quota exceeded"), StorageError, "disk is full"),
        (PermissionError(13, "Permission denied"), StorageError, "right to write"),
        (OSError(30, "Read-only file system"), StorageError, "right to write"),
        (ValueError("Cannot invoke RPC on closed channel!"), UnavailableError, "does not answer"),
        (RuntimeError(""), UnavailableError, "RuntimeError"),
    ],
)
def test_local_failures(error: Exception, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says), Place("/data/milvus.db", "", True).errors():
        raise error


def test_a_password_in_the_address_is_kept_out() -> None:
    assert Place("https://root:pw@host:1", "", False).name == "https://host:1"
