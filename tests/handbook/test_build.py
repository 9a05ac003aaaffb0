"""The handbook that is committed is the one that the chapters make."""

import re

import pypdfium2
import pytest

from memtui import config, paths
from memtui.cli.root import COMMANDS
from memtui.handbook import build
from memtui.tui import commands


@pytest.fixture(scope="module")
def fresh() -> bytes:
    return build.build()


def _text(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


def test_the_committed_pdf_is_a_fresh_build(fresh: bytes) -> None:
    pages = _text(fresh)
    assert _text(build.PDF.read_bytes()) == pages, "run: python -m memtui.handbook.build"
    assert len(pages) >= 10
    assert paths.handbook_file() == build.PDF


def test_the_same_chapters_make_the_same_file(fresh: bytes) -> None:
    assert build.build() == fresh


def test_title_author_outline_and_page_numbers(fresh: bytes) -> None:
    document = pypdfium2.PdfDocument(fresh)
    assert document.get_metadata_value("Title") == build.TITLE
    assert document.get_metadata_value("Author")
    chapters = [entry for entry in document.get_toc() if entry.level == 0]
    assert len(chapters) == len(build.chapters())
    for number, text in enumerate(_text(fresh)[1:], 2):
        assert str(number) in (text.split()[0], text.split()[-1])


def test_the_handbook_knows_every_command_and_setting() -> None:
    text = "\n".join(path.read_text("utf-8") for path in build.chapters())
    for command in COMMANDS:
        assert f"memtui {command}" in text
    for key in config.SETTINGS:
        assert f"`{key}`" in text
    for slash in commands.COMMANDS:
        assert f"`/{slash.name}" in text


def test_words_keep_their_pieces_together() -> None:
    words = list(build._words("a `b c`, **d**."))
    assert words == [[("", "a")], [("`", "b")], [("`", "c"), ("", ",")], [("*", "d"), ("", ".")]]


def test_lists_and_code_are_blocks() -> None:
    found = list(build.blocks("# T\n\nOne\ntwo.\n\n- a\n- b\n\n```\nx\n\ny\n```\n"))
    assert found == [
        ("#", ["T"]), ("", ["One", "two."]), ("-", ["a"]), ("-", ["b"]), ("end", []),
        ("```", ["x", "", "y"]),
    ]  # fmt: skip


def test_what_is_on_the_screen_stands_in_sentences() -> None:
    """An extractive reader quotes single sentences: list items end like one."""
    for path in build.chapters():
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("- "):
                assert re.search(r"[.!?]$", line), f"{path.name}: {line}"
