"""Right-to-left text in the order in which it is read.

Files draw it from left to right; pdfium turns it round, numbers and other scripts left as they
are. What it does not know is that a glyph may stand for several letters: those it turns round too.
"""

import re
from collections.abc import Sequence
from itertools import groupby

from memtui.library.readers.pdf_chars import Char

_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LAM_ALEF = re.compile("\u0644[\u0622\u0623\u0625\u0627]")
_LIGATURE = 3
"""Letters in a glyph at most: more are a text that the file gives for a whole word."""


def is_rtl(text: str) -> bool:
    return bool(_RTL.search(text))


def logical(chars: Sequence[Char]) -> str | None:
    """The page's text; None when pdfium's order cannot be mended."""
    parts: list[str] = []
    for box, group in groupby(chars, key=lambda char: char.box):
        text = "".join(char.text for char in group)
        letters = sum(map(is_rtl, text))
        if letters < 2 or box[0] == box[2]:
            parts.append(text)
        elif letters > _LIGATURE:
            return None
        elif _LAM_ALEF.match(text):
            parts.append(text)  # pdfium took it from one character: it is in order
        else:
            parts.append(text[::-1])
    return "".join(parts)
