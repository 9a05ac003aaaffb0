"""Page numbers and running heads, which are no part of the text, taken off PDF pages.

Only lines at a page's edge, and only what many pages show: numbers that count with the pages, and
lines that come again. A running head stays where it stands first, since it may be a title.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

_ALONE = re.compile(
    r"\W*(?:(?:page|seite|página|p\.)\s)?\W*(?P<number>\d{1,5}|[ivxlc]{1,8})"
    r"(?:\s?(?:of|von|de|/|\|)\s?\d{1,5})?\W*",
    re.IGNORECASE,
)
_LAST = re.compile(r"(?P<head>\S+\s.*\S)\s+(?P<number>\d{1,5})")
_FIRST = re.compile(r"(?P<number>\d{1,5})\s+(?P<head>\D*[^\W\d].*)")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

PAGES = 3
"""Pages from which a line that comes again is a running head."""
HEADED = 5
"""Pages from which a number after other words is the page's: `Day 1`, `Day 2` may be titles."""
LONGEST = 90
"""Characters of the longest running head."""


def without_margins(pages: Sequence[str]) -> list[str]:
    """The pages without them. When nothing else stands on any page, all stays."""
    lines = [page.strip().split("\n") for page in pages]
    for edge in (0, -1, 0, -1):  # a head may have two lines
        _peel(lines, edge)
    found = ["\n".join(page).strip() for page in lines]
    return found if any(found) else list(pages)


def _peel(pages: list[list[str]], edge: int) -> None:
    """Take the line at `edge` from each page where it is a page number or a running head."""
    edges = {index: page[edge].strip() for index, page in enumerate(pages) if "".join(page)}
    numbers = Counter(key for index, line in edges.items() if (key := _counts(line, index)))
    heads: dict[str, list[int]] = defaultdict(list)
    for index, line in edges.items():
        if head := _head(line):
            heads[head].append(index)
    for index, line in edges.items():
        key = _counts(line, index)
        enough = HEADED if key and key[0] == "last" else PAGES
        counted = key is not None and (
            numbers[key] >= enough or (key[0] == "alone" and numbers[key] == len(pages) > 1)
        )
        where = heads.get(_head(line), [])
        again = len(where) >= PAGES and index > where[0] and _is_run(where)
        if counted or again:
            del pages[index][edge]
            while pages[index] and not pages[index][edge].strip():
                del pages[index][edge]


def _counts(line: str, index: int) -> tuple[str, int] | None:
    """How the line holds a number, and that number's distance from the page's place."""
    if found := _ALONE.fullmatch(line):
        return "alone", _value(found["number"].lower()) - index
    if len(line) <= LONGEST and (found := _LAST.fullmatch(line)):
        return "last", int(found["number"]) - index
    return None


def _head(line: str) -> str:
    """The line without a page number; empty when it cannot be a running head."""
    found = _LAST.fullmatch(line) or _FIRST.fullmatch(line)
    head = found["head"] if found else line
    return head if len(head) <= LONGEST and sum(map(str.isalpha, head)) > 2 else ""


def _is_run(where: list[int]) -> bool:
    """Whether they are pages near each other (left and right ones may differ)."""
    return any(b - a <= 2 for a, b in pairwise(where))


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    values = [_ROMAN[letter] for letter in number]
    following = [*values[1:], 0]
    return sum(v if v >= after else -v for v, after in zip(values, following, strict=True))
