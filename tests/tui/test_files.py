"""Files to choose from: found by letters of their names, pasted, dropped."""

import threading
from pathlib import Path

from memtui.tui import files
from memtui.tui.screens.load import is_path, offered, web_addresses


def test_names_are_found_by_their_letters() -> None:
    names = ["papers/memgpt.pdf", "papers/memory.pdf", "letters/mother.txt", "a/b/unrelated.md"]
    found = sorted((points, name) for name in names if (points := files.score("mgpt", name)))
    assert [name for _, name in found] == ["papers/memgpt.pdf"]
    assert files.score("MEM", names[0]) is not None
    assert files.score("xyz", names[0]) is None
    whole, apart = files.score("memgpt", names[0]), files.score("memgpt", "memo/g/p/t.pdf")
    assert whole is not None
    assert apart is None or whole < apart


def test_a_search_is_limited_and_leaves_hidden_files_out(tmp_path: Path) -> None:
    for name in (".hidden/osprey.md", "node_modules/osprey.md", "birds/osprey.md", "x.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("An osprey.")
    stop = threading.Event()
    assert [one.name for one in files.search(str(tmp_path), "osprey", stop)] == ["birds/osprey.md"]
    stop.set()
    assert files.search(str(tmp_path), "osprey", stop) == []


def test_folders_are_listed_first(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "a.md").write_text("A.")
    (tmp_path / ".b").write_text("B.")
    assert [(one.name, one.folder) for one in files.listing(str(tmp_path))] == [
        ("z", True),
        ("a.md", False),
    ]
    assert [one.name for one in files.listing(str(tmp_path), "a.m")] == ["a.md"]
    entries, hint = offered(f"{tmp_path}/no/such/", threading.Event())
    assert entries == []
    assert "No such file" in hint


def test_what_is_pasted() -> None:
    assert files.dropped("/a/b.pdf '/c/d e.pdf' file:///f.pdf") == [
        "/a/b.pdf",
        "/c/d e.pdf",
        "file:///f.pdf",
    ]
    assert files.dropped("/a/b.pdf\n/c/d e.pdf\n") == ["/a/b.pdf", "/c/d e.pdf"]
    assert files.dropped("/a/b.pdf") == []
    assert files.dropped("what is it's name") == []
    assert web_addresses("https://a.org/x http://b.org") == ["https://a.org/x", "http://b.org"]
    assert web_addresses("https://a.org is a page") == []
    assert is_path("~/x")
    assert is_path("./x")
    assert not is_path("memgpt")
