"""The base of the app's own full screens: the app, its store and its session at hand."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp
    from memtui.tui.session import Session
    from memtui.tui.store import Store


class OwnScreen(Screen[None]):
    @property
    def memtui(self) -> "MemtuiApp":
        return cast("MemtuiApp", self.app)

    @property
    def store(self) -> "Store":
        return self.memtui.store

    @property
    def session(self) -> "Session":
        return self.memtui.session

    def action_copy_text(self) -> None:
        """What is marked with the mouse."""
        super().action_copy_text()
        self.memtui.tell("Copied, as far as the terminal lets programs copy.")

    def do(self, work: Coroutine[Any, Any, Any], group: str = "default") -> None:
        self.memtui.do(work, group)
