"""Web pages as files: fetched in the reader process, and read from there like any other file."""

import re
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from memtui import web
from memtui.library.document import UnreadableError
from memtui.library.files import Found, FoundFile, show
from memtui.library.ports import Reader
from memtui.library.progress import Meter
from memtui.library.readers import KINDS

MOST_BYTES = 50_000_000
SECONDS = 60.0

_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "application/json": ".txt",
    "application/xml": ".txt",
    "application/epub+zip": ".epub",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
}
_UNSAID = ("", "application/octet-stream", "binary/octet-stream", "application/x-download")
_TEXTS = (".html", ".md", ".txt")
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)


async def fetch_all(
    reader: Reader, urls: list[str], template: FoundFile, found: Found, meter: Meter
) -> None:
    """Add the pages to `found`, each once, in order of their addresses; or why there is none.

    `template` has the folder where they are kept, as its path, and what is asked of them.
    """
    pages: dict[str, FoundFile] = {}
    for url in dict.fromkeys(urls):
        meter.progress.doing = f"fetching {show(url)}"
        try:
            page = await reader.fetch(url, template)
            pages[page.key] = page
        except UnreadableError as problem:
            found.fail(url, str(problem))
    found.files += sorted(pages.values(), key=lambda page: page.key)


def fetch(url: str, folder: str, private: bool) -> dict[str, Any]:
    """Fetch one page into a file of `folder`. The file's end says what kind of document it is.

    Raises UnreadableError; OSError when it cannot be written.
    """
    shown = show(url)
    try:
        answer = web.request(url, most=MOST_BYTES, seconds=SECONDS, private=private)
    except web.WebError as error:
        raise UnreadableError(f"{shown} could not be fetched: {error}") from None
    if not 200 <= answer.status < 300:
        raise UnreadableError(
            f"{shown} was answered with status {answer.status}. Check the address in a browser."
        )
    content = _unpacked(answer, shown)
    if not content.strip():
        raise UnreadableError(f"{shown} gave an empty answer. Check the address in a browser.")
    ending = _ending(answer, content, shown)
    if ending in _TEXTS:
        content = _as_utf8(content, answer.headers.get_content_charset())
    path = Path(folder, f"{len(list(Path(folder).iterdir()))}{ending}")
    path.write_bytes(content)
    return {"path": str(path), "size": len(content), "url": answer.url}


def _unpacked(answer: web.Answer, shown: str) -> bytes:
    """What was sent: some servers compress it though they were asked not to."""
    content, cut = answer.content, answer.cut
    how = (answer.headers.get("content-encoding") or "identity").strip().lower()
    if how in ("gzip", "x-gzip", "deflate") and not cut:
        unpack = zlib.decompressobj(47)  # gzip and zlib, whichever it is
        try:
            content = unpack.decompress(content, MOST_BYTES)
        except zlib.error:
            raise UnreadableError(f"{shown} was sent damaged. Try again.") from None
        cut = not unpack.eof
    elif how != "identity" and not cut:
        raise UnreadableError(
            f"{shown} is sent packed as {show(how)[:40]}, which cannot be unpacked. Save the page "
            "from a browser and load the file."
        )
    if cut:
        raise UnreadableError(
            f"{shown} is larger than {MOST_BYTES // 1_000_000} MB, or was cut off. Save it to a "
            "file and load that."
        )
    return content


def _ending(answer: web.Answer, content: bytes, shown: str) -> str:
    """By what the server says; by the address and the beginning where it says nothing."""
    said = (answer.headers.get("content-type") or "").partition(";")[0].strip().lower()
    named = Path(urlsplit(answer.url).path).suffix.lower()
    if said in _TYPES:
        return _TYPES[said]
    if said in _UNSAID:
        if content.startswith(b"%PDF-"):
            return ".pdf"
        if _HTML.match(content[:2000]):
            return ".html"
        if named in KINDS:
            return named
        if b"\0" not in content[:2000]:
            return ".txt"
    elif said.startswith("text/"):
        return named if named in (".md", ".markdown") else ".txt"
    raise UnreadableError(
        f"{shown} is of the type {show(said)[:80] or 'unknown'}, which memtui does not read. It "
        "reads web pages, PDF, Markdown and plain text."
    )


def _as_utf8(content: bytes, charset: str | None) -> bytes:
    """With the mark of UTF-8 when the server has said which encoding it was in."""
    try:
        return content.decode(charset).encode("utf-8-sig") if charset else content
    except (LookupError, UnicodeError, ValueError):
        return content
