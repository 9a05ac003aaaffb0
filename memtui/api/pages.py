"""Choices of pages, as they are typed: `3-20,25,40-`."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from memtui.api.errors import UsageError

_RANGE = re.compile(r"([0-9]{1,6})?\s*(?:([-–])\s*([0-9]{1,6})?)?")


def canonical(text: str) -> str:
    """The choice in order, without what is said twice; empty for all pages.

    Raises UsageError for what is no choice of pages.
    """
    ends: list[list[int]] = []
    for part in text.split(",") if text.strip() else []:
        found = _RANGE.fullmatch(part.strip())
        if found is None or not (found[1] or found[3]):
            raise _wrong(text)
        first = int(found[1] or 1)
        last = int(found[3] or _LAST) if found[2] else first
        if not 1 <= first <= last:
            raise _wrong(text)
        ends.append([first, last])
    ends.sort()
    joined = ends[:1]
    for first, last in ends[1:]:
        if first <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    if joined == [[1, _LAST]]:
        return ""
    return ",".join(map(_written, joined))


def chosen(choice: str, count: int) -> list[int]:
    """The page numbers, from 1, that a canonical `choice` takes of a document of `count` pages."""
    if not choice:
        return list(range(1, count + 1))
    parts = ranges(choice)
    return [number for first, last in parts for number in range(first, min(last, count) + 1)]


def ranges(choice: str) -> list[tuple[int, int]]:
    """The (first, last) page of each part of a canonical `choice`; none for all pages."""
    found = []
    for part in choice.split(",") if choice else []:
        first, dash, last = part.partition("-")
        found.append((int(first), int(last or _LAST) if dash else int(first)))
    return found


def listed(numbers: Iterable[int]) -> str:
    """Page numbers for people, at most some ten ranges: `2–5, 9`."""
    ranges = list(_runs(sorted(numbers)))
    shown = [f"{a}" if a == b else f"{a}–{b}" for a, b in ranges[:10]]
    return ", ".join(shown) + (" …" if len(ranges) > 10 else "")


_LAST = 999_999


def _written(ends: list[int]) -> str:
    first, last = ends
    if first == last:
        return f"{first}"
    return f"{first}-{last if last < _LAST else ''}"


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    if not numbers:
        return
    begin = numbers[0]
    for before, number in pairwise(numbers):
        if number > before + 1:
            yield begin, before
            begin = number
    yield begin, numbers[-1]


def _wrong(text: str) -> UsageError:
    return UsageError(
        f"{text[:80]!r} is no choice of pages. Write it like 3-20, or 3-20,25,40- (to the end)."
    )
