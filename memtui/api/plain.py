"""Text from models, files and paths is hostile: this makes it safe to show on a terminal.

Everything that prints outside text goes through `plain` (many lines) or `plain_line` (one).
"""

import re

# C0 but tab and newline, DEL, C1; bidi overrides and isolates; line/paragraph separators;
# the Unicode tag block; BOM and other invisible format characters; lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)
_TOWER = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def plain(text: str, limit: int | None = None) -> str:
    """`text` without control, bidi and invisible tag characters; newlines and tabs stay.

    More than four combining marks in a row are cut to four. With `limit`, longer text ends in `…`.
    """
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 1)] + "…"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _TOWER.sub(r"\1", _UNSAFE.sub("", text))


def plain_line(text: str, limit: int | None = None) -> str:
    """`plain`, on one line: runs of white space become one space."""
    return plain(" ".join(text[: (limit or len(text)) * 4].split()), limit)
