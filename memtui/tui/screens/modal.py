"""The base of all modals: a framed box in the middle; Esc closes it without a result."""

from typing import TypeVar

from textual.screen import ModalScreen

from memtui.tui.actions import bindings

T = TypeVar("T")


class Modal(ModalScreen[T | None]):
    BINDINGS = bindings("modal")
    AUTO_FOCUS = "Input, OptionList, Rows, VerticalScroll, Button"

    def action_close(self) -> None:
        self.dismiss(None)
