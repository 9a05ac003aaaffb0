"""The command that `memtui show passage` names to open a file."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memtui import config
from memtui.api.errors import MemtuiError
from memtui.api.library import Passage
from memtui.api.viewer import command, opener, program, show


@pytest.mark.parametrize(
    ("path", "page", "opened"),
    [
        ("/a b/it's $(x).pdf", 3, "file:///a%20b/it%27s%20%24%28x%29.pdf#page=3"),
        ("/a b/$(x).txt", None, "/a b/$(x).txt"),
        ("https://example.org/a?b=1&c", None, "https://example.org/a?b=1&c"),
    ],
)
def test_the_shell_sees_one_argument(path: str, page: int | None, opened: str) -> None:
    now = datetime.now(UTC)
    passage = Passage(
        id="p", scope="source_x", text="x", document_path=path, page=page, created_at=now
    )
    _, argument = shlex.split(opener(passage))
    assert argument == opened


def test_the_users_own_viewer_is_given_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_UI__PDF_VIEWER", "zathura --mode 'full screen' -P {page} {path}")
    assert command("/a b/{page}.pdf", 3) == [
        "zathura", "--mode", "full screen", "-P", "3", "/a b/{page}.pdf"
    ]  # fmt: skip
    assert command("/a.PDF")[-2:] == ["1", "/a.PDF"]
    assert command("/a.md") == [program(), "/a.md"]


async def test_a_viewer_that_is_there_and_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, seen = tmp_path / "it's $(a).pdf", tmp_path / "seen"
    file.write_bytes(b"%PDF-")
    viewer = tmp_path / "viewer"
    viewer.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {shlex.quote(str(seen))}\n')
    viewer.chmod(0o700)
    monkeypatch.setenv("MEMTUI_UI__PDF_VIEWER", f"{shlex.quote(str(viewer))} {{page}} {{path}}")
    await show(str(file), 7)
    assert seen.read_text() == f"7|{file}|"
    monkeypatch.setenv("MEMTUI_UI__PDF_VIEWER", "no-such-viewer {path}")
    with pytest.raises(MemtuiError, match="no no-such-viewer here"):
        await show(str(file), 7)


@pytest.mark.parametrize("wrong", ["zathura", "{path}", "zathura '{path}"])
def test_a_viewer_that_cannot_be_told_what_to_open(wrong: str) -> None:
    with pytest.raises(config.ConfigError, match=r"ui\.pdf_viewer"):
        config.parse(config.declared("ui.pdf_viewer"), wrong)


def test_what_has_no_file() -> None:
    assert opener(Passage(id="p", scope="s", text="x", created_at=datetime.now(UTC))) == ""
