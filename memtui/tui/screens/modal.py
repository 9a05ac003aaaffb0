"""The base of all modals: a framed box in the middle; Esc closes it without a result."""

from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

from memtui.tui.actions import bindings
from memtui.tui.early import EarlyKeys

T = TypeVar("T")


class Modal(ModalScreen[T | None], EarlyKeys):
    CSS_PATH: ClassVar[Any] = Path(__file__).with_name("modal.tcss")
    BINDINGS = bindings("modal")
    AUTO_FOCUS = "Input, OptionList, Rows, VerticalScroll, Button"
    CLICK_CLOSES: ClassVar[bool] = False
    """Whether a click beside the box closes it as Esc does: where nothing is written in it."""

    def __init__(self) -> None:
        super().__init__()
        self._dismissed = False
        self._late: tuple[T | None] | None = None

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Once, and nothing else than this: Textual would take away whatever lies on top."""
        if self._dismissed:
            return AwaitComplete()
        if not self.is_active:
            self._late = (result,)
            return AwaitComplete()
        self._dismissed = True
        return super().dismiss(result)

    def on_screen_resume(self) -> None:
        """What lay over this one is gone: close now, if that was asked for meanwhile."""
        if self._late is not None:
            late, self._late = self._late, None
            self.dismiss(*late)

    def on_click(self, event: events.Click) -> None:
        if self.CLICK_CLOSES and event.widget is self:
            self.action_close()

    def action_close(self) -> None:
        self.dismiss(None)
