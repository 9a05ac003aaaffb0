"""Sentences of a passage as they can be quoted, and how readable each is.

Text from PDFs has line breaks inside sentences, words cut by hyphens, headings, tables of
contents, page numbers, code and reference lists between them.
"""

import re
from functools import lru_cache

LONGEST = 420
"""Characters of the longest quotation; a longer sentence is cut at a space."""

_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.?g|i\.?e|cf|vs|al|etc|approx|resp|Fig|Figs|Eq|Eqs|Sec|Ch|No|Nos|Vol|pp|p|Dr|Mr|Mrs|Ms"
    r"|Prof|St|Sr|Jr|Gen|Gov|Sen|Rep|Lt|Col|Capt|Inc|Ltd|Co|Corp|Univ|Dept|Jan|Feb|Mar|Apr|Aug|Sept?"
    r"|Oct|Nov|Dec|U\.S|a\.m|p\.m|Sra?|Dra?|Ud|Uds|pág|núm|bzw|z\.B|ca)|(?:^|[\s(.])[^\W\d_])\.$"
)
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+\S)|[。！？]+[」』”’）]*|[؟।۔]+(?=\s)")
# Before it a whole word, after it a name that is written small: `… installed. memtui needs …`
_SMALL = re.compile(r"(?:[^\W\d_]{4}|[)\]\"”’»])[.…]+[\"'”’»)\]]*$")
_SMALL_NAME = re.compile(r"(?:[^\W\d_]{4}|[)\]\"”’»])[.?!][\"'”’»)\]]*\s+([^\W\d_A-ZÀ-Þ]\S+)\s")
_LOWER_NAME = re.compile(r"[^\W\d_]*(?:[_\d/]|[.-]\w)\S*\s")
_HYPHEN = re.compile("[\xad\ufffe\x02]\\n?")  # soft, and what PDFium puts for one at a line end
_NUMBERED = re.compile(r"^\(?\d{1,2}[.)]\s+(?=[^\W\d])")
_BULLET = re.compile(r"[•▪‣◦*–—-]\s+")
_CODE = re.compile(r"[{}<>=;*|\\_\[\]]|\w\(|--\w")
_CODE_LINE = re.compile(
    r"(?:struct|void|int|char|const|static|return|def|class|import|from \S+ import|#include|if)\b"
    r".*[({;:*\]]\S*.*$|.*\[(?:Function|Constant|Macro|Struct|Context struct)\]|[^.?!]*[{};]$"
)
_SHELL = re.compile(r"(?:\$ )?[a-z][\w./-]* .*(?:(?<= )--?[a-z]|&& )")
_LEADERS = re.compile(r"(?:\.\s?){4,}|_{4,}|…{2,}|…\s*\d")
_REFERENCE = re.compile(
    r"^\[?\d+\]?[.)]?\s+\S+.*\b(?:19|20)\d\d\b.*(?:pp?\.|arXiv|doi|Proc|Press)"
    r"|^\[\d+\]\s+[A-ZÀ-Þ]|^(?:In )?Proc(?:eedings|\.)|arXiv:\d|\bdoi\b"
    r"|^(?:[A-ZÀ-Þ][\w’'-]+,? (?:[A-Z]\.[ -]?){1,3},?(?: and | & |;|,)?\s*)+\(?(?:19|20)\d\d\b"
)
_HEADING_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)]?\s+\S")
_CONTENTS = re.compile(r"\d+\s+\d+(\.\d+)+\s|\d+(\.\d+)*\.?\s+(\S+\s+){0,9}\S+[^.!?。]$")
_ENTRY = re.compile(r"[^\W\d_.,:;]\s+\d{1,4}(?=\s+(?:\d[\d.]*\s+)?[A-ZÀ-Þ]|\s*$)")
_LINK = re.compile(r"https?://|www\.|@\w+\.\w")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, each on one line: `text`, but for white space, hyphens at line
    ends, bullets, item numbers, and lines that are a number.
    """
    return list(_sentences(text))


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[str, ...]:
    small = _small_names(text)
    return tuple(_NUMBERED.sub("", one) for block in _blocks(text) for one in _split(block, small))


def heading(text: str) -> str:
    """The line that `text` begins with, when it is a heading."""
    first, _, rest = text.strip().partition("\n")
    found = _sentences(text)
    alone = bool(found) and " ".join(first.split()).endswith(found[0])
    return found[0] if rest and alone and found[0][-1] not in ".!?。！？؟" else ""


def _blocks(text: str) -> list[str]:
    """Paragraphs: lines joined, unless a line is a heading, code, a list item or an entry of a
    table."""
    text = _HYPHEN.sub("", text.replace("\r\n", "\n"))
    text = re.sub(r"(?<=[^\W\d_])[-‐]\n(?=[^\W\d_A-ZÀ-Þ])", "", text)
    blocks: list[str] = []
    small = _small_names(text)
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [" ".join(line.split()) for line in paragraph.split("\n")]
        lines = [line for line in lines if line]
        width = max((len(line) for line in lines), default=0)
        open_line = shown = False
        for number, line in enumerate(lines):
            if line.isdecimal():  # the number of a page
                open_line = False
                continue
            item = _BULLET.match(line)
            line = line[item.end() :] if item else line
            code = bool(_CODE_LINE.match(line)) and not (open_line and blocks[-1][-1] in ",;(")
            if open_line and not item and (not code or blocks[-1][-1] == ":"):
                blocks[-1] += ("" if _unspaced(blocks[-1][-1], line[0]) else " ") + line
            else:
                blocks.append(line)
            following = lines[number + 1] if number + 1 < len(lines) else ""
            command = shown and len(line) < 0.6 * width and line[-1] not in ",;:-"
            command = command or bool(_SHELL.match(line))
            closed = _closed(line, following, width, small)
            # Text whose lines are paragraphs, and first a short one: a heading, whatever follows.
            first = number == 0 and line[0].isupper() and line[-1].isalnum() and len(line) < 50
            closed = closed or (first and len(following) > 120)
            open_line = not (code or closed or (command and following[:1].isupper()))
            shown = line[-1] == ":"
    return blocks


def _small_names(text: str) -> frozenset[str]:
    """Lower-case words that sentences of `text` begin with, such as the name of a program."""
    return frozenset(_SMALL_NAME.findall(text))


def _closed(line: str, following: str, width: int, small: frozenset[str]) -> bool:
    """Whether the text that `line` belongs to ends with it."""
    if _LEADERS.search(line):
        return True
    # In text of long lines a short one ends a paragraph, or is a heading if nothing ends it.
    if len(line) >= min(0.6 * width, 100) or (len(line) >= 70 and width < 200):
        return False
    if line[-1] in ",;:-":
        return False
    if line[-1] in ".!?。！？؟" or _titled(line):
        return True
    return bool(following) and not _goes_on(line, following, small)


def _goes_on(line: str, following: str, small: frozenset[str]) -> bool:
    """Whether `following` may be the rest of a sentence begun in `line`."""
    if not following[0].islower():
        return not (following[0].isupper() and line[0].isupper() and line[-1].isalnum())
    return not (line[0].isupper() and following.split()[0] in small)


def _unspaced(before: str, after: str) -> bool:
    return "\u3000" <= before <= "\u9fff" and "\u3000" <= after <= "\u9fff"


def _titled(line: str) -> bool:
    """Whether a line looks like a heading: a number first, or most words with capitals."""
    words = [word for word in line.split() if word[0].isalpha()]
    capitals = sum(word[0].isupper() for word in words)
    return bool(_HEADING_NUMBER.match(line)) or (bool(words) and capitals > 0.6 * len(words))


def _split(block: str, small: frozenset[str]) -> list[str]:
    found = []
    start = 0
    for end in _END.finditer(block):
        before, after = block[start : end.end()].strip(), block[end.end() :].lstrip()
        if end[0][0] == "…" and after[:1].isdecimal():  # an entry of a table of contents
            continue
        if end[0][0] == "." and (
            _ABBREVIATION.search(before)
            or (after and after[0].islower() and not _begins_small(before, after, small))
            or len(before) < 4
        ):
            continue
        if before := before.lstrip(".,;:) "):
            found.append(before)
        start = end.end()
    rest = block[start:].strip().lstrip(".,;:) ")
    return [*found, rest] if rest else found


def _begins_small(before: str, after: str, small: frozenset[str]) -> bool:
    """Whether a sentence begins with the lower-case word at the start of `after`."""
    known = after.split(maxsplit=1)[0] in small
    return known or bool(_SMALL.search(before)) or bool(_LOWER_NAME.match(after))


@lru_cache(maxsize=4096)
def readability(sentence: str) -> float:
    """1 for a plain sentence, down to 0 for what nobody wants quoted."""
    if _LEADERS.search(sentence) or _REFERENCE.search(sentence):
        return 0.0
    ended = sentence[-1] in ".!?。！？؟।۔:\"'”’»)]」…"
    if not ended and len(_ENTRY.findall(sentence)) >= 2:
        return 0.0
    dense = [char for char in sentence if not char.isspace()]
    letters = sum(char.isalpha() for char in dense)
    wide = any("\u0e00" <= char <= "\u0e7f" or "\u3040" <= char <= "\u9fff" for char in dense)
    if letters < (4 if wide else 12):
        return 0.1
    value = 1.0
    if letters < 0.6 * len(dense):
        value -= 0.5
    code = len(_CODE.findall(sentence))
    if code > 2 + len(sentence) / 60:
        value -= 0.8 if code > 4 + len(sentence) / 30 or _CODE_LINE.fullmatch(sentence) else 0.5
    if len(sentence) > LONGEST:
        value -= 0.3
    if _CONTENTS.match(sentence) or sentence.endswith((" .", " …")):
        value -= 0.6
    if not wide and (words := len(sentence.split())) < 5:
        value -= 0.15 if ended and words == 4 else 0.4
    if not ended:
        value -= 0.25 if len(sentence) > 60 else 0.45  # a heading, or a piece of a table
    if sentence[0] in ",;.)]":
        value -= 0.2
    if sentence.isupper() or _LINK.search(sentence):
        value -= 0.3
    return max(value, 0.0)


def shortened(sentence: str) -> str:
    """At most LONGEST characters, ending in `…` where it was cut."""
    if len(sentence) <= LONGEST:
        return sentence
    cut = sentence.rfind(" ", LONGEST // 2, LONGEST)
    return sentence[: cut if cut > 0 else LONGEST].rstrip(" ,;:") + " …"
