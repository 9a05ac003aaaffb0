"""A text that is looked for in the conversation: where it stands, and which place is chosen.

What is in the store is looked through here, a little at a time; of the messages before that the
engine says how often it stands in each.
"""

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from memtui.api import finding
from memtui.tui.conversation import Item

if TYPE_CHECKING:
    from memtui.api.history import Occurrences

SLICE = 0.004
"""Seconds after which looking lets the keys through."""

Piece = tuple[int, int, int]
"""A line of a row, and from where to where in it."""


@dataclass(frozen=True)
class Place:
    """The `number`th occurrence in the item `key`, from 0."""

    key: str
    number: int


class Finding:
    """Raises ValueError for a text without a word."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pattern = finding.pattern(text)
        self.place: Place | None = None
        self.asked: int | None = None  # the engine was asked about what is before this message
        self.trouble = ""
        self.looking = False  # something looks through the items
        self.stale = False  # they have changed since it began
        self.stepped = False  # the user has chosen a place
        self._older: list[tuple[int, int]] = []
        self._counts: dict[str, tuple[int, int]] = {}  # of each item: its version, how often
        self._keys: list[str] = []
        self._ends: list[int] = [0]  # occurrences up to the beginning of each of them, and in all

    async def look(self, items: Sequence[Item]) -> None:
        """Look through those that have changed, the newest first."""
        until = time.monotonic() + SLICE
        for item in reversed(list(items)):
            known = self._counts.get(item.key)
            if item.kind in ("you", "agent") and (known is None or known[0] != item.version):
                count = finding.count(self.pattern, item.text)
                self._counts[item.key] = (item.version, count)
                if time.monotonic() > until:
                    await asyncio.sleep(0)
                    until = time.monotonic() + SLICE

    def wants(self, oldest: int | None) -> bool:
        """Whether the engine has to be asked about what is before the message `oldest`."""
        return oldest is not None and (self.asked is None or self.asked < oldest)

    def told(self, oldest: int, found: "Occurrences") -> None:
        self.asked, self.trouble = oldest, ""
        self._older = list(zip(found.messages, found.counts, strict=True))

    def arrange(self, items: Iterable[Item], oldest: int | None) -> None:
        """Put what was found in order: messages before `oldest`, then items."""
        found = [(f"m{at}", count) for at, count in self._older if oldest and at < oldest]
        for item in items:
            _, count = self._counts.get(item.key, (0, 0))
            if count and item.kind in ("you", "agent"):
                found.append((item.key, count))
        self._keys = [key for key, _ in found]
        self._ends = list(accumulate((count for _, count in found), initial=0))
        if self.place is not None and self.at is None:
            self.place = None

    @property
    def total(self) -> int:
        return self._ends[-1]

    @property
    def at(self) -> int | None:
        """The number of the chosen place among all, from 0."""
        if self.place is None or self.place.key not in self._keys:
            return None
        index = self._keys.index(self.place.key)
        return min(self._ends[index] + self.place.number, self._ends[index + 1] - 1)

    def step(self, step: int) -> None:
        """Choose the place after or before; beyond the last one is the first."""
        self.stepped = True
        if self.total:
            at = self.at
            self._choose((self.total - 1 if at is None else at + step) % self.total)

    def choose_near(self, items: Sequence[Item], key: str) -> None:
        """The first place from the item `key` on, else the last one before it, among `items`."""
        here = [item.key for item in items]
        below = set(here[here.index(key) :] if key in here else [])
        index = next((at for at, one in enumerate(self._keys) if one in below), None)
        if index is None and self._keys and self._keys[-1] in here:
            self._choose(self.total - 1)
        elif index is not None:
            self._choose(self._ends[index])

    def _choose(self, at: int) -> None:
        index = bisect_right(self._ends, at) - 1
        self.place = Place(self._keys[index], at - self._ends[index])


def pieces(lines: Sequence[str], finding: Finding) -> list[list[Piece]]:
    """Each occurrence in the lines of a row, which may go on in the line below."""
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found: list[list[Piece]] = []
    for match in finding.pattern.finditer("\n".join(lines)):
        begin, end = match.span()
        first, last = bisect_right(starts, begin) - 1, bisect_right(starts, end - 1) - 1
        found.append(
            [
                (at, max(0, begin - starts[at]), min(len(lines[at]), end - starts[at]))
                for at in range(first, last + 1)
            ]
        )
    return found
