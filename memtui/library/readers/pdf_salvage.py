"""A PDF whose end is missing, as a broken download leaves it, gets a new end; or a beginning.

The catalogue, or at least a list of the pages that are left, is put behind what there is; pdfium
finds the objects themselves. Pages in compressed object streams cannot be helped this way.
"""

import re
from collections.abc import Iterator
from pathlib import Path

_HEADER = b"%PDF-1.7\n"
_LARGEST = 300_000_000  # bytes
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_PAGES = re.compile(rb"/Type\s*/Pages\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_OBJECT = re.compile(rb"\b(\d{1,10})\s+(\d{1,5})\s+obj\b")
_HEAD = 4096  # bytes before its /Type in which an object's number is looked for


def mended(path: str) -> Iterator[bytes]:
    """The file with a new end, the likelier one first; nothing when it has no page."""
    if Path(path).stat().st_size > _LARGEST:
        return
    data = Path(path).read_bytes()
    cut = data.rfind(b"endobj")
    if cut < 0:
        return
    if b"%PDF-" not in data[:1024]:
        data, cut = _HEADER + data, cut + len(_HEADER)
    data = data[:cut] + b"endobj\n"  # the object that was cut in two would swallow the new end
    catalog = _numbers(data, _CATALOG) if _PAGES.search(data) else []
    if catalog:
        yield data + _trailer(catalog[-1])
    pages = _numbers(data, _PAGE)
    if not pages:
        return
    free = max(int(match[1]) for match in _OBJECT.finditer(data)) + 1
    root, tree = b"%d 0" % free, b"%d 0" % (free + 1)
    kids = b" ".join(b"%s R" % page for page in pages)
    yield (
        data
        + b"%s obj\n<</Type/Catalog/Pages %s R>>\nendobj\n" % (root, tree)
        + b"%s obj\n<</Type/Pages/Count %d/Kids[%s]>>\nendobj\n" % (tree, len(pages), kids)
        + _trailer(root)
    )


def _trailer(root: bytes) -> bytes:
    return b"trailer\n<</Root %s R>>\nstartxref\n0\n%%%%EOF\n" % root


def _numbers(data: bytes, kind: re.Pattern[bytes]) -> list[bytes]:
    """`number generation` of the objects of that kind, in the file's order."""
    found: dict[bytes, None] = {}
    for match in kind.finditer(data):
        objects = list(_OBJECT.finditer(data, max(0, match.start() - _HEAD), match.start()))
        if objects:
            found[b"%s %s" % objects[-1].groups()] = None
    return list(found)
