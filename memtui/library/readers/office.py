"""DOCX, PPTX, XLSX and EPUB, through markitdown, which the optional extra `office` brings.

Its converters give Markdown, whose headings become sections; each sheet of a workbook is one, and a
slide is a page. Only the converter that the file's name asks for is called, on the open file: no
plugin, no guessing, no network. Workbooks are read with the openpyxl that comes with it: markitdown
puts a table of pandas in between, which cuts cells at 50 characters and makes 1871 of years 1871.0.
"""

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from memtui.api.plain import plain_line
from memtui.library.document import (
    PAGE_SEPARATOR,
    DocumentText,
    Heading,
    PageText,
    UnreadableError,
)
from memtui.library.readers.markdown import headings
from memtui.library.readers.text import clean

_LARGEST = 1_000_000_000
"""Bytes of all that is packed into a file."""

_AS_IT_IS = {"escape_underscores": False, "escape_asterisks": False, "escape_misc": False}
_SLIDE = re.compile(r"<!-- Slide number: (\d+) -->\n?")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_GAP = re.compile(r"(?: \| ?){4,}")
_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    kind = PurePath(path).suffix.lower().removeprefix(".")
    title, author = _described(path, name, kind)
    try:
        text = _sheets(path) if kind == "xlsx" else _converted(path, kind)
    except ImportError:
        raise _missing(name) from None
    if kind == "epub":
        text = text.partition("\n\n")[2]  # after what is said about the book
    text = clean(_IMAGE.sub(r"\1", text)).strip()
    pages = _slides(text) if kind == "pptx" else [PageText(text)]
    text = PAGE_SEPARATOR.join(page.text for page in pages)
    if not text.strip():
        raise UnreadableError(f"{name} contains no text.", "empty")
    on_page(len(pages) if kind == "pptx" else 0)
    found = headings(text)
    return DocumentText(kind, pages, title or _first(found), author, found)


def _first(found: list[Heading]) -> str:
    return next((heading.title for heading in found if heading.level == 1), "")


def _described(path: str, name: str, kind: str) -> tuple[str, str]:
    """Title and author. Raises UnreadableError for what is no such file, or a bomb."""
    with Path(path).open("rb") as file:
        if file.read(4) == _OLD_FORMAT:
            raise UnreadableError(
                f"{name} is encrypted, or in an older format. Save it as {kind.upper()} without a "
                "password, and load it again."
            )
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
            if size > _LARGEST:
                raise UnreadableError(
                    f"{name} unpacks to {size / 1e9:.1f} GB, more than {_LARGEST / 1e9:.0f} GB. "
                    "Split it and load the parts."
                )
            return _named_in(packed)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise UnreadableError(
            f"{name} is damaged, or no {kind.upper()} file. Check what it is, or get it anew."
        ) from None


def _named_in(packed: zipfile.ZipFile) -> tuple[str, str]:
    from lxml import etree  # type: ignore[import-untyped]

    for part in packed.namelist():
        if part == "docProps/core.xml" or part.endswith(".opf"):
            parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
            tree = etree.fromstring(packed.read(part), parser)
            found = [] if tree is None else [tree.find(f".//{_DUBLIN_CORE}{key}") for key in _KEYS]
            title, author = ("" if one is None else one.text or "" for one in found or (None, None))
            return plain_line(title, 300), plain_line(author, 300)
    return "", ""


_KEYS = ("title", "creator")


def _converted(path: str, kind: str) -> str:
    """The file's Markdown. Raises ImportError where the extra is missing."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # markitdown imports onnxruntime, which would send it
    from markitdown import MissingDependencyException, StreamInfo, converters

    class Docx(converters.DocxConverter):
        def _image_to_html(self, *image: Any, **options: Any) -> str:
            return "<wbr>"  # else each image becomes a text of its bytes

    made: Any = {"docx": Docx, "pptx": converters.PptxConverter, "epub": converters.EpubConverter}
    with Path(path).open("rb") as file:
        try:
            found = made[kind]().convert(file, StreamInfo(extension=f".{kind}"), **_AS_IT_IS)
        except MissingDependencyException as error:
            raise ImportError(str(error)) from None
    return str(found.markdown)


def _sheets(path: str) -> str:
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    parts: list[str] = []
    book = load_workbook(path, read_only=True, data_only=True)
    for sheet in book:
        parts.append(f"\n## {plain_line(sheet.title)}\n")
        if not hasattr(sheet, "values"):
            continue  # a chart's
        sheet.reset_dimensions()  # they often claim a million empty rows of 16,384 cells
        for row in sheet.values:
            cells = ["" if cell is None else " ".join(str(cell).split()) for cell in row]
            if any(cells):
                parts.append(_GAP.sub(" | ", " | ".join(cells).rstrip(" |")).lstrip())
    return "\n".join(parts)


def _missing(name: str) -> UnreadableError:
    return UnreadableError(
        f"{name} needs the extra for DOCX, PPTX, XLSX and EPUB. Install it (uv tool install "
        "'memtui[office]', or pip install 'memtui[office]') and load the file again."
    )


def _slides(text: str) -> list[PageText]:
    pages: list[PageText] = []
    begin = 0
    for mark in [*_SLIDE.finditer(text), None]:
        if mark is not None and int(mark[1]) != len(pages) + 1 + bool(begin):
            continue  # a slide's own text
        if begin:
            end = mark.start() if mark else len(text)
            pages.append(PageText(text[begin:end].strip(), len(pages) + 1))
        begin = mark.end() if mark else 0
    return pages
