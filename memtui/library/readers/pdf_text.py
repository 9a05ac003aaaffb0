"""The text of PDF pages as people read it: lines that the layout broke are joined again."""

import re
import unicodedata
from collections.abc import Sequence

from memtui.library.readers.pdf_margins import without_margins
from memtui.library.readers.text import clean

_HYPHEN_MARK = "\ufffe"  # pdfium's for a hyphen at a line's end; the line break itself is left out
_LEADERS = re.compile(r"(?:[ \t][.·]){4,}[ \t]?|[.·…]{5,}(?=[ \t]*[\divxlc]+$)", re.MULTILINE)
_LEADS_TO = re.compile(r"…[ \t]*[\divxlc]+\Z")
_BLANKS = re.compile(r"\n{3,}")
_BROKEN = re.compile(r"([^\W\d_]+)-\n([^\W\d_]+)")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_ENDS = tuple(".!?:;。！？…")
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LIST_ITEM = re.compile(r"[•▪◦‣∙●○■*–—-]\s|\(?\d{1,3}[.)]\s|\s")
_NUMBERED = re.compile(r"\d[\d.]*\s+[^\W\d_]")
_BAD = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f\x80-\x9f]|\\(cid:\\d+\\)")
_ACCENTS = {
    "¨": "\u0308",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "˚": "\u030a",
}
_ACCENTED = re.compile("([¨ˆ˜ˇ˚])([A-Za-zı])|(´)([aeiouyAEIOUYı])")


def raw(text: str) -> str:
    """What an extractor returned, with plain newlines and hyphens."""
    text = text.replace("\r\n", "\n").replace(_HYPHEN_MARK + "\n", "-\n")
    text = clean(text.replace(_HYPHEN_MARK, "-\n").replace("\xad\n", "-\n"))
    return text if text.isascii() else _ACCENTED.sub(_accented, text)


def _accented(match: re.Match[str]) -> str:
    """TeX's older fonts draw an accent beside its letter: `M¨oller`."""
    accent, letter = (part for part in match.groups() if part)
    one = unicodedata.normalize("NFC", letter.replace("ı", "i") + _ACCENTS[accent])
    return one if len(one) == 1 else match[0]


def quality(text: str) -> float:
    """0 for nothing or rubbish (characters without a meaning), 1 for clean text."""
    length = len(text) - text.count(" ") - text.count("\n")
    if length <= 0:
        return 0.0
    return max(0.0, 1.0 - sum(len(match[0]) for match in _BAD.finditer(text)) / length)


def tidy(pages: Sequence[str]) -> list[str]:
    """Pages without page numbers and running heads, with hyphenated words joined, wrapped lines
    joined, and dot leaders shortened."""
    pages = without_margins(pages)
    compounds = set()
    if any("-\n" in page for page in pages):
        words = {word for page in pages for word in page.split() if "-" in word}
        compounds = {match[0].lower() for word in words for match in _COMPOUND.finditer(word)}
    return [_reflow(_LEADERS.sub(" … ", page), compounds) for page in pages]


def _reflow(page: str, compounds: set[str]) -> str:
    """A line is joined with the next one when the next one's first word did not fit into it.

    So prose flows, while lists, listings and verse keep their lines.
    """
    lines = [line.rstrip() for line in page.strip("\n").split("\n")]
    width = _width(lines)
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        parts.append(line)
        if not line or not following:
            parts.append("\n")
        elif line.endswith("-") and (broken := _BROKEN.search(f"{line[-60:]}\n{following[:60]}")):
            if not _keeps_hyphen(broken[1], broken[2], compounds):
                parts[-1] = line[:-1]
        elif not width or _LIST_ITEM.match(following) or not _is_full(line, following, width):
            parts.append("\n")
        elif not (_WIDE.match(line[-1]) and _WIDE.match(following[0])):
            parts.append(" ")
    return _BLANKS.sub("\n\n", "".join(parts)).strip()


def _width(lines: list[str]) -> float:
    """The width of the column in characters, 0 where no text seems to be wrapped."""
    lengths = sorted(len(line) for line in lines if len(line) > 15)
    if not lengths:
        return 0
    width = lengths[int(len(lengths) * 0.9) - 1] if len(lengths) > 1 else lengths[0]
    return width if sum(length >= 0.85 * width for length in lengths) >= 3 else 0


def _is_full(line: str, following: str, width: float) -> bool:
    """Whether the next line's first word did not fit. Characters differ in width, hence 0.92."""
    if _LEADS_TO.search(line):
        return False  # a table of contents
    if len(following) < 0.5 * width and (line.endswith(_ENDS) or _NUMBERED.match(following)):
        return False  # a paragraph's end, a heading
    first = following.split(None, 1)[0] if not _WIDE.match(following[0]) else following[:1]
    return len(line) + 1 + min(len(first), 25) >= 0.92 * width


def _keeps_hyphen(left: str, right: str, compounds: set[str]) -> bool:
    """`well-` + `known` keeps its hyphen where the document writes it so elsewhere."""
    return right[0].isupper() or len(left) < 2 or f"{left}-{right}".lower() in compounds
