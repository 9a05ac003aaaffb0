import os
import socket
import sys
from pathlib import Path

import pytest

from memtui.api.library import LoadRequest
from memtui.library.files import find


def names(tmp_path: Path, **request: object) -> tuple[list[str], list[str]]:
    found = find(LoadRequest.model_validate({"name": "s", **request}))
    files = [os.path.relpath(file.path, tmp_path) for file in found.files]
    return files, [failure.reason for failure in found.failures]


def test_named_files(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.xyz").write_text("a")
    (tmp_path / "link.txt").symlink_to(tmp_path / "b.txt")
    paths = ["b.txt", "a.xyz", "b.txt", "link.txt", "x.pdf", "", "a.xyz/y.txt", "nul\0.txt"]
    files, reasons = names(tmp_path, paths=[f"{tmp_path}/{path}" for path in paths])
    assert files == ["a.xyz", "b.txt"]
    assert sorted(reasons) == sorted(
        [
            f"{tmp_path.name} is a folder. Load a folder with --input-dir.",
            f"{tmp_path}/a.xyz/y.txt does not exist. Check the path.",
            "nul.txt cannot be read: its name is impossible.",
            f"{tmp_path}/x.pdf does not exist. Check the path.",
        ]
    )


def test_folder(tmp_path: Path) -> None:
    for name in ("z.md", "a.PDF", "c.py", ".hidden.txt", "sub/d.txt", "sub/.git/e.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert names(tmp_path, directory=str(tmp_path)) == (["a.PDF", "z.md"], [])
    assert names(tmp_path, directory=str(tmp_path), recursive=True)[0] == [
        "a.PDF",
        "sub/d.txt",
        "z.md",
    ]
    assert names(tmp_path, directory=str(tmp_path), extensions=["py", ".MD"])[0] == ["c.py", "z.md"]


def test_folder_with_traps(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.txt")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dev.txt").symlink_to("/dev/zero")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self.txt").symlink_to(tmp_path / "self.txt")
    (tmp_path / "good.txt").write_text("x")
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(tmp_path)  # socket paths are short
        try:
            server.bind("sock.txt")
        finally:
            os.chdir(before)
    files, reasons = names(tmp_path, directory=str(tmp_path), recursive=True)
    assert files == ["good.txt"]
    assert f"{tmp_path}/gone.txt does not exist. Check the path." in reasons
    assert len([reason for reason in reasons if reason.startswith("self.txt")]) == 1
    assert len(reasons) == 2


def test_a_named_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.txt")
    assert names(tmp_path, paths=[str(tmp_path / "p.txt")])[1] == [
        "p.txt is a pipe, a socket or a device. Save what it gives to a file first."
    ]


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9\n.txt"
    Path(os.fsdecode(raw)).write_text("x")
    found = find(LoadRequest(name="s", directory=str(tmp_path)))
    (file_found,) = found.files
    assert file_found.name == "caf\\xe9 .txt"
    assert file_found.key == f"{tmp_path}/caf\\xe9\n.txt"
    file_found.key.encode()
    assert Path(file_found.path).read_text() == "x"


def test_bad_folders(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("x")
    assert names(tmp_path, directory=f"{tmp_path}/no")[1] == [
        f"The folder {tmp_path}/no does not exist. Check the path."
    ]
    assert names(tmp_path, directory=f"{tmp_path}/f.txt")[1] == [
        f"{tmp_path}/f.txt is not a folder. Load files with --input-files."
    ]
    (tmp_path / "bare").mkdir()
    assert names(tmp_path, directory=f"{tmp_path}/bare", extensions=["md"])[1] == [
        f"The folder {tmp_path}/bare holds no file that ends in .md. Choose others with "
        "--extensions, or add --recursive for the folders in it."
    ]
    if os.getuid():
        (tmp_path / "closed").mkdir(mode=0)
        _, (reason,) = names(tmp_path, directory=str(tmp_path), recursive=True)
        assert reason.endswith("closed cannot be read: permission denied.")


def tree(root: Path, *files: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_excluded_like_in_a_gitignore(tmp_path: Path) -> None:
    tree(tmp_path, "a.txt", "b.md", "drafts/c.txt", "sub/drafts/d.txt", "sub/keep.txt", "sub/e.txt")
    everything = {"directory": str(tmp_path), "recursive": True}
    assert names(tmp_path, **everything, exclude=["drafts/", "/a.*"])[0] == [
        "b.md",
        "sub/e.txt",
        "sub/keep.txt",
    ]
    assert names(tmp_path, **everything, exclude=["*.txt", "!keep.txt"])[0] == [
        "b.md",
        "sub/keep.txt",
    ]
    (tmp_path / ".memtuiignore").write_text("# not these\n*.txt\n")
    (tmp_path / ".gitignore").write_text("*.md\n")  # git's business, not ours
    assert names(tmp_path, **everything)[0] == ["b.md"]
    assert names(tmp_path, **everything, exclude=["!e.txt"])[0] == ["b.md", "sub/e.txt"]


def test_an_impossible_pattern(tmp_path: Path) -> None:
    tree(tmp_path, "a.txt")
    assert names(tmp_path, directory=str(tmp_path), exclude=["!"])[1] == [
        "Invalid git pattern: '!'. Patterns of --exclude and .memtuiignore are those of a "
        ".gitignore, such as drafts/ or *.bak."
    ]


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are Unicode there")
def test_exclusion_of_names_that_are_not_utf8(tmp_path: Path) -> None:
    for raw in (b"caf\xe9\n.txt", b"\x1b[31m.txt", b"plain.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)).write_text("x")
    found = find(LoadRequest(name="s", directory=str(tmp_path), exclude=["plain*"]))
    assert [file.name for file in found.files] == ["[31m.txt", "caf\\xe9 .txt"]


def test_a_folder_keeps_its_own_name_whatever_links_to_it(tmp_path: Path) -> None:
    tree(tmp_path, "z/deep/f.txt")
    (tmp_path / "a").symlink_to(tmp_path / "z")
    (tmp_path / "m").symlink_to(tmp_path / "z" / "deep")
    (tmp_path / "z" / "up").symlink_to(tmp_path)
    assert names(tmp_path, directory=str(tmp_path), recursive=True) == (["z/deep/f.txt"], [])
    outside = tmp_path / "z" / "deep"
    (tmp_path / "two").mkdir()
    for link in ("k", "b"):
        (tmp_path / "two" / link).symlink_to(outside)
    assert names(tmp_path, directory=f"{tmp_path}/two", recursive=True)[0] == ["two/b/f.txt"]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    tree(tmp_path, "good.txt")
    for number in range(7):
        os.mkfifo(tmp_path / f"p{number}\x1b.txt")
    os.mkfifo(tmp_path / "other.fifo")
    os.mkfifo(tmp_path / ".memtuiignore")
    found = find(LoadRequest(name="s", directory=str(tmp_path)))
    (note,) = found.notes
    shown = ", ".join(f"{tmp_path}/p{number}.txt" for number in range(5))
    assert note == f"Left out, being pipes, sockets or devices: {shown} and 2 more."


def test_the_order_of_the_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(tmp_path, "b/one.txt", "b/two.md", "a.txt", "c/d/e.txt")
    (tmp_path / "aa").symlink_to(tmp_path / "c")
    (tmp_path / "ab").symlink_to(tmp_path / "b")
    os.link(tmp_path / "a.txt", tmp_path / "z.txt")
    forwards = names(tmp_path, directory=str(tmp_path), recursive=True)
    assert forwards == (["a.txt", "b/one.txt", "b/two.md", "c/d/e.txt"], [])
    real = os.scandir

    def backwards(folder: str) -> list[os.DirEntry[str]]:
        return sorted(real(folder), key=lambda entry: entry.name, reverse=True)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", backwards)
        assert names(tmp_path, directory=str(tmp_path), recursive=True) == forwards
