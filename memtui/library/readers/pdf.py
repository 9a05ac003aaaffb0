"""PDF: pypdf describes, pypdfium2 extracts the text; each covers for the other."""

import contextlib
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memtui.api.plain import plain_line
from memtui.library.document import (
    PAGE_SEPARATOR,
    DocumentText,
    Heading,
    PageText,
    UnreadableError,
)
from memtui.library.readers import pdf_salvage, pdf_text

_MAX_HEADINGS = 10_000
_GOOD = 0.7  # a page of less quality is tried with the other extractor
_FALLBACK_SECONDS = 30.0  # of pypdf per file: it is ten times slower, and damaged pages can stall
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    """Raises UnreadableError for what is encrypted, scanned, empty or no PDF."""
    described = _open_pypdf(path)
    rendered = _open_pdfium(path, name)
    if described is None and rendered is None and (mended := pdf_salvage.mended(path)):
        rendered = _open_pdfium(path, name, mended)
    if described is None and rendered is None:
        raise _not_a_pdf(path, name)
    if rendered is None and _is_locked(described):
        raise _encrypted(name)
    count = len(rendered) if rendered is not None else _page_count(described)
    if not count:
        raise UnreadableError(f"{name} has no pages. Check what it is, or get it anew.", "empty")
    raw, unread = _extract(rendered, described, count, on_page)
    if unread == count:
        raise UnreadableError(f"{name} is damaged: none of its pages can be read.")
    if not any(page.strip() for page in raw):
        raise _without_text(name, rendered)
    texts = pdf_text.tidy(raw)
    labels = _labels(rendered, described, count)
    pages = [
        PageText(text, number, label)
        for number, (text, label) in enumerate(zip(texts, labels, strict=True), 1)
    ]
    title, author = _metadata(rendered, described)
    return DocumentText(
        kind="pdf",
        pages=pages,
        title=title,
        author=author,
        headings=_headings(rendered, texts),
        notes=_notes(path, name, rendered, texts, unread),
    )


def _open_pypdf(path: str) -> Any:
    from pypdf import PdfReader

    try:
        return PdfReader(path)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - damaged files raise anything; pdfium may still read them
        return None


def _open_pdfium(path: str, name: str, mended: bytes | None = None) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(mended or path)
    except pypdfium2.PdfiumError as error:
        # Where pdfium fails without a reason, the code is that of an earlier file.
        if error.err_code == _WRONG_PASSWORD and b"/Encrypt" in Path(path).read_bytes():
            raise _encrypted(name) from None
        return None


def _is_locked(described: Any) -> bool:
    try:
        return bool(described.is_encrypted and not described.decrypt(""))
    except Exception:  # noqa: BLE001
        return False


def _page_count(described: Any) -> int:
    try:
        return len(described.pages)
    except Exception:  # noqa: BLE001
        return 0


def _extract(
    rendered: Any, described: Any, count: int, on_page: Callable[[int], None]
) -> tuple[list[str], int]:
    """Each page's text, and how many pages neither library could read."""
    pages: list[str] = []
    unread = 0
    patience = _FALLBACK_SECONDS
    for index in range(count):
        text = _with_pdfium(rendered, index)
        # pdfium returns right-to-left text in the order it is drawn.
        good = text is not None and pdf_text.quality(text) >= _GOOD and not pdf_text.is_rtl(text)
        if not good and patience > 0 and described is not None:
            began = time.monotonic()
            text = _better(text, _with_pypdf(described, index))
            patience -= time.monotonic() - began
        unread += text is None
        pages.append(text or "")
        on_page(index + 1)
    return pages, unread


def _with_pdfium(rendered: Any, index: int) -> str | None:
    if rendered is None:
        return None
    try:
        page = rendered[index]
        try:
            text_page = page.get_textpage()
            try:
                return pdf_text.raw(text_page.get_text_range())
            finally:
                text_page.close()
        finally:
            page.close()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - one bad page must not cost the others
        return None


def _with_pypdf(described: Any, index: int) -> str | None:
    try:
        return pdf_text.raw(described.pages[index].extract_text())
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        return None


def _better(first: str | None, second: str | None) -> str | None:
    """The second extractor's text when it is plainly no worse; for right-to-left text it leads."""
    if second is None or not second.strip():
        return second if first is None else first
    if first is None or not first.strip():
        return second
    if pdf_text.is_rtl(first) and len(second.split()) * 2 < len(first.split()):
        return first
    return second if pdf_text.quality(second) >= pdf_text.quality(first) else first


def _labels(rendered: Any, described: Any, count: int) -> list[str | None]:
    """Page numbers as printed; None where the file says nothing."""
    labels: list[str] = []
    with contextlib.suppress(Exception):
        if rendered is not None:
            labels = [rendered.get_page_label(index) for index in range(count)]
        else:
            labels = list(described.page_labels)
    return [plain_line(labels[i], 40) or None if i < len(labels) else None for i in range(count)]


def _metadata(rendered: Any, described: Any) -> tuple[str, str]:
    found: dict[str, str] = {}
    with contextlib.suppress(Exception):
        if described is not None and not _is_locked(described) and described.metadata:
            found = {key: str(described.metadata.get(f"/{key}") or "") for key in _DESCRIPTION}
    with contextlib.suppress(Exception):
        if not any(found.values()) and rendered is not None:
            found = {key: rendered.get_metadata_value(key) for key in _DESCRIPTION}
    title, author = (plain_line(found.get(key, ""), 300) for key in _DESCRIPTION)
    return title, author


_DESCRIPTION = ("Title", "Author")


def _headings(rendered: Any, texts: list[str]) -> list[Heading]:
    """The outline's entries, at their titles' places in the pages they point to."""
    if rendered is None:
        return []
    starts, position = [], 0
    for text in texts:
        starts.append(position)
        position += len(text) + len(PAGE_SEPARATOR)
    headings: list[Heading] = []
    with contextlib.suppress(Exception):
        for entry in rendered.get_toc():
            destination = entry.get_dest()
            index = destination.get_index() if destination is not None else None
            title = plain_line(entry.get_title() or "", 200)
            if index is None or not 0 <= index < len(texts) or not title:
                continue
            place = _find_title(title, texts[index])
            headings.append(Heading(starts[index] + place, entry.level + 1, title))
            if len(headings) >= _MAX_HEADINGS:
                break
    return sorted(headings, key=lambda heading: heading.start)


_LINE_START = re.compile("^", re.MULTILINE)
_NUMBER = re.compile(r"(?:[^\W\d]+ )?[\divxlcdm.]*[a-z]?[.:)]? ")


def _find_title(title: str, page: str) -> int:
    """Where a line of `page` begins with the title, a number before it allowed; else 0."""
    wanted = title.casefold()
    for match in _LINE_START.finditer(page):
        line = " ".join(page[match.start() : match.start() + 2 * len(title) + 40].split())
        place = line.casefold().find(wanted, 0, len(wanted) + 20)
        if place == 0 or (place > 0 and _NUMBER.fullmatch(line[:place].casefold())):
            return match.start()
    return 0


def _notes(path: str, name: str, rendered: Any, texts: list[str], unread: int) -> list[str]:
    notes = []
    if _is_cut_off(path):
        left = sum(map(bool, texts))
        notes.append(
            f"{name} is cut off or damaged at its end; {left} page{'s' * (left > 1)} could be "
            "read. Get it anew if you can, and load it again."
        )
    if unread:
        notes.append(f"{name}: {unread} of its {len(texts)} pages damaged and left out.")
    blank = sum(not text for text in texts) - unread
    if blank > len(texts) / 2:
        notes.append(
            f"{name}: {blank} of {len(texts)} pages have no text. "
            "If they are scans, run OCR on it (for example ocrmypdf) and load it again."
        )
    with contextlib.suppress(Exception):
        if rendered is not None and (attached := rendered.count_attachments()):
            notes.append(f"{name}: {attached} attached file{'s' * (attached > 1)} not read.")
    return notes


def _is_cut_off(path: str) -> bool:
    with Path(path).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 4096))
        return b"%%EOF" not in file.read()


def _without_text(name: str, rendered: Any) -> UnreadableError:
    """Scans, or text drawn as shapes; or nothing at all."""
    with contextlib.suppress(Exception):
        if not any(next(page.get_objects(max_depth=1), None) for page in rendered):
            return UnreadableError(
                f"{name} has only blank pages. Check what it is, or get it anew.", "empty"
            )
    return UnreadableError(
        f"{name} has no text layer. Run OCR on it (for example ocrmypdf) and load it again.",
        "scanned",
    )


def _encrypted(name: str) -> UnreadableError:
    return UnreadableError(
        f"{name} is encrypted. Remove its password (for example with qpdf --decrypt) "
        "and load it again."
    )


def _not_a_pdf(path: str, name: str) -> UnreadableError:
    with Path(path).open("rb") as file:
        head = file.read(1 << 16)
    if b"%PDF-" in head[:2048]:
        return UnreadableError(
            f"{name} is too damaged to be read. Repair it (for example with qpdf), or get it anew."
        )
    if head and b"\0" not in head:
        return UnreadableError(
            f"{name} is not a PDF. If it is text, rename it to end in .txt and load it again."
        )
    return UnreadableError(f"{name} is not a PDF. Check what it is, or get it anew.")
