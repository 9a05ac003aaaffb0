"""HTML: headings become sections; menus, footers and the like are left out, real text is not.

An extractor says which text is the page's main one. On its own it loses tables, lists and listings
(on 248 pages of its own test set one of twenty marked sentences, here one of forty-five), so that
of what it leaves out a block goes only when it also stands where menus stand, is little but links,
or is short, no sentence, and comes before or after all of the main text. Of a page that would lose
nearly all of its words so, everything is kept that it shows.
"""

import logging
import re
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from memtui.api.plain import plain_line
from memtui.library.document import DocumentText, Heading, PageText, UnreadableError
from memtui.library.readers.html_blocks import ANCHOR, Block, blocks, parse
from memtui.library.readers.text import decode

_LARGEST = 5_000_000
"""Characters: the extractor takes seconds for each million, and so large a page is a book."""
_KEPT = 0.2  # of the words: when less would be kept, the page is no article
_MENU, _LINKED = 60, 0.5  # characters of the longest entry of a menu, and its share of links
_SHORT = 80  # characters: a date, a name, a button
_SENTENCE = re.compile(r"\w.*\s.*\s.*[.!?。？！»”\"]\Z", re.DOTALL)
_LINE = 20  # characters of a line that can be told from others
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_SAMPLE = 4096

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    from lxml.etree import LxmlError  # type: ignore[import-untyped]

    source = _decode(Path(path).read_bytes(), name)
    try:
        tree = parse(source)
    except LxmlError as error:
        if "nested" in str(error):
            raise UnreadableError(
                f"{name} nests its elements more than 2,000 deep, which no page needs. Save it "
                "anew from a browser."
            ) from None
        raise _empty(name) from None
    shown = blocks(tree)
    if not shown:
        raise _empty(name)
    title, author, main = _extracted(source)
    text, headings = _joined(_chosen(shown, main))
    title = title or plain_line(tree.findtext(".//title") or "", 300)
    title = title or next((one.title for one in headings if one.level == 1), "")
    return DocumentText("html", [PageText(text)], title, author, headings)


def _empty(name: str) -> UnreadableError:
    return UnreadableError(
        f"{name} shows no text. A page that its script makes must be saved from a browser.", "empty"
    )


def _decode(data: bytes, name: str) -> str:
    """By the page's own word where it holds, as a browser does."""
    declared = _META.search(data[:_SAMPLE])
    if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        encoding = declared[1].decode("ascii", "replace")
        encoding = {"iso-8859-1": "cp1252", "gb2312": "gb18030"}.get(encoding.lower(), encoding)
        with suppress(LookupError, UnicodeDecodeError, ValueError):
            if "16" not in encoding and "32" not in encoding:  # it could not have been read
                return data.decode(encoding)
    return decode(data, name)


def _extracted(source: str) -> tuple[str, str, Collection[str] | None]:
    """Title, author, and the lines of the main text; None when the extractor has no word."""
    if len(source) > _LARGEST:
        return "", "", None
    found: Any = None
    with suppress(Exception):
        from trafilatura import bare_extraction

        found = bare_extraction(
            source,
            fast=True,  # a second opinion takes twice the time and changes nothing here
            favor_recall=True,
            with_metadata=True,
            date_extraction_params={"extensive_search": False, "original_date": False},
        )
    if found is None:
        return "", "", None
    title, author = (plain_line(getattr(found, key) or "", 300) for key in ("title", "author"))
    title = ANCHOR.sub("", title)
    lines = {_key(line) for line in (found.text or "").splitlines()}
    return title, author, lines or None


def _key(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _chosen(shown: Sequence[Block], main: Collection[str] | None) -> Sequence[Block]:
    is_main = [main is not None and _key(block.text) in main for block in shown]
    sure = [at for at, block in enumerate(shown) if is_main[at] and len(block.text) >= _LINE]

    def stays(at: int, block: Block) -> bool:
        if is_main[at] or block.furniture or not sure:
            return is_main[at] or not block.furniture
        if block.linked > _LINKED and len(block.text) < _MENU and not block.level:
            return False
        return (
            sure[0] <= at <= sure[-1]
            or len(block.text) >= _SHORT
            or block.level == 1
            or bool(_SENTENCE.search(block.text))
        )

    kept = [block for at, block in enumerate(shown) if stays(at, block)]
    return kept if _words(kept) >= _KEPT * _words(shown) else shown


def _words(some: Sequence[Block]) -> int:
    return sum(len(block.text.split()) for block in some)


def _joined(some: Sequence[Block]) -> tuple[str, list[Heading]]:
    parts: list[str] = []
    headings: list[Heading] = []
    position, before = 0, False
    for block in some:
        if parts:
            parts.append("\n" if before and block.line else "\n\n")
            position += len(parts[-1])
        if block.level:
            headings.append(Heading(position, block.level, plain_line(block.text, 200)))
        parts.append(block.text)
        position += len(block.text)
        before = block.line
    return "".join(parts), headings
