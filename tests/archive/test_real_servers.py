"""Servers in processes of their own: what they refuse, and that they may die and come back."""

import time

import pytest

from memtui.api.errors import UnavailableError
from memtui.archive import Archive
from tests import servers
from tests.archive.rows import COLLECTION, DIMENSION, rows, vector

BOTH = pytest.mark.parametrize(
    "kind", ["lite_server", pytest.param("milvus", marks=pytest.mark.server)]
)


@BOTH
def test_killed_and_started_again_it_goes_on_with_what_it_had(
    kind: str, request: pytest.FixtureRequest
) -> None:
    server: servers.Server = request.getfixturevalue(kind)
    archive = Archive(server.uri, token=server.token)
    archive.open(COLLECTION, DIMENSION)
    archive.write(rows("source_a", 50))

    server.kill()
    began = time.monotonic()
    for call in (
        lambda: archive.search(["source_a"], vector(3), 1),
        lambda: archive.write(rows("source_a", 60)),
        lambda: archive.remove("source_a", ["source_ax1"]),
    ):
        with pytest.raises(UnavailableError, match="cannot be reached"):
            call()
    assert time.monotonic() - began < 10
    server.start()

    deadline = time.monotonic() + 120
    while True:  # gRPC looks for the server again after some seconds
        try:
            archive.write(rows("source_a", 60))
            break
        except UnavailableError:
            assert time.monotonic() < deadline
            time.sleep(0.3)
    archive.remove("source_a", ["source_ax1"])
    expected = {f"source_ax{n}" for n in range(60)} - {"source_ax1"}
    assert archive.ids("source_a") == expected
    assert archive.count("source_a") == len(expected)
    found = archive.search(["source_a"], vector(3), 1_000)
    assert found[0][0] == "source_ax3"
    assert sorted(hit for hit, _ in found) == sorted(expected)
    archive.close()


@BOTH
def test_the_version_is_the_servers(kind: str, request: pytest.FixtureRequest) -> None:
    server: servers.Server = request.getfixturevalue(kind)
    archive = Archive(server.uri, token=server.token)
    version = archive.probe()
    assert version == "Milvus 2.3.5" if kind == "milvus" else version.startswith("Milvus Lite 3.")
    client = server.client()
    assert client.list_collections() == []
    client.close()


def test_a_collection_that_the_server_lost_is_made_when_it_is_opened_again(
    lite_server: servers.Server,
) -> None:
    archive = Archive(lite_server.uri)
    archive.open(COLLECTION, DIMENSION)
    client = lite_server.client()
    client.drop_collection(COLLECTION)
    client.close()
    with pytest.raises(UnavailableError):
        archive.search(["source_a"], vector(3), 1)
    assert not archive.is_open
    assert archive.open(COLLECTION, DIMENSION) is True
    archive.close()


@pytest.mark.server
@pytest.mark.parametrize("token", ["", "root:wrong-secret", "nobody:wrong-secret"])
def test_a_wrong_token(milvus: servers.Server, token: str) -> None:
    for call in (Archive.probe, lambda archive: archive.open(COLLECTION, DIMENSION)):
        with pytest.raises(UnavailableError, match=r"refused the token.*archive\.token") as caught:
            call(Archive(milvus.uri, token=token))
        assert "wrong-secret" not in str(caught.value)


@pytest.mark.server
def test_a_user_who_may_only_read(milvus: servers.Server) -> None:
    client = milvus.client()
    if "reader" in client.list_users():
        client.drop_user("reader")
    client.create_user("reader", "Reader-1234")
    Archive(milvus.uri, token=milvus.token).open(COLLECTION, DIMENSION)
    for call in (Archive.probe, lambda archive: archive.open(COLLECTION, DIMENSION)):
        with pytest.raises(UnavailableError, match=r"not let this user .*Privilege.*archive\.tok"):
            call(Archive(milvus.uri, token="reader:Reader-1234"))
    client.drop_user("reader")
    client.close()


@pytest.mark.server
def test_an_old_server(milvus: servers.Server) -> None:
    milvus.kill()  # both have etcd at one port
    old = servers.milvus("2.2.16")
    try:
        old.start()
        for call in (Archive.probe, lambda archive: archive.open(COLLECTION, DIMENSION)):
            with pytest.raises(UnavailableError, match=r"is version 2\.2\.16: too old.*2\.3 or"):
                call(Archive(old.uri, token=old.token))
    finally:
        old.stop()
        milvus.start()


@pytest.mark.server
def test_many_small_scopes(milvus: servers.Server) -> None:
    """More sources than a server allows partitions."""
    archive = Archive(milvus.uri, token=milvus.token)
    archive.open(COLLECTION, DIMENSION)
    scopes = [f"source_{n:04}" for n in range(1_500)]
    archive.write([one for scope in scopes for one in rows(scope, 1)])
    assert archive.scopes() == set(scopes)
    assert archive.search(["source_0777"], vector(0), 9) == [
        ("source_0777x0", pytest.approx(1, abs=1e-5))
    ]
    assert len(archive.search(scopes, vector(0), 2_000)) == 1_500
    archive.close()
