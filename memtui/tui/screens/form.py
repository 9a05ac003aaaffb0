"""The base of modals with fields and two buttons."""

from typing import TypeVar

from textual import on, work
from textual.widgets import Button, Input, Static

from memtui.tui import safe
from memtui.tui.screens.modal import Modal

T = TypeVar("T")


class Form(Modal[T]):
    """Enter in a field, or the primary button, begins to `finish`, unless that is under way; the
    other button is to `leave`."""

    @on(Input.Submitted)
    def submitted(self) -> None:
        self.begin()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        if event.button.variant == "primary":
            self.begin()
        else:
            self.leave()

    def leave(self) -> None:
        """What the other button does."""
        self.dismiss(None)

    def begin(self) -> None:
        under_way = (w for w in self.workers if w.node is self and w.group == "finish")
        if all(worker.is_finished for worker in under_way):
            self._finish()

    @work(group="finish", exit_on_error=False)
    async def _finish(self) -> None:
        await self.finish()

    async def finish(self) -> None:
        """Check the fields, do it, and dismiss; or say what is wrong, and stay."""
        raise NotImplementedError

    def say_wrong(self, field: str, sentence: str, style: str = "$error") -> None:
        """Below a field. An empty sentence takes back what stands there."""
        wrong = self.query_one(f"#{field}-wrong", Static)
        wrong.display = bool(sentence)
        wrong.update(safe.text(sentence, style, 600))
