"""PDF: pypdfium2 extracts the text; pypdf stands in where that fails or returns rubbish."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from memtui.api.pages import chosen
from memtui.library.document import DocumentText, PageText, UnreadableError
from memtui.library.readers import pdf_about, pdf_rtl, pdf_salvage, pdf_text

_GOOD = 0.7  # a page of less quality is tried with the other extractor
_USELESS = 0.3  # what is worse in both is not text: its fonts do not say what they show
_FALLBACK_SECONDS = 30.0  # of pypdf per file: it is ten times slower, and damaged pages can stall
_LOST = 500  # damaged pages in a row after which no more are tried: a count may be made up
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(
    path: str,
    name: str,
    on_page: Callable[[int], None],
    pages: str = "",
    password: str = "",
) -> DocumentText:
    """`pages` is a canonical choice of pages. Raises UnreadableError for what is encrypted,
    scanned, empty or no PDF."""
    rendered = _open_pdfium(path, name, password)
    second = _Second(path, password)
    salvaged = not rendered and not second.count
    if salvaged:
        tries = (_open_pdfium(path, name, password, data) for data in pdf_salvage.mended(path))
        rendered = next(filter(None, tries), rendered)
    if rendered is None and second.reader is None:
        raise _not_a_pdf(path, name)
    if rendered is None and second.is_locked:
        raise _encrypted(name, password)
    numbers = _choose(pages, len(rendered) if rendered is not None else second.count, name)
    raw, unread = _extract(rendered, second, numbers, on_page)
    if len(unread) == len(numbers):
        raise UnreadableError(f"{name} is damaged: none of its pages can be read.")
    if not any(page.strip() for page in raw):
        raise _without_text(name, rendered, numbers)
    texts = pdf_text.tidy(raw)
    described = second.reader if rendered is None else None
    labels = pdf_about.labels(rendered, described, numbers[: len(texts)])
    read = [
        PageText(text, number, label)
        for number, text, label in zip(numbers, texts, labels, strict=False)
    ]
    title, author = pdf_about.metadata(rendered, described)
    return DocumentText(
        kind="pdf",
        pages=read,
        title=title,
        author=author,
        headings=pdf_about.headings(rendered, read),
        notes=pdf_about.notes(path, name, rendered, read, unread, salvaged),
    )


def _open_pdfium(path: str, name: str, password: str, mended: bytes | None = None) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(mended or path, password=password or None)
    except pypdfium2.PdfiumError as error:
        # Where pdfium fails without a reason, the code is that of an earlier file.
        if error.err_code == _WRONG_PASSWORD and b"/Encrypt" in Path(path).read_bytes():
            raise _encrypted(name, password) from None
        return None


class _Second:
    """The same file in pypdf, opened when it is needed first. Damaged files raise anything."""

    def __init__(self, path: str, password: str) -> None:
        self._path = path
        self._password = password

    @cached_property
    def reader(self) -> Any:
        """None when pypdf cannot open the file."""
        from pypdf import PdfReader

        try:
            reader = PdfReader(self._path)
            if reader.is_encrypted:
                reader.decrypt(self._password)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001
            return None
        return reader

    @cached_property
    def is_locked(self) -> bool:
        try:
            return bool(self.reader.is_encrypted and not self.reader.decrypt(self._password))
        except Exception:  # noqa: BLE001
            return False

    @cached_property
    def count(self) -> int:
        """Pages; 0 for a file that cannot be opened."""
        try:
            return len(self.reader.pages)
        except Exception:  # noqa: BLE001
            return 0

    def page(self, number: int) -> str | None:
        if number > self.count:
            return None
        try:
            text: str = self.reader.pages[number - 1].extract_text()
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001
            return None
        return text


def _choose(choice: str, count: int, name: str) -> list[int]:
    if not count:
        raise UnreadableError(f"{name} has no pages. Check what it is, or get it anew.", "empty")
    numbers = chosen(choice, count)
    if not numbers:
        number = f"{count} page{'s' * (count > 1)}"
        raise UnreadableError(
            f"{name} has only {number}: none of {choice}. Choose others with --pages.", "empty"
        )
    return numbers


def _extract(
    rendered: Any, second: _Second, numbers: Sequence[int], on_page: Callable[[int], None]
) -> tuple[list[str], list[int]]:
    """Each page's text, and the numbers of the pages that neither library could read. No texts
    for the pages at the end, if far too many of them cannot be read."""
    texts: list[str] = []
    unread: list[int] = []
    patience, lost = _FALLBACK_SECONDS, 0
    for done, number in enumerate(numbers, 1):
        text, sure = _with_pdfium(rendered, number)
        if not sure and patience > 0:
            began = time.monotonic()
            text = _better(text, second.page(number))
            patience -= time.monotonic() - began
        lost = lost + 1 if text is None else 0
        if lost > _LOST:
            unread += numbers[done - 1 :]
            del texts[-_LOST:]
            break
        if text is None:
            unread.append(number)
        elif pdf_text.quality(text) < _USELESS:
            text = ""
        texts.append(pdf_text.raw(text or ""))
        on_page(done)
    return texts, unread


def _with_pdfium(rendered: Any, number: int) -> tuple[str | None, bool]:
    """The page's text, None when it cannot be read; and whether there is no need of another."""
    from memtui.library.readers import pdf_chars, pdf_columns

    if rendered is None:
        return None, False
    try:
        page = rendered[number - 1]
        try:
            text_page = page.get_textpage()
            try:
                text: str = text_page.get_text_range()
                sure = pdf_text.quality(text) >= _GOOD and not pdf_chars.loses_text(page, text)
                if pdf_rtl.is_rtl(text):
                    logical = pdf_rtl.logical(pdf_chars.chars(text_page))
                    return logical or text, sure and logical is not None
                if gutters := pdf_columns.gutters(pdf_chars.runs(text_page)):
                    text = pdf_columns.reading_order(pdf_chars.chars(text_page), gutters) or text
                return text, sure
            finally:
                text_page.close()
        finally:
            page.close()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - one bad page must not cost the others
        return None, False


def _better(first: str | None, second: str | None) -> str | None:
    """The second extractor's text, asked because the first's is not sure, when it is plainly no
    worse."""
    if second is None or not second.strip():
        return second if first is None else first
    if first is None or not first.strip():
        return second
    if len(second.split()) * 2 < len(first.split()):
        return first
    return second if pdf_text.quality(second) >= pdf_text.quality(first) else first


def _without_text(name: str, rendered: Any, numbers: Sequence[int]) -> UnreadableError:
    """Scans, or text drawn as shapes; or nothing at all."""
    if rendered is not None and not any(
        pdf_about.shows_something(rendered, number) for number in numbers
    ):
        return UnreadableError(
            f"{name} has only blank pages. Check what it is, or get it anew.", "empty"
        )
    return UnreadableError(
        f"{name} has no text layer. Run OCR on it (for example ocrmypdf) and load it again.",
        "scanned",
    )


def _encrypted(name: str, password: str) -> UnreadableError:
    if password:
        return UnreadableError(f"The password does not open {name}. Check it, and load it again.")
    return UnreadableError(
        f"{name} is encrypted. Load it again with --password, or remove its password (for example "
        "with qpdf --decrypt)."
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
