"""What pdfium knows of a page's text beyond the text: where each character and each run stands."""

import ctypes
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

Box = tuple[float, float, float, float]
"""left, bottom, right, top in points, from the page's lower left corner."""

_LINE_END_HYPHEN = "\x02\ufffe"


class Char(NamedTuple):
    text: str
    box: Box


def chars(text_page: Any) -> list[Char]:
    """Every character in pdfium's order, with the spaces and newlines that it adds.

    A hyphen at a line's end comes with the newline that pdfium leaves out behind it.
    """
    found: list[Char] = []
    left, bottom, right, top = (ctypes.c_double() for _ in range(4))
    for index in range(text_page.count_chars()):
        text = chr(pdfium.FPDFText_GetUnicode(text_page, index))
        pdfium.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
        box = left.value, bottom.value, right.value, top.value
        if text in _LINE_END_HYPHEN:
            found.append(Char("-", box))
            text = "\n"
        found.append(Char(text, box))
    return found


def runs(text_page: Any) -> list[Box]:
    """The boxes of the runs of text, in the order in which they are read."""
    found: list[Box] = []
    left, bottom, right, top = (ctypes.c_double() for _ in range(4))
    places = [ctypes.byref(one) for one in (left, top, right, bottom)]
    get, page = pdfium.FPDFText_GetRect, text_page.raw
    for index in range(text_page.count_rects()):
        get(page, index, *places)
        found.append((left.value, bottom.value, right.value, top.value))
    return found


def loses_text(page: Any, text: str) -> bool:
    """Whether there are more runs of text on the page than pdfium gave characters.

    It leaves out right-to-left letters that are drawn one by one.
    """
    letters = len("".join(text.split()))
    count: int = pdfium.FPDFPage_CountObjects(page)
    if count <= letters:
        return False
    kinds = (
        pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, index)) for index in range(count)
    )
    return sum(bool(kind == pdfium.FPDF_PAGEOBJ_TEXT) for kind in kinds) > letters
