"""Milvus Lite: private, durable, and its failures explained."""

import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from memtui import paths
from memtui.api.errors import StorageError, UnavailableError
from memtui.archive import Archive
from memtui.archive.lite import LiteServer
from tests.archive import processes
from tests.archive.rows import COLLECTION, DIMENSION, rows, vector

LISTENING = """
os.umask(0)
archive.open(COLLECTION, DIMENSION)
archive.write(rows("source_a", 50))
archive.search(["source_a"], vector(1), 3)
inodes = set()
for name in os.listdir("/proc/self/fd"):
    try:
        inodes.add(os.readlink(f"/proc/self/fd/{name}"))
    except OSError:
        pass
listening = [
    line.split()[1]
    for table in ("tcp", "tcp6", "udp", "udp6")
    for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]
    if f"socket:[{line.split()[9]}]" in inodes
]
from memtui import paths
import json
sock = paths.milvus_socket_file()
modes = [oct(path.stat().st_mode & 0o777) for path in (sock, sock.parent, Path(sys.argv[1]))]
archive.close()
print(json.dumps({"listening": listening, "modes": modes, "left": sock.exists()}))
"""


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="needs Linux' /proc")
def test_nobody_else_can_reach_it_and_nothing_is_printed(folder: Path) -> None:
    done = processes.run(LISTENING, str(folder))

    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert result["listening"] == []
    assert result["modes"] == ["0o600", "0o700", "0o700"]  # socket, its folder, the data
    assert result["left"] is False


def test_a_socket_folder_open_to_others_is_refused(folder: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    with pytest.raises(StorageError, match=r"Other users can enter .*chmod 700"):
        Archive(str(folder), socket=shared / "m.sock").open(COLLECTION, DIMENSION)


def test_a_socket_path_that_is_too_long_is_explained(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="too long"):
        LiteServer(folder, tmp_path / ("x" * 100) / "m.sock")


def test_odd_characters_in_paths(tmp_path: Path) -> None:
    odd = paths.runtime_dir() / "a b%20'é"
    archive = Archive(str(tmp_path / "mil 'vus%.db"), socket=odd / "m.sock")
    archive.open(COLLECTION, DIMENSION)
    archive.write(rows("source_a", 2))
    assert archive.count("source_a") == 2
    archive.close()


def test_killed_at_once_it_has_everything_that_was_acknowledged(folder: Path) -> None:
    done = processes.run(
        """
        archive.open(COLLECTION, DIMENSION)
        archive.write([*rows("source_a", 600), *rows("source_b", 20), *rows("source_c", 20)])
        archive.write(rows("source_a", 5))
        archive.remove("source_a", ["source_ax7"])
        archive.drop("source_b")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        str(folder),
    )
    assert done.returncode == -signal.SIGKILL, done.stderr

    archive = Archive(str(folder))
    assert archive.open(COLLECTION, DIMENSION) is False
    assert archive.ids("source_a") == {f"source_ax{n}" for n in range(600) if n != 7}
    assert archive.count("source_a") == 599
    assert len(archive.search(["source_a"], vector(3), 1_000)) == 599
    assert archive.search(["source_a"], vector(3), 1)[0][0] == "source_ax3"
    assert archive.scopes() == {"source_a", "source_c"}
    assert archive.count("source_b") == 0
    archive.write(rows("source_b", 1))
    archive.close()


def test_many_small_batches_stay_exact_through_compaction(lite: Archive) -> None:
    for start in range(0, 120, 5):
        lite.write(rows("source_a", 5, start=start))
        if start % 20 == 0:
            lite.remove("source_a", [f"source_ax{start}"])
    lite.write(rows("source_a", 60))  # all but the last sixty again

    expected = {f"source_ax{n}" for n in range(120)} - {f"source_ax{n}" for n in (60, 80, 100)}
    assert lite.ids("source_a") == expected
    lite.open(COLLECTION, DIMENSION)
    assert lite.ids("source_a") == expected
    assert len(lite.search(["source_a"], vector(0), 500)) == len(expected)


def test_a_lock_held_by_another_process_names_it(lite: Archive, folder: Path) -> None:
    done = processes.run(
        """
        from memtui.api.errors import UnavailableError
        try:
            archive.open(COLLECTION, DIMENSION)
        except UnavailableError as error:
            print(error)
        """,
        str(folder),
    )
    who = f"process {os.getpid()}" if sys.platform == "linux" else "another process"
    assert f"{folder} is in use by {who}. Close that program" in done.stdout
    lite.write(rows("source_a", 1))  # which was not disturbed
    assert lite.count("source_a") == 1


def test_opening_twice_in_one_process_and_again_after_closing(lite: Archive, folder: Path) -> None:
    second = Archive(str(folder))
    with pytest.raises(UnavailableError, match=r"open already|in use"):
        second.open(COLLECTION, DIMENSION)
    lite.close()
    second.open(COLLECTION, DIMENSION)
    second.close()


def test_a_file_of_milvus_lite_2_is_explained(folder: Path) -> None:
    folder.write_bytes(b"SQLite format 3\0")
    with pytest.raises(StorageError, match=r"file of Milvus Lite 2.*mv '.*old'"):
        Archive(str(folder)).open(COLLECTION, DIMENSION)
    assert folder.read_bytes() == b"SQLite format 3\0"


def test_any_other_file_is_not_said_to_be_ours(folder: Path) -> None:
    folder.write_text("dear diary")
    with pytest.raises(StorageError, match=r"is no folder\. Set archive\.uri"):
        Archive(str(folder)).open(COLLECTION, DIMENSION)
    with pytest.raises(StorageError, match=r"cannot be made: .*\. Set archive\.uri"):
        Archive(str(folder / "below")).open(COLLECTION, DIMENSION)
    assert folder.read_text() == "dear diary"


def test_a_folder_with_other_things_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match=r"contains other files.*archive\.uri"):
        Archive(str(folder)).open(COLLECTION, DIMENSION)
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_a_collection_that_is_not_ours_is_explained(lite: Archive, folder: Path) -> None:
    from pymilvus import MilvusClient

    client = MilvusClient(f"unix:{paths.milvus_socket_file()}", dedicated=True)
    client.create_collection("memtui_mine_4", dimension=4)
    client.close()
    with pytest.raises(StorageError, match="was not made by memtui"):
        lite.open("memtui_mine_4", 4)


def test_a_place_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((StorageError, UnavailableError), match=r"milvus\.db") as caught:
        Archive(str(tmp_path / "file" / "milvus.db")).open(COLLECTION, DIMENSION)
    assert "Traceback" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_right_to_write_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match=r"cannot be written.*archive\.uri"):
            Archive(str(tmp_path / "milvus.db")).open(COLLECTION, DIMENSION)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_is_explained_and_indexing_goes_on_afterwards(folder: Path) -> None:
    """A limit on the size of files fails a write in its middle as a full disk does."""
    done = processes.run(
        """
        from memtui.api.errors import StorageError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        archive.open(COLLECTION, DIMENSION)
        archive.write(rows("source_a", 10))
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        try:
            archive.write(rows("source_a", 2_000))
        except StorageError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        archive.write(rows("source_a", 2_000))
        print(archive.count("source_a"), len(archive.ids("source_a")))
        archive.close()
        archive.open(COLLECTION, DIMENSION)
        print(archive.count("source_a"))
        archive.close()
        """,
        str(folder),
    )
    assert done.stdout.splitlines() == [
        f"The disk is full: the archive {folder} could not be written. Free some space; indexing "
        "then goes on by itself, and text search works meanwhile.",
        "2000 2000",
        "2000",
    ], done.stderr


def test_the_folder_of_a_dropped_scope_is_removed(lite: Archive, folder: Path) -> None:
    lite.write(rows("source_a", 20))
    (kept,) = folder.rglob("partitions/source_a")
    lite.drop("source_a")
    assert not kept.exists()


def test_a_folder_that_exists_keeps_its_mode(folder: Path) -> None:
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)
    archive = Archive(str(folder))
    archive.open(COLLECTION, DIMENSION)
    archive.close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
