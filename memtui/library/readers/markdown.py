"""Markdown: the text stays as it is, its headings become sections."""

import re
from collections.abc import Callable, Iterator

from memtui.api.plain import plain_line
from memtui.library.document import DocumentText, Heading, PageText
from memtui.library.readers.text import read_text

_LINE = re.compile(r"[^\n]*\n?")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*\n?\Z")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*\n?\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(?P<info>[^\n]*)")
_NO_TITLE = re.compile(r"\s*(?:[>|]|[-*+][ \t]|\d{1,9}[.)][ \t])")
_EMPHASIS = re.compile(r"[*_`]+|!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")
_FRONT = re.compile(
    r"---[ \t]*\n(?:(?!(?:---|\.\.\.)[ \t]*$)[^\n]*\n){0,200}(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M
)
_FIELD = re.compile(r"^(title|author)s?:[ \t]*(.+?)[ \t]*$", re.IGNORECASE | re.MULTILINE)


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    text = read_text(path, name)
    front = _FRONT.match(text)
    fields = {
        key.lower(): _value(value) for key, value in _FIELD.findall(front[0] if front else "")
    }
    found = headings(text, front.end() if front else 0)
    title = fields.get("title") or next((one.title for one in found if one.level == 1), "")
    return DocumentText("markdown", [PageText(text)], title, fields.get("author", ""), found)


def _value(text: str) -> str:
    """A value of YAML on one line; a list without its brackets."""
    return plain_line(text.strip("[]").strip().strip("\"'"), 300)


def headings(text: str, start: int = 0) -> list[Heading]:
    """`# Title` and underlined titles, outside fenced code; from `start` on."""
    return [heading for heading in _headings(text, start) if heading.title]


def _headings(text: str, start: int) -> Iterator[Heading]:
    fence = ""
    before, before_start = "", 0
    for match in _LINE.finditer(text, start):
        line = match[0]
        if fenced := _FENCE.match(line):
            mark = fenced[1]
            if not fence:
                if mark[0] == "~" or "`" not in fenced["info"]:
                    fence = mark
            elif mark[0] == fence[0] and len(mark) >= len(fence) and not fenced["info"].strip():
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
            before = "" if _NO_TITLE.match(line) else line
            before_start = match.start()


def _shown(title: str) -> str:
    return " ".join(_EMPHASIS.sub(lambda match: match[1] or "", title).split())[:200]
