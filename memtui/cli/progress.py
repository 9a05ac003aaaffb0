"""The progress of a job: one line, rewritten on a terminal; elsewhere a line now and then."""

import shutil
import sys
import time

from memtui.api.library import Job, LoadReport, Progress
from memtui.api.plain import plain_line
from memtui.cli import output

_BAR = 24  # cells
_QUIET = 2.0  # seconds between two lines where lines cannot be rewritten


class Meter:
    """Shows a job's progress on stderr. The caller decides how often `show` is called."""

    def __init__(self) -> None:
        self._live = output.fancy(sys.stderr)
        self._last = ""
        self._next = 0.0

    def show(self, job: Job) -> None:
        progress = job.progress
        if self._live:
            room = shutil.get_terminal_size().columns - 1
            text = plain_line(f"{bar(fraction(progress))} {describe(progress)}", room)
            if text != self._last:
                sys.stderr.write(f"\r{text}\x1b[K")
                sys.stderr.flush()
        else:
            text = f"{job.source or job.kind}: {describe(progress)}"
            nothing = not progress.files_total and not progress.passages
            if text == self._last or time.monotonic() < self._next or nothing:
                return
            self._next = time.monotonic() + _QUIET
            output.note(text)
        self._last = text

    def clear(self) -> None:
        """Take the line away, so that what follows starts at the left."""
        if self._live and self._last:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._last = ""


def fraction(progress: Progress) -> float:
    """How much is done, 0–1: passages indexed of those expected from the bytes still to read."""
    if not progress.passages or (progress.bytes_total and not progress.bytes):
        return 0.0
    if not progress.bytes_total:  # nothing is read: all passages are known
        return progress.indexed / progress.passages
    share = min(1.0, progress.bytes / max(progress.bytes, progress.bytes_total))
    return min(1.0, progress.indexed * share / progress.passages)


def bar(done: float) -> str:
    try:
        "━─".encode(getattr(sys.stderr, "encoding", None) or "utf-8")
        full, empty = "━", "─"
    except UnicodeEncodeError:
        full, empty = "#", "-"
    filled = round(done * _BAR)
    return f"{full * filled}{empty * (_BAR - filled)} {done:4.0%}"


def describe(progress: Progress) -> str:
    """`2/3 files, 214 pages, 644 passages, 31/s, 11 s left`."""
    parts = []
    if progress.files_total or not progress.passages:
        parts.append(f"{progress.files}/{output.count(progress.files_total, 'file')}")
    if progress.pages:
        parts.append(output.count(progress.pages, "page"))
    if progress.passages:
        indexed = f"{progress.indexed:,}/" if progress.indexed < progress.passages else ""
        parts.append(indexed + output.count(progress.passages, "passage"))
    if progress.rate:
        parts.append(f"{progress.rate:,.0f}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.cost:
        parts.append(f"${progress.cost:,.2f}")
    return ", ".join(parts)


def outcome(report: LoadReport, before: LoadReport | None = None) -> str:
    """`2 added, 1 replaced`: what a load did with files, since `before` it did less."""
    words = ("added", "replaced", "renamed", "pruned", "unchanged")
    earlier = before.model_copy(update={"unchanged": 0}) if before else LoadReport()
    did = [(getattr(report, word) - getattr(earlier, word), word) for word in words]
    parts = [f"{number:,} {word}" for number, word in did if number > 0]
    if report.failures:
        parts.append(f"{len(report.failures):,} failed")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """`11 s`, `3 min 05 s`, `2 h 04 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
