"""The wizard's screen: which step is seen, and going back and forth between them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Input, Static
from textual.worker import Worker, WorkerState

from memtui.tui import format as fmt
from memtui.tui.actions import bindings
from memtui.tui.widgets.keys import Keys
from memtui.tui.wizard.agent import AgentStep
from memtui.tui.wizard.archive import ArchiveStep
from memtui.tui.wizard.draft import Draft
from memtui.tui.wizard.embeddings import EmbeddingsStep
from memtui.tui.wizard.look import LookStep
from memtui.tui.wizard.model import ModelStep
from memtui.tui.wizard.review import ReviewStep
from memtui.tui.wizard.step import Step
from memtui.tui.wizard.welcome import WelcomeStep

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp

STEPS: tuple[type[Step], ...] = (
    WelcomeStep, ModelStep, EmbeddingsStep, ArchiveStep, AgentStep, LookStep, ReviewStep,
)  # fmt: skip


class Wizard(Screen[bool]):
    """True when something was saved; False when it was left before that."""

    CSS_PATH = Path(__file__).with_name("wizard.tcss")
    BINDINGS = bindings("wizard", "form")
    AUTO_FOCUS = ""

    def __init__(self, draft: Draft, steps: Sequence[type[Step]] = STEPS) -> None:
        """The last of `steps` is the review."""
        super().__init__()
        self.draft = draft
        self.steps = steps
        self.at = 0
        self.theme_before = ""
        self._trial: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="wizard-steps", markup=False)
        yield Vertical(id="wizard-body")
        with Horizontal(id="wizard-buttons"):
            yield Button("Back", id="wizard-back", compact=True)
            yield Button("Test", id="wizard-test", compact=True)
            yield Button("Next", id="wizard-next", compact=True)
        yield Keys()

    async def on_mount(self) -> None:
        self.theme_before = self.app.theme
        await self.go(0)

    @property
    def memtui(self) -> "MemtuiApp":
        return cast("MemtuiApp", self.app)

    @property
    def step(self) -> Step:
        return self.query_one(Step)

    async def go(self, at: int) -> None:
        """Show the step; the draft has what the one before was told."""
        self._stop()
        for step in self.query(Step):
            step.gather()
        self.at = at
        body = self.query_one("#wizard-body", Vertical)
        self.query_one("#wizard-test").display = self.steps[at].TESTS
        self.query_one("#wizard-back", Button).label = "Back" if at else "Leave"
        last = at == len(self.steps) - 1
        self.query_one("#wizard-next", Button).label = "Save" if last else "Next"
        self._show_steps()
        self.refresh_bindings()
        await body.remove_children()
        await body.mount(self.steps[at](self.draft))
        if not self.step.query("OptionList"):
            self.set_focus(self.query_one("#wizard-next"))

    def _show_steps(self) -> None:
        names = [step.NAME for step in self.steps]
        if self.app.size.width < 90:
            shown = Content.assemble(
                (f"{self.at + 1} of {len(self.steps)}", "$primary"), (f"  {names[self.at]}", "bold")
            )
        else:
            pieces = [
                Content.styled(
                    f"{index + 1} {name}",
                    "bold $primary" if index == self.at
                    else "$foreground" if index < self.at else "$muted",
                )
                for index, name in enumerate(names)
            ]  # fmt: skip
            shown = Content.styled("  ─  ", "$faint").join(pieces)
        self.query_one("#wizard-steps", Static).update(shown)

    def on_resize(self) -> None:
        self._show_steps()

    # keys and buttons

    async def action_next(self) -> None:
        step = self.step
        if not step.complete():
            return
        if self.at < len(self.steps) - 1:
            await self.go(self.at + 1)
        elif isinstance(step, ReviewStep) and self._trial is None:
            self._trial = self.run_worker(self._save(step), exit_on_error=False)

    async def _save(self, step: ReviewStep) -> None:
        self.query_one("#wizard-next").disabled = True
        try:
            if await step.save():
                self.dismiss(True)
        finally:
            self._trial = None
            if self.is_attached:
                self.query_one("#wizard-next").disabled = False

    async def action_back(self) -> None:
        """Stop the test, else one step back; from the first, out, and nothing is saved."""
        if self._trial is not None:
            if not isinstance(self.step, ReviewStep):
                self._stop()
        elif self.at:
            await self.go(self.at - 1)
        elif self.draft.changes():
            self._ask_to_leave()
        else:
            self._leave()

    def _ask_to_leave(self) -> None:
        from memtui.tui.screens.confirm import Confirm

        changes = fmt.count(len(self.draft.changes()), "change")
        self.app.push_screen(
            Confirm("leave the set-up", f"Leave without saving {changes}?", "Leave"),
            lambda yes: self._leave() if yes else None,
        )

    def _leave(self) -> None:
        self.app.theme = self.theme_before
        self.dismiss(False)

    def _stop(self) -> None:
        if self._trial is not None:
            self._trial.cancel()
            self._trial = None
            self.step.stopped()

    def action_test(self) -> None:
        if self.step.TESTS and self._trial is None:
            self._trial = self.run_worker(self.step.test(), group="trial", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker is self._trial and event.state in (
            WorkerState.SUCCESS, WorkerState.ERROR, WorkerState.CANCELLED,
        ):  # fmt: skip
            self._trial = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.steps[self.at].TESTS if action == "test" else True

    @on(Button.Pressed)
    async def pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "wizard-next":
            await self.action_next()
        elif event.button.id == "wizard-back":
            await self.action_back()
        else:
            self.action_test()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """From the last field to what goes on: the button or the test."""
        if event.input is self.query(Input).last():
            self.set_focus(self.query_one("#wizard-next"))
        else:
            self.focus_next()
