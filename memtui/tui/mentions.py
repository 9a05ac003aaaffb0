"""`@source` and `@path` in a message: the one that is being typed, and those in what was sent.

A name with blanks is quoted: `@"my notes"`.
"""

import re
from dataclasses import dataclass

_BEGIN = r"(?<![^\s(\[{])@"
_TYPED = re.compile(_BEGIN + r"(?:([\"'])((?:(?!\1).)*)|((?![\"'])\S*))$")
_SENT = re.compile(_BEGIN + r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\s\"']\S*))")
_LONGEST = 1000
"""Characters before the cursor that are looked at."""

_AFTER = ".,;:!?)]}>\"'"
"""What may stand right behind a name without being a part of it."""


@dataclass(frozen=True)
class Word:
    """The word at the cursor: `typed` is what stands behind its @, up to the cursor."""

    start: int
    end: int
    typed: str

    @property
    def is_path(self) -> bool:
        return "/" in self.typed or self.typed in ("~", ".", "..")


def word_at(text: str, cursor: int) -> Word | None:
    """The word with an @ that the cursor stands in, or right behind."""
    begin = max(text.rfind("\n", 0, cursor) + 1, cursor - _LONGEST)
    found = _TYPED.search(text[begin:cursor])
    if found is None:
        return None
    quote, quoted, word = found.groups()
    rest = re.compile(r"\S*").match(text, cursor)
    end = rest.end() if rest is not None else cursor
    return Word(begin + found.start(), end, quoted if quote else word)


def written(name: str, open: bool = False) -> str:
    """How `name` is written in a message; `open`: more of it is to follow."""
    if name and name[0] not in "\"'" and not re.search(r"\s", name):
        return f"@{name}"
    quote = "'" if '"' in name else '"'
    return f"@{quote}{name}{'' if open else quote}"


def mentioned(text: str) -> list[tuple[str, ...]]:
    """What a message names, each in the ways that it may be meant: with the sign behind it, and
    without."""
    found: dict[tuple[str, ...], None] = {}
    for match in _SENT.finditer(text):
        name = match[1] or match[2] or match[3]
        bare = name.rstrip(_AFTER)
        ways = (name,) if match[3] is None or bare in ("", name) else (name, bare)
        found[ways] = None
    return list(found)
