"""Markdown: the text stays as it is, its headings become sections."""

import re
from collections.abc import Callable, Iterator

from memtui.library.document import DocumentText, Heading, PageText
from memtui.library.readers.text import read_text

_LINE = re.compile(r"[^\n]*\n?")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*\n?\Z")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*\n?\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_EMPHASIS = re.compile(r"[*_`]+|!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    text = read_text(path, name)
    headings = [heading for heading in _headings(text) if heading.title]
    title = next((heading.title for heading in headings if heading.level == 1), "")
    return DocumentText(kind="markdown", pages=[PageText(text)], title=title, headings=headings)


def _headings(text: str) -> Iterator[Heading]:
    """`# Title` and underlined titles, outside fenced code."""
    fence = ""
    before, before_start = "", 0
    for match in _LINE.finditer(text):
        line = match[0]
        if fenced := _FENCE.match(line):
            mark = fenced[1]
            if not fence:
                fence = mark
            elif mark[0] == fence[0] and len(mark) >= len(fence):
                fence = ""
            before = ""
            continue
        if fence or not line or len(line) > 1000:
            before = ""
            continue
        if atx := _ATX.match(line):
            yield Heading(match.start(), len(atx[1]), _shown(atx[2] or ""))
            before = ""
        elif before.strip() and (under := _SETEXT.match(line)):
            yield Heading(before_start, 1 if under[1][0] == "=" else 2, _shown(before))
            before = ""
        else:
            before, before_start = line, match.start()


def _shown(title: str) -> str:
    return " ".join(_EMPHASIS.sub(lambda match: match[1] or "", title).split())[:200]
