"""A box to tick, whose state is also told without colour."""

from textual.content import Content
from textual.widgets import Button, Checkbox

from memtui.tui.actions import bindings


class Check(Checkbox, inherit_bindings=False):
    """Space ticks it; Enter presses the form's primary button, as it does in a field."""

    BINDINGS = bindings("check")

    @property
    def _button(self) -> Content:
        return Content.styled(
            "[x]" if self.value else "[ ]", self.get_visual_style("toggle--button")
        )

    def action_done(self) -> None:
        self.screen.query_one("Button.-primary", Button).press()
