"""The last problems: when, what, and what to do about it, to be read and copied."""

from collections.abc import Hashable

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from memtui.api.plain import plain
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal
from memtui.tui.told import Problem, Told
from memtui.tui.widgets.rows import Rows

_STYLES = {"error": "$error", "warning": "$warning"}


class ProblemRows(Rows[Problem]):
    """The newest first."""

    BINDINGS = bindings("problems")
    HELP = "What went wrong since memtui was opened. The newest is first."
    follows = False

    def key(self, row: Problem) -> str:
        return str(id(row))

    def stamp(self, row: Problem) -> Hashable:
        return row.at, row.times

    def draw(self, row: Problem, width: int) -> list[Content]:
        head = Content.assemble(
            (f"{row.at:%H:%M:%S} ", "$muted"), (row.severity, _STYLES.get(row.severity, "")),
            (f"  {row.times} times" if row.times > 1 else "", "$muted"),
        )  # fmt: skip
        body = safe.text(row.sentence, limit=4000).wrap(max(10, width - 1))
        return [head, *body, Content("")]

    def action_copy(self) -> None:
        if self.current is not None:
            self._copy([self.current])

    def action_copy_all(self) -> None:
        self._copy(list(self.rows))

    def _copy(self, problems: list[Problem]) -> None:
        self.app.copy_to_clipboard("\n".join(map(as_text, problems)))
        self.notify(fmt.copied(fmt.count(len(problems), "problem")), timeout=2, markup=False)


class Problems(Modal[None]):
    CLICK_CLOSES = True
    AUTO_FOCUS = "ProblemRows, VerticalScroll"

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large") as box:
            box.border_title = Content("problems")
            box.border_subtitle = Content("c copy · a copy all · esc close")
            yield ProblemRows(id="problem-list")
            yield Static("Nothing has gone wrong.", id="no-problems", markup=False)

    def on_mount(self) -> None:
        there = bool(self.told.problems)
        self.query_one("#no-problems").display = not there
        rows = self.query_one(ProblemRows)
        rows.display = there
        if there:
            rows.show(list(self.told.problems)[::-1])
            rows.choose(rows.key(rows.rows[0]))
        else:
            self._early = None  # nothing here takes a key

    @on(Rows.Chosen)
    def chosen(self, event: Rows.Chosen) -> None:
        self.query_one(ProblemRows).action_copy()


def as_text(problem: Problem) -> str:
    """A line of a report. Text from outside is in it: it goes into other programs."""
    times = f" ({problem.times} times)" if problem.times > 1 else ""
    return f"{problem.at:%Y-%m-%d %H:%M:%S} {problem.severity}{times}: {plain(problem.sentence)}"
