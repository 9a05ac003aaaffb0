"""Plain text: the encoding is found, binary files are refused."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path

from memtui.api.plain import plain
from memtui.library.document import DocumentText, PageText, UnreadableError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 17
_NOT_TEXT = bytes({*range(0x20)} - set(b"\t\n\r\f\x08\x1b"))
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_ASCII_BREAKS = bytes.maketrans(b"\r\x0b\x0c", b"\n\n\n")
_ASCII_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\x0b\x0c"))
_INVISIBLE = re.compile("[\xad\ufffe\uffff]")


def read(path: str, name: str, on_page: Callable[[int], None]) -> DocumentText:
    return DocumentText(kind="text", pages=[PageText(read_text(path, name))])


def read_text(path: str, name: str) -> str:
    """The file's text, cleaned. Raises UnreadableError."""
    text = clean(decode(Path(path).read_bytes(), name))
    if not text.strip():
        raise UnreadableError(f"{name} contains no text.", "empty")
    return text


def clean(text: str) -> str:
    """`text` with plain newlines and without control or invisible characters."""
    if text.isascii():  # the common case, three times as fast
        lines = text.replace("\r\n", "\n").encode().translate(_ASCII_BREAKS, _ASCII_CONTROLS)
        return lines.decode()
    return _INVISIBLE.sub("", plain(_BREAKS.sub("\n", text)))


def decode(data: bytes, name: str) -> str:
    """Bytes of unknown encoding as text. Raises UnreadableError for what is not text."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    sample = data[:_SAMPLE]
    if b"\0" in sample:
        if utf16 := _utf16_without_bom(sample):
            return data.decode(utf16, "replace")
        raise _binary(name)
    if not _is_text(sample):
        raise _binary(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # One bad byte in a large file that is UTF-8 otherwise is not another encoding.
        if error.start > 1000 and not sample[: error.start].isascii():
            return data.decode("utf-8", "replace")
    return data.decode(_guess(sample, name), "replace")


def _utf16_without_bom(sample: bytes) -> str | None:
    """Western text in UTF-16 has a zero in every other byte, and letters in the others."""
    for encoding, letters, zeros in (
        ("utf-16-le", sample[::2], sample[1::2]),
        ("utf-16-be", sample[1::2], sample[::2]),
    ):
        if zeros.count(0) > 0.4 * len(zeros) and _is_text(letters):
            return encoding
    return None


def _is_text(data: bytes) -> bool:
    return len(data.translate(None, _NOT_TEXT)) >= 0.99 * len(data)


def _guess(sample: bytes, name: str) -> str:
    from chardet import EncodingEra, detect

    # Files from before Unicode that people still have; text of DOS and of mainframes is rare, and
    # a short note is soon taken for it.
    eras = EncodingEra.ALL & ~(EncodingEra.DOS | EncodingEra.MAINFRAME)
    found = detect(sample, encoding_era=eras, prefer_superset=True, compat_names=False)
    if found["encoding"] is None:
        raise _binary(name)
    return found["encoding"]


def _binary(name: str) -> UnreadableError:
    return UnreadableError(f"{name} is not text. Load documents, or files of text.")
