"""What a PDF says of itself: title, author, page labels, outline, and what the load should tell."""

import contextlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memtui.api import pages
from memtui.api.plain import plain_line
from memtui.library.document import PAGE_SEPARATOR, Heading, PageText

_MAX_HEADINGS = 10_000
_DESCRIPTION = ("Title", "Author")
_LINE_START = re.compile("^", re.MULTILINE)
_NUMBER = re.compile(r"(?:[^\W\d]+ )?[\divxlcdm.]*[a-z]?[.:)]? ")


def labels(rendered: Any, described: Any, numbers: Sequence[int]) -> list[str | None]:
    """The pages' numbers as printed; None where the file says nothing."""
    found: list[str] = [""] * len(numbers)
    with contextlib.suppress(Exception):
        if rendered is not None:
            found = [rendered.get_page_label(number - 1) for number in numbers]
        else:
            every = described.page_labels
            found = [every[number - 1] for number in numbers]
    return [plain_line(label, 40) or None for label in found]


def metadata(rendered: Any, described: Any) -> tuple[str, str]:
    """Title and author, empty where the file says nothing."""
    found: list[str] = []
    with contextlib.suppress(Exception):
        if rendered is not None:
            found = [rendered.get_metadata_value(key) for key in _DESCRIPTION]
        elif described.metadata:
            found = [str(described.metadata.get(f"/{key}") or "") for key in _DESCRIPTION]
    title, author = (plain_line(text, 300) for text in found or ("", ""))
    return title, author


def headings(rendered: Any, read: Sequence[PageText]) -> list[Heading]:
    """The outline's entries, at their titles' places in the pages they point to.

    One for a page that was not read stands before the next page that was.
    """
    if rendered is None:
        return []
    starts: dict[int, int] = {}
    position = 0
    for page in read:
        starts[page.number or 0] = position
        position += len(page.text) + len(PAGE_SEPARATOR)
    texts = {page.number: page.text for page in read}
    numbers = list(starts)
    found: list[Heading] = []
    with contextlib.suppress(Exception):
        for entry in rendered.get_toc():
            destination = entry.get_dest()
            index = destination.get_index() if destination is not None else None
            title = plain_line(entry.get_title() or "", 200)
            if index is None or not title:
                continue
            at = bisect_left(numbers, index + 1)
            if index < 0 or at == len(numbers):
                continue
            place = find_title(title, texts[index + 1]) if numbers[at] == index + 1 else 0
            found.append(Heading(starts[numbers[at]] + place, entry.level + 1, title))
            if len(found) >= _MAX_HEADINGS:
                break
    return sorted(found, key=lambda heading: heading.start)


def find_title(title: str, page: str) -> int:
    """Where a line of `page` begins with the title, a number before it allowed; else 0."""
    wanted = title.casefold()
    for match in _LINE_START.finditer(page):
        line = " ".join(page[match.start() : match.start() + 2 * len(title) + 40].split())
        place = line.casefold().find(wanted, 0, len(wanted) + 20)
        if place == 0 or (place > 0 and _NUMBER.fullmatch(line[:place].casefold())):
            return match.start()
    return 0


def notes(
    path: str,
    name: str,
    rendered: Any,
    read: Sequence[PageText],
    unread: Sequence[int],
    salvaged: bool = False,
) -> list[str]:
    """Sentences about what was not read. `unread` are the numbers of damaged pages."""
    found = []
    if salvaged or _is_cut_off(path):
        left = sum(bool(page.text) for page in read)
        found.append(
            f"{name} is cut off or damaged at its end; {left} page{'s' * (left > 1)} could be "
            "read. Get it anew if you can, and load it again."
        )
    if unread:
        found.append(
            f"{name}: {len(unread)} of its {_total(read, unread)} pages damaged and left out "
            f"({pages.listed(unread)})."
        )
    scanned = [
        page.number
        for page in read
        if not page.text and page.number and page.number not in unread
        and shows_something(rendered, page.number)
    ]  # fmt: skip
    if scanned:
        found.append(
            f"{name}: {len(scanned)} of {len(read)} pages show something but have no text "
            f"({pages.listed(scanned)}). If they are scans, run OCR on it (for example ocrmypdf) "
            "and load it again."
        )
    with contextlib.suppress(Exception):
        if rendered is not None and (attached := rendered.count_attachments()):
            found.append(f"{name}: {attached} attached file{'s' * (attached > 1)} not read.")
    return found


def _total(read: Sequence[PageText], unread: Sequence[int]) -> int:
    return len({page.number for page in read} | set(unread))


def shows_something(rendered: Any, number: int) -> bool:
    with contextlib.suppress(Exception):
        page = rendered[number - 1]
        try:
            return next(page.get_objects(max_depth=1), None) is not None
        finally:
            page.close()
    return False


def _is_cut_off(path: str) -> bool:
    with Path(path).open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 4096))
        return b"%%EOF" not in file.read()
