"""How a text is found in the conversation: the same for the engine and for the app."""

import re

LONGEST = 400
"""Characters of a text that is looked for."""


def pattern(text: str) -> re.Pattern[str]:
    """Finds `text`; capitals matter when it has any. Between words may be a line's end, and the
    signs with which Markdown begins and ends emphasis. Raises ValueError when there is no word.
    """
    words = text[:LONGEST].split()
    if not words:
        raise ValueError("nothing to look for")
    between = r"[*_`~]*\s+[*_`~]*"
    flags = 0 if any(char.isupper() for char in text) else re.IGNORECASE
    return re.compile(between.join(map(re.escape, words)), flags)


def count(found: re.Pattern[str], text: str) -> int:
    """How often it stands in `text`."""
    return sum(1 for _ in found.finditer(text))
