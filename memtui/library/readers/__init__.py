"""One module per format. Each has `read(path, name, on_page) -> DocumentText`.

Imported in the worker process only, but for the table of kinds. Raises UnreadableError with the
sentence for the user; anything else a reader raises counts as a damaged file.
"""

import importlib
from collections.abc import Callable
from pathlib import PurePath

from memtui.library.document import DocumentText

Reader = Callable[..., DocumentText]
"""(path, name to show, called with the number of pages read so far) -> document."""

CHOICES = {"pdf": ("pages", "password")}
"""What further keyword arguments the readers of a kind take: texts, empty by default."""

KINDS = {
    ".pdf": "pdf",
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".epub": "epub",
}

DEFAULT_EXTENSIONS = tuple(KINDS)
"""What a folder is searched for when no extensions are given: all that is no source code."""

OFFICE = ("docx", "pptx", "xlsx", "epub")

MODULES = {
    **{kind: f"memtui.library.readers.{kind}" for kind in ("pdf", "text", "markdown", "html")},
    **dict.fromkeys(OFFICE, "memtui.library.readers.office"),
}


def kind_of(path: str) -> str:
    """The kind of document behind a file name. Unknown names are taken for text."""
    return KINDS.get(PurePath(path).suffix.lower(), "text")


def reader_of(kind: str) -> Reader:
    read: Reader = importlib.import_module(MODULES[kind]).read
    return read
