"""The sources: attached or not, loading, failed; their documents beneath them."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.content import Content
from textual.message import Message

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.store import RUNNING, Store
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.library import Document, Job, Source


@dataclass(frozen=True)
class SourceRow:
    key: str
    kind: Literal["source", "job", "document", "hint"]
    source: "Source | None" = None
    document: "Document | None" = None
    job: "Job | None" = None
    attached: bool = False
    open: bool = False
    text: str = ""


def rows_of(store: Store) -> list[SourceRow]:
    """The attached sources first, then by name."""
    rows: list[SourceRow] = []
    ordered = sorted(store.sources, key=lambda s: (not store.attached(s.id), s.name.casefold()))
    for source in ordered:
        is_open = source.id in store.open
        rows.append(
            SourceRow(
                source.id, "source", source, job=store.job_of(source),
                attached=store.attached(source.id), open=is_open,
            )
        )  # fmt: skip
        if is_open:
            documents = store.documents.get(source.id)
            if documents is None:
                rows.append(SourceRow(f"{source.id}:hint", "hint", source, text="reading …"))
            elif not documents:
                rows.append(SourceRow(f"{source.id}:hint", "hint", source, text="no documents"))
            for document in documents or ():
                rows.append(SourceRow(document.id, "document", source, document))
    rows += [SourceRow(job.id, "job", job=job) for job in store.homeless_jobs()]
    return rows


class Sources(Rows[SourceRow]):
    BINDINGS = bindings("sources")
    HELP = "Your sources. A filled dot is attached to the agent; a key attaches and detaches."
    follows = False

    class Toggled(Message):
        """The documents of a source are to be shown or hidden."""

        def __init__(self, source: "Source") -> None:
            super().__init__()
            self.source = source

    def __init__(self, store: Store) -> None:
        super().__init__(id="sources-list")
        self.store = store

    def update(self) -> None:
        self.show(rows_of(self.store))
        if self.cursor is None:
            self._choose_first()

    def stamp(self, row: SourceRow) -> Hashable:
        return row

    def selectable(self, row: SourceRow) -> bool:
        return row.kind != "hint"

    def toggle(self, row: SourceRow) -> None:
        if row.source is not None and row.kind == "source":
            self.post_message(self.Toggled(row.source))

    def draw(self, row: SourceRow, width: int) -> list[Content]:
        if row.kind == "document" and row.document is not None:
            return _document(row.document, width)
        if row.kind == "job" and row.job is not None:
            name = row.job.source or "the index, anew"
            return [_line("◐ ", "$primary", name, "", "", width), *_bar(row.job, width)]
        if row.source is None or row.kind == "hint":
            return [Content.styled(f"    {row.text}", "$muted")]
        return _source(row, row.source, width)


def _line(
    sign: str, sign_style: str, name: str, name_style: str, right: str, width: int
) -> Content:
    """A sign, a name cut to fit, and a number at the right edge."""
    room = max(3, width - len(sign) - (len(right) + 1 if right else 0))
    label = safe.line(name, name_style).truncate(room, ellipsis=True)
    label = label.pad_right(max(0, room - label.cell_length))
    end = Content.styled(f" {right}", "$muted") if right else Content("")
    return Content.styled(sign, sign_style) + label + end


def _source(row: SourceRow, source: "Source", width: int) -> list[Content]:
    running = row.job is not None and row.job.state in RUNNING
    idle = row.job is not None and row.job.progress.doing == "watching"
    name_style = "bold" if row.attached else ""
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
    lines = [_line(sign, style, source.name, name_style, right, width)]
    if running and row.job is not None:
        lines += _bar(row.job, width)
    elif source.state == "embedding" and source.passages:
        done, rest = fmt.bar(source.indexed / source.passages, max(4, width - 7))
        share = f" {source.indexed * 100 // source.passages:3d}%"
        lines.append(_indented(("", ""), (done, "$primary"), (rest, "$line"), (share, "$muted")))
    if source.failed:
        failed = f"{fmt.count(source.failed, 'file')} not read"
        lines.append(_indented((failed, "$error")))
    return lines


def _indented(*parts: tuple[str, str]) -> Content:
    return Content.assemble("  ", *parts)


def fraction(job: "Job") -> float:
    """How much of a load is done: reading is about a tenth of the work, embedding the rest."""
    progress = job.progress
    if job.kind == "reindex":
        return progress.indexed / progress.passages if progress.passages else 0.0
    read = progress.bytes / progress.bytes_total if progress.bytes_total else 0.0
    embedded = progress.indexed / progress.passages if progress.passages else 0.0
    return min(1.0, read * (0.1 + 0.9 * embedded))


def loaded(job: "Job", store: Store) -> tuple[str, str]:
    """How a load has ended, as a sentence and its severity; and what is left to do."""
    report = job.report
    if job.kind == "reindex":
        return _reindexed(job)
    if job.state == "cancelled" and job.progress.doing == "watching":
        return f"Watching the folder of {job.source} has ended.", "information"
    if job.state == "cancelled":
        return f"The load of {job.source} was cancelled. What was read stays.", "information"
    if job.state != "done" or report is None:
        return job.error or f"The load of {job.source} has failed.", "error"
    sentence = (
        f"Loaded {fmt.count(report.passages, 'passage')} and "
        f"{fmt.count(report.documents_as_pages, 'document')} from {job.source}."
    )
    if store.agent is not None and job.source_id and not store.attached(job.source_id):
        sentence += f" /attach lets {plain_line(store.agent.name, 40)} search it."
    if not report.failures:
        return sentence, "information"
    first = report.failures[0]
    failed = fmt.count(len(report.failures), "file")
    return f"{sentence} {failed} could not be read; the first: {first.reason}", "warning"


def _reindexed(job: "Job") -> tuple[str, str]:
    if job.state == "done":
        return f"The index is new: {fmt.count(job.progress.indexed, 'passage')}.", "information"
    if job.state == "failed":
        return f"{job.error} The index that served until now serves on.", "error"
    return "Indexing anew was stopped; `memtui reindex` goes on from there.", "information"


def going_on(store: Store) -> str:
    """What loads go on when the app has ended, as a sentence."""
    jobs = store.loading()
    first = plain_line(jobs[0].source, 80) or "the index anew"
    what = first if len(jobs) == 1 else fmt.count(len(jobs), "source")
    return f"Loading {what} goes on without the app. `memtui list jobs` shows how far it is."


def _bar(job: "Job", width: int) -> list[Content]:
    progress = job.progress
    if progress.doing == "watching":
        return [_indented(("watching the folder", "$muted"))]
    share = fraction(job)
    done, rest = fmt.bar(share, max(4, width - 7))
    figures = [fmt.count(progress.pages, "page")] if progress.pages else []
    if progress.files_total > 1:
        figures.insert(0, f"{progress.files}/{fmt.count(progress.files_total, 'file')}")
    speed = []
    if progress.rate:
        speed.append(f"{progress.rate:.0f}/s")
    if progress.seconds_left is not None:
        speed.append(f"{fmt.elapsed(progress.seconds_left)} left")
    lines = [_indented((done, "$primary"), (rest, "$line"), (f" {int(share * 100):3d}%", "$muted"))]
    text = " · ".join([*figures, *speed]) or progress.doing or "waiting"
    if len(text) > width - 2 and figures and speed:
        lines.append(_indented((" · ".join(figures), "$muted")))
        text = " · ".join(speed)
    lines.append((Content("  ") + safe.line(text, "$muted")).truncate(width, ellipsis=True))
    return lines


_MOST = 5
"""Lines of what is wrong with a document."""

_STATES = {"scanned": "no text", "empty": "empty", "failed": ""}
_UNDER_WAY = ("waiting", "reading", "embedding")


def _document(document: "Document", width: int) -> list[Content]:
    wrong = document.state in ("failed", "scanned", "empty")
    if wrong:
        right = _STATES[document.state]
    elif document.state in _UNDER_WAY:
        right = document.state
    else:
        right = f"{fmt.count(document.pages)} p" if document.pages else ""
    sign, style = ("  ✗ ", "$error") if wrong else ("    ", "$muted")
    lines = [_line(sign, style, document.name, "$muted", right, width)]
    if document.error:
        text = safe.line(document.error, "$error", 160)
        wrapped = text.wrap(max(8, width - 4))
        if len(wrapped) > _MOST:
            wrapped = [*wrapped[: _MOST - 1], wrapped[_MOST - 1] + Content.styled(" …", "$error")]
        lines += [Content("    ") + line for line in wrapped]
    return lines
