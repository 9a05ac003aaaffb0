"""How the rows of the sources' tree look, one line each; and what there is to know of one."""

from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.store import RUNNING
from memtui.tui.widgets.tree import TreeRow

if TYPE_CHECKING:
    from memtui.api.library import Document, Job, Section, Source
    from memtui.tui.store import Store

_STATES = {"scanned": "no text", "empty": "empty", "failed": ""}
_UNDER_WAY = ("waiting", "reading", "embedding")
OPEN, FOLDED = "▾", "▸"


def line_of(row: TreeRow, width: int) -> Content:
    """The one line of a row."""
    if row.kind == "source" and row.source is not None:
        return _source(row, row.source, width)
    if row.kind == "document":
        return _document(row, row.document, width)
    if row.kind == "section" and row.section is not None:
        sign = OPEN if row.open else FOLDED
        name = section_name(row.section)
        return _line(f"    {sign} ", "$muted", name, "", fmt.count(row.section.passages), width)
    if row.kind == "passage" and row.passage is not None:
        start = " ".join(row.passage.text[: 3 * width].split())
        return _line(" " * 2 * row.depth + "  ", "", start, "$muted", "", width)
    if row.kind == "job" and row.job is not None:
        return _line("◐ ", "$primary", row.job.source or "the index, anew", "", "", width)
    if row.kind == "bar":
        return _bar(row, width)
    style = "$warning" if row.key.endswith(":waits") else "$muted"
    return _line(" " * (2 * row.depth + 2), "", row.text, style, "", width)


def _line(
    sign: str, sign_style: str, name: str, name_style: str, right: str, width: int
) -> Content:
    """A sign, a name cut to fit, and a number at the right edge."""
    room = max(3, width - len(sign) - (len(right) + 1 if right else 0))
    label = safe.line(name, name_style).truncate(room, ellipsis=True)
    label = label.pad_right(max(0, room - label.cell_length))
    end = Content.styled(f" {right}", "$muted") if right else Content("")
    return Content.styled(sign, sign_style) + label + end


def _source(row: TreeRow, source: "Source", width: int) -> Content:
    running = row.job is not None and row.job.state in RUNNING
    idle = row.job is not None and row.job.progress.doing == "watching"
    if (running and not idle) or source.state in ("loading", "embedding"):
        sign, style = "◐ ", "$primary"
    elif source.state == "failed":
        sign, style = "✗ ", "$error"
    elif row.attached:
        sign, style = "● ", "$success"
    else:
        sign, style = "○ ", "$muted"
    is_empty = source.state == "empty" and not running
    right = "empty" if is_empty else fmt.count(source.passages)
    return _line(sign, style, source.name, "bold" if row.attached else "", right, width)


def _document(row: TreeRow, document: "Document | None", width: int) -> Content:
    if document is None:
        return _line("    ", "", "…", "$faint", "", width)
    wrong = document.state in _STATES
    if wrong:
        right = _STATES[document.state]
    elif document.state in _UNDER_WAY:
        right = document.state
    else:
        right = f"{fmt.count(document.pages)} p" if document.pages else ""
    if wrong:
        return _line("  ✗ ", "$error", document.name, "$muted", right, width)
    if document.error:
        return _line("  ! ", "$warning", document.name, "", right, width)
    sign = OPEN if row.open else FOLDED
    sign = f"  {sign} " if document.passages else "    "
    return _line(sign, "$muted", document.name, "" if row.open else "$muted", right, width)


def section_name(section: "Section") -> str:
    """`p. 3`, or the heading; the passages of a text without any."""
    if section.page is not None:
        return fmt.page(section.page, None, section.page_label)
    last = section.first + section.passages
    return section.title or f"passages {section.first + 1}–{last}"


def fraction(job: "Job") -> float:
    """How much of a load is done: reading is about a tenth of the work, embedding the rest."""
    progress = job.progress
    if job.kind == "reindex":
        return progress.indexed / progress.passages if progress.passages else 0.0
    read = progress.bytes / progress.bytes_total if progress.bytes_total else 0.0
    return min(1.0, read * _embedded(progress.indexed, progress.passages))


def _embedded(indexed: int, passages: int) -> float:
    """How much is done of a load that has read everything."""
    return 0.1 + 0.9 * (indexed / passages if passages else 0.0)


def _bar(row: TreeRow, width: int) -> Content:
    source, job = row.source, row.job
    if row.number < 0 and source is not None:
        return _line("  ", "", f"{fmt.count(source.failed, 'file')} not read", "$error", "", width)
    if job is None:
        done = _embedded(source.indexed, source.passages) if source is not None else 0.0
        return _share(done, width)
    if job.progress.doing == "watching":
        return _line("  ", "", "watching the folder", "$muted", "", width)
    if row.number == 0:
        return _share(fraction(job), width)
    figures, speed = _figures(job), _speed(job)
    waits = job.progress.doing.endswith((".", "?"))  # a sentence: what it waits for
    if row.number == 1 and (waits or not figures):
        style = "$warning" if waits else "$muted"
        return _line("  ", "", job.progress.doing or "waiting", style, "", width)
    return _line("  ", "", figures if row.number == 1 else speed, "$muted", "", width)


def _share(share: float, width: int) -> Content:
    done, rest = fmt.bar(share, max(4, width - 7))
    percent = f" {int(share * 100):3d}%"
    return Content.assemble("  ", (done, "$primary"), (rest, "$line"), (percent, "$muted"))


def _figures(job: "Job") -> str:
    progress = job.progress
    parts = [fmt.count(progress.pages, "page")] if progress.pages else []
    if progress.files_total > 1:
        parts.insert(0, f"{progress.files}/{fmt.count(progress.files_total, 'file')}")
    return " · ".join(parts)


def _speed(job: "Job") -> str:
    parts = [f"{job.progress.rate:.0f}/s"] if job.progress.rate else []
    if job.progress.seconds_left is not None:
        parts.append(f"{fmt.elapsed(job.progress.seconds_left)} left")
    return " · ".join(parts)


# what there is to know of a row


def detail(row: TreeRow | None, store: "Store") -> Content:
    """Of the row under the cursor: its name, and what does not fit on its line."""
    if row is None:
        return Content("")
    if row.passage is not None:
        return _about_passage(row)
    if row.kind == "section" and row.section is not None and row.document is not None:
        first, last = row.section.first + 1, row.section.first + row.section.passages
        many = f"passages {first}–{last}" if last > first else f"passage {first}"
        return _lines(section_name(row.section), f"{many} of {row.document.name}")
    if row.document is not None:
        return _about_document(row.document)
    if row.source is not None:
        return _about_source(row, row.source, store)
    if row.job is not None:
        return _lines(row.job.source or "the index, anew", row.job.progress.doing)
    return Content("")


def _lines(name: str, *facts: str, wrong: str = "") -> Content:
    """A name, what is wrong, and a line for each fact."""
    parts = [safe.line(name, "bold", 200)]
    if wrong:
        parts.append(safe.text(wrong, "$error", 1000))
    parts += [safe.line(fact, "$muted", 400) for fact in facts if fact]
    return Content("\n").join(parts)


def _about_passage(row: TreeRow) -> Content:
    passage = row.passage
    assert passage is not None
    page = fmt.page(passage.page, passage.page_end, passage.page_label)
    where = " · ".join(filter(None, (page, f"passage {passage.ordinal + 1}", passage.section)))
    return Content("\n").join(
        [
            safe.line(where, "$accent", 200),
            safe.line(" ".join(passage.text[:3000].split()), "", 3000),
        ]
    )


def _about_document(document: "Document") -> Content:
    sizes = [
        fmt.count(document.pages, "page") if document.pages else "",
        fmt.count(document.passages, "passage") if document.passages else "",
        fmt.size(document.size),
        f"only pages {document.only_pages}" if document.only_pages else "",
    ]
    if document.state in ("embedding", "unindexed"):
        sizes.append(f"{fmt.count(document.indexed)} with a vector")
    also = f"also as {', '.join(map(fmt.path, document.also))}" if document.also else ""
    facts = (fmt.path(document.path), " · ".join(filter(None, sizes)), also)
    return _lines(document.title or document.name, *facts, wrong=document.error)


def _about_source(row: TreeRow, source: "Source", store: "Store") -> Content:
    size = [fmt.count(source.documents, "document")]
    if source.pages:
        size.append(fmt.count(source.pages, "page"))
    vectors = fmt.count(source.passages, "passage")
    if source.indexed < source.passages:
        vectors += f", {fmt.count(source.indexed)} of them with a vector"
    agent = store.agent.name if store.agent is not None else ""
    attached = f"attached to {agent}" if row.attached else "not attached"
    doing = row.job.progress.doing if row.job is not None else ""
    failed = f"{fmt.count(source.failed, 'file')} could not be read" if source.failed else ""
    facts = (source.description, " · ".join(size), vectors, attached, doing or source.waits)
    return _lines(source.name, *facts, wrong=failed)
