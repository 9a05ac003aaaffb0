"""The sources pane: a tree, a filter above it, and what there is to know of a row below it."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input, Static

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.actions import bindings
from memtui.tui.shelf import PAGE
from memtui.tui.store import Store
from memtui.tui.widgets.rows import Rows
from memtui.tui.widgets.tree import Branches, TreeRow, rows_of
from memtui.tui.widgets.tree_lines import detail, fraction, line_of

if TYPE_CHECKING:
    from memtui.api.library import Job
    from memtui.tui.told import Severity

__all__ = ["Sources", "SourcesDetail", "SourcesFilter", "fraction", "going_on", "loaded"]


class Sources(Rows[TreeRow]):
    BINDINGS = bindings("sources")
    HELP = (
        "Your sources, their documents, pages and passages. A filled dot is attached to the agent."
    )
    follows = False
    uniform = True

    class Toggled(Message):
        """What is below a row is to be shown or hidden."""

        def __init__(self, row: TreeRow) -> None:
            super().__init__()
            self.row = row

    class Wanted(Message):
        """Pages of documents have come into view that are not read yet: source id and page."""

        def __init__(self, pages: set[tuple[str, int]]) -> None:
            super().__init__()
            self.pages = pages

    class Dropped(Message):
        """A path or an address was pasted: a file was dropped on the terminal."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, store: Store) -> None:
        super().__init__(id="sources-list")
        self.store = store
        self._branches = Branches()
        self._wanted: set[tuple[str, int]] = set()
        self._unfolding = ""  # key of the row whose rows below are to come into view

    def update(self) -> None:
        at = self._index_of(self.cursor)
        self.show(rows_of(self.store, self._branches))
        if self.cursor is None and at is not None:  # the row has gone: what stands there now
            self._jump([*self.rows[at:], *reversed(self.rows[:at])])
        if self.cursor is None:
            self._choose_first()
        self._show_unfolded()
        self._tell()

    def _show_unfolded(self) -> None:
        """What was unfolded at the lower edge: some of it is to be seen."""
        at = self._index_of(self._unfolding) if self._unfolding else None
        if at is None or at + 1 >= len(self.rows):
            return
        below = self.rows[at + 1 : at + self.size.height]
        count = next((n for n, row in enumerate(below) if row.depth <= self.rows[at].depth
                      and self.selectable(row)), len(below))  # fmt: skip
        if count and below[0].kind != "hint":
            self._unfolding = ""
            self.scroll_to_region(
                Region(0, at, 1, count + 1), animate=False, immediate=True, x_axis=False
            )

    def key(self, row: TreeRow) -> str:
        return row.key

    def stamp(self, row: TreeRow) -> Hashable:
        return row

    def selectable(self, row: TreeRow) -> bool:
        return row.kind not in ("hint", "bar")

    def draw(self, row: TreeRow, width: int) -> list[Content]:
        return [line_of(row, width)]

    def _lines(self, index: int) -> list[Content]:
        """A document that comes into view is to be read, unless it was."""
        row = self.rows[index]
        if row.place >= 0 and row.source is not None:
            documents = self.store.shelf.documents.get(row.source.id)
            if documents is not None and documents.wants(row.place):
                if not self._wanted:
                    self.call_later(self._want)
                self._wanted.add((row.source.id, row.place // PAGE))
        return super()._lines(index)

    def _want(self) -> None:
        pages, self._wanted = self._wanted, set()
        self.post_message(self.Wanted(pages))

    # moving in the tree

    def toggle(self, row: TreeRow) -> None:
        if row.kind in ("source", "document", "section") and not _is_leaf(row):
            self._unfolding = "" if row.open else row.key
            self.post_message(self.Toggled(row))

    def action_unfold(self) -> None:
        row = self.current
        if row is not None and not row.open:
            self.toggle(row)
        else:
            self.action_cursor_down()

    def action_fold_or_up(self) -> None:
        row = self.current
        if row is not None and row.open:
            self.toggle(row)
        elif row is not None and row.depth:
            at = self._index_of(row.key) or 0
            above = (r for r in self.rows[at::-1] if r.depth < row.depth and self.selectable(r))
            if (parent := next(above, None)) is not None:
                self.choose(parent.key)

    def on_paste(self, event: events.Paste) -> None:
        if event.text.strip().startswith(_BEGINNINGS):
            event.stop()
            self.post_message(self.Dropped(event.text))

    def cursor_moved(self) -> None:
        self._unfolding = ""
        self.call_later(self._tell)

    def _tell(self) -> None:
        if self.is_mounted and self.parent is not None:
            for below in self.parent.query(SourcesDetail):
                below.tell(self.current)


_BEGINNINGS = ("/", "~", "'/", '"/', "file://", "http://", "https://")
"""Of what terminals paste for files that are dropped on them, and of addresses."""


def _is_leaf(row: TreeRow) -> bool:
    return row.kind == "document" and (row.document is None or not row.document.passages)


class SourcesFilter(Input):
    """Above the tree while something is being looked for."""

    BINDINGS = bindings("sources_filter")
    HELP = "Type a part of the name of a source or a document. Enter goes to the tree."

    class Left(Message):
        """The user goes back to the tree."""

    def __init__(self) -> None:
        super().__init__(placeholder="filter by name", id="sources-filter", compact=True)

    def action_list(self) -> None:
        self.post_message(self.Left())


class SourcesDetail(Static):
    """A few lines about the row under the cursor."""

    def __init__(self, store: Store) -> None:
        super().__init__("", id="sources-detail", markup=False)
        self.store = store
        self._shown: Content | None = None

    def tell(self, row: TreeRow | None) -> None:
        content = detail(row, self.store)
        if self._shown is None or not content.is_same(self._shown):
            self._shown = content
            self.update(content, layout=False)


def loaded(job: "Job", store: Store) -> "tuple[str, Severity]":
    """How a load has ended, as a sentence and its severity; and what is left to do."""
    report = job.report
    if job.kind == "reindex":
        return _reindexed(job)
    if job.state == "cancelled" and job.progress.doing == "watching":
        return f"Watching the folder of {job.source} has ended.", "information"
    if job.state == "cancelled":
        rest = report.notes[-1] if report and report.notes else "What was read stays."
        return f"The load of {job.source} was cancelled. {rest}", "information"
    if job.state != "done" or report is None:
        return job.error or f"The load of {job.source} has failed.", "error"
    did = (
        (report.added, "added"), (report.replaced, "changed"), (report.renamed, "renamed"),
        (report.pruned, "removed"),
    )  # fmt: skip
    parts = [f"{fmt.count(number, 'file')} {what}" for number, what in did if number]
    done = ", ".join(parts) if parts else "nothing has changed"
    sentence = f"Loaded {job.source}: {done}; {fmt.count(report.passages, 'passage')} in all."
    if store.agent is not None and job.source_id and not store.attached(job.source_id):
        sentence += f" /attach lets {plain_line(store.agent.name, 40)} search it."
    if not report.failures:
        return sentence, "information"
    # with a password that was given, what the user waits to hear
    first = min(report.failures, key=lambda one: "password" not in one.reason.casefold())
    failed = fmt.count(len(report.failures), "file")
    return f"{sentence} {failed} could not be read; the first: {first.reason}", "warning"


def _reindexed(job: "Job") -> "tuple[str, Severity]":
    if job.state == "done":
        return f"The index is new: {fmt.count(job.progress.indexed, 'passage')}.", "information"
    if job.state == "failed":
        return f"{job.error} The index that served until now serves on.", "error"
    return "Indexing anew was stopped; /reindex goes on from there.", "information"


def going_on(store: Store) -> str:
    """What loads go on when the app has ended, as a sentence."""
    jobs = store.loading()
    first = plain_line(jobs[0].source, 80) or "the index anew"
    what = first if len(jobs) == 1 else fmt.count(len(jobs), "source")
    return f"Loading {what} goes on without the app. `memtui list jobs` shows how far it is."
