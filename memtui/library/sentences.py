"""Where sentences end: Latin, CJK, Arabic and Indic punctuation, blank lines and list items."""

import re
from collections.abc import Iterator

_CLOSING = "\"'\u2019\u201d»)\\]」』”’）】》〉"

_BOUNDARY = re.compile(
    rf"""
      (?P<stop>[.!?…])[{_CLOSING}]*\s+    # a full stop, or the dot of "e.g. this"
    | [؟۔।॥។៕።][{_CLOSING}]*\s+
    | [。！？｡．]+[{_CLOSING}]*\s*
    | \n[ \t]*(?:\n\s*|(?=(?:[•▪◦‣·∙●○■–—*+-]|\(?\d{{1,3}}[.)])[ \t]))
    """,
    re.VERBOSE,
)  # fmt: skip

_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        """e.g i.e etc cf vs viz al approx resp ca no nos fig figs eq eqs sec secs ch chap vol vols
        pp p ed eds ref refs tab def thm prop dr mr mrs ms prof st jr sr inc ltd co corp dept est
        gov gen jan feb mar apr jun jul aug sep sept oct nov dec z.b d.h u.a bzw usw nr abb kap
        sra pág núm art ej m mm""",
    )
)
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘«]*\Z")


def split(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """The sentences of text[start:end] as adjoining spans, white space after each included."""
    end = len(text) if end is None else end
    begin = start
    for match in _BOUNDARY.finditer(text, start, end):
        if match["stop"] and not _ends_sentence(text, begin, match.start(), match.end(), end):
            continue
        if match.end() > begin:
            yield begin, match.end()
            begin = match.end()
    if begin < end:
        yield begin, end


def _ends_sentence(text: str, begin: int, stop: int, after: int, end: int) -> bool:
    """Whether the mark at `stop` ends a sentence that began at `begin`."""
    if after >= end or "\n\n" in text[stop:after]:
        return True
    if text[after].islower():
        return False
    if text[stop] != ".":
        return not (text[stop] == "…" and text[after].isdigit())  # a table of contents
    match = _LAST_WORD.search(text, max(begin, stop - 20), stop)
    word = match[0] if match else ""
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False  # an initial: "J. Smith"
    if word.isdigit() and stop - begin <= 4:
        return False  # "12. Foo": the number of a list item or heading
    lower = word.lower()
    # "etc." and "al." do end sentences when a capital follows; the others hardly ever do.
    if lower in {"etc", "al"}:
        return text[after].isupper()
    return lower not in _ABBREVIATIONS
