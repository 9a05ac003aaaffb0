"""Sentences of a passage as they can be quoted, and how readable each is.

Text from PDFs has line breaks inside sentences, words cut by hyphens, headings, tables of
contents, page numbers and reference lists between them.
"""

import re

LONGEST = 420
"""Characters of the longest quotation; a longer sentence is cut at a space."""

_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.?g|i\.?e|cf|vs|al|etc|approx|Fig|Figs|Eq|Eqs|Sec|Ch|No|Nos|Vol|pp|p|Dr|Mr|Mrs|Ms|Prof"
    r"|St|Sr|Jr|Gen|Gov|Sen|Rep|Lt|Col|Inc|Ltd|Co|Corp|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec"
    r"|U\.S|a\.m|p\.m|Sra?|Dra?|Ud|Uds|pág|núm|bzw|z\.B|ca)|(?:^|[\s(.])[^\W\d_])\.$"
)
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+\S)|[。！？]+[」』”’）]*|[؟।۔]+(?=\s)")
_HYPHEN = re.compile("[\xad\ufffe\x02]\\n?")  # soft, and what PDFium puts for one at a line end
_NUMBERED = re.compile(r"^\(?\d{1,2}[.)]\s+(?=[^\W\d])")
_BULLET = re.compile(r"[•▪‣◦*–—-]\s+")
_CODE = re.compile(r"[{}<>=;*|\\_\[\]]|\w\(|--\w")
_LEADERS = re.compile(r"(?:\.\s?){4,}|_{4,}|…{2,}")
_REFERENCE = re.compile(r"^\[?\d+\]?[.)]?\s+\S+.*\b(?:19|20)\d\d\b.*(?:pp?\.|arXiv|doi|Proc|Press)")
_HEADING_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.)]?\s+\S")
_CONTENTS = re.compile(r"\d+\s+\d+(\.\d+)+\s|\d+(\.\d+)*\.?\s+(\S+\s+){0,9}\S+[^.!?。]$")
_LINK = re.compile(r"https?://|www\.|@\w+\.\w")


def sentences(text: str) -> list[str]:
    """The sentences of `text`, each on one line: `text`, but for white space, hyphens at line
    ends, bullets, item numbers, and lines that are a number.
    """
    return [_NUMBERED.sub("", one) for block in _blocks(text) for one in _split(block)]


def _blocks(text: str) -> list[str]:
    """Paragraphs: lines joined, unless a line is a heading, a list item or an entry of a table."""
    text = _HYPHEN.sub("", text.replace("\r\n", "\n"))
    text = re.sub(r"(?<=[^\W\d_])[-‐]\n(?=[^\W\d_A-ZÀ-Þ])", "", text)
    blocks: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [" ".join(line.split()) for line in paragraph.split("\n")]
        lines = [line for line in lines if line]
        width = max((len(line) for line in lines), default=0)
        open_line = False
        for line in lines:
            if line.isdecimal():  # the number of a page
                open_line = False
                continue
            item = _BULLET.match(line)
            line = line[item.end() :] if item else line
            if open_line and not item:
                blocks[-1] += ("" if _unspaced(blocks[-1][-1], line[0]) else " ") + line
            else:
                blocks.append(line)
            # A short line without punctuation at its end, in text of long lines, is a heading.
            short = len(line) < 0.6 * width and len(line) < 70 and line[-1] not in ",;:-"
            ended = line[-1] in ".!?。！？؟" and short
            open_line = not (ended or _LEADERS.search(line) or (short and _titled(line)))
    return blocks


def _unspaced(before: str, after: str) -> bool:
    return "\u3000" <= before <= "\u9fff" and "\u3000" <= after <= "\u9fff"


def _titled(line: str) -> bool:
    """Whether a line looks like a heading: a number first, or most words with capitals."""
    words = [word for word in line.split() if word[0].isalpha()]
    capitals = sum(word[0].isupper() for word in words)
    return bool(_HEADING_NUMBER.match(line)) or (bool(words) and capitals > 0.6 * len(words))


def _split(block: str) -> list[str]:
    found = []
    start = 0
    for end in _END.finditer(block):
        before, after = block[start : end.end()].strip(), block[end.end() :].lstrip()
        if end[0][0] == "." and (
            _ABBREVIATION.search(before) or (after and after[0].islower()) or len(before) < 4
        ):
            continue
        if before:
            found.append(before)
        start = end.end()
    rest = block[start:].strip()
    return [*found, rest] if rest else found


def readability(sentence: str) -> float:
    """1 for a plain sentence, down to 0 for what nobody wants quoted."""
    if _LEADERS.search(sentence) or _REFERENCE.match(sentence):
        return 0.0
    dense = [char for char in sentence if not char.isspace()]
    letters = sum(char.isalpha() for char in dense)
    wide = any("\u0e00" <= char <= "\u0e7f" or "\u3040" <= char <= "\u9fff" for char in dense)
    if letters < (4 if wide else 12):
        return 0.1
    value = 1.0
    if letters < 0.6 * len(dense):
        value -= 0.5
    if len(_CODE.findall(sentence)) > 2 + len(sentence) / 60:
        value -= 0.5
    if len(sentence) > LONGEST:
        value -= 0.3
    if _CONTENTS.match(sentence) or sentence.endswith(" ."):
        value -= 0.6
    if not wide and len(sentence.split()) < 5:
        value -= 0.4
    if sentence[-1] not in ".!?。！？؟।۔:\"'”’»)]」…":
        value -= 0.25
    if sentence[0].islower() or sentence[0] in ",;.)]":
        value -= 0.2  # the passage begins in the middle of a sentence
    if sentence.isupper() or _LINK.search(sentence):
        value -= 0.3
    return max(value, 0.0)


def shortened(sentence: str) -> str:
    """At most LONGEST characters, ending in `…` where it was cut."""
    if len(sentence) <= LONGEST:
        return sentence
    cut = sentence.rfind(" ", LONGEST // 2, LONGEST)
    return sentence[: cut if cut > 0 else LONGEST].rstrip(" ,;:") + " …"
