"""Drawing without Unicode: frames, bars and signs as plain ASCII; and without colours."""

import os

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    "·": "-", "•": "*", "…": ".", "–": "-", "—": "-", "×": "x", "❯": ">", "›": ">", "‹": "<",
    "«": "<", "»": ">", "↑": "^", "↓": "v", "←": "<", "→": ">", "↵": "<", "⏎": "<", "⇥": ">",
    "▸": ">", "▾": "v", "▶": ">", "▼": "v", "◀": "<", "▲": "^", "▴": "^", "△": "^", "▽": "v",
    "◐": "|", "◓": "/", "◑": "-", "◒": "\\", "●": "*", "○": "o", "◆": "*", "◇": "o", "■": "#",
    "□": "o", "✓": "v", "✔": "v", "✗": "x", "✘": "x", "✕": "x", "⚠": "!", "★": "*", "☆": "*",
    "⟳": "o", "↻": "o", "↺": "o", "⏸": "=", "⋯": ".", "⎯": "-", "“": '"', "”": '"', "‘": "'",
    "’": "'", "≤": "<", "≥": ">", "\xa0": " ", "⭘": "o", "⇅": "%", "⌫": "<", "∙": "-", "◉": "*",
}  # fmt: skip


def _frame(code: int) -> str:
    """A box-drawing character: lines along, lines across, and everything that turns or crosses."""
    char = chr(code)
    if char in "─━┄┅┈┉╌╍═╴╶╸╺╼╾":
        return "=" if char in "━═" else "-"
    return "|" if char in "│┃┆┇┊┋╎╏║╵╷╹╻╽╿" else "+"


def _block(code: int) -> str:
    """A block element: more than half of the cell is a mark."""
    char = chr(code)
    if char in "▌▐▍▋▊▉█▓▒▄▀▆▇":
        return "|" if char in "▌▐" else "#"
    return " " if char not in "▁▔▂" else "_"


TABLE: dict[int, str] = {
    **{code: _frame(code) for code in range(0x2500, 0x2580)},
    **{code: _block(code) for code in range(0x2580, 0x25A0)},
    **dict.fromkeys(range(0x2801, 0x2900), "*"),  # braille, for spinners
    **{ord(sign): plain for sign, plain in _SIGNS.items()},
}
"""Each sign that memtui or Textual draws, and one ASCII character for it: nothing moves."""


class Plain(LineFilter):
    """Every line, after it was drawn and before it is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(TABLE), segment.style, segment.control)
            for segment in segments
        ]


class Colourless(LineFilter):
    """NO_COLOR: what is chosen or has the focus is reverse, bold or underlined, as it is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, style.without_color if style else None, control)
            for text, style, control in segments
        ]


def needed() -> bool:
    """Whether the locale says that the terminal has no Unicode: LANG=C, or another coding."""
    # Python, at its start, makes this of LANG=C.
    coerced = os.environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8")
    if coerced and os.environ.get("LANG") in ("C", "POSIX") and not os.environ.get("LC_ALL"):
        return True
    named = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "")
    coding = named.partition(".")[2].lower().replace("-", "")
    return not coding.startswith("utf8") if coding else named in ("C", "POSIX")
