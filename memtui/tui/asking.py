"""The questions of agents' tools: one at a time, over whatever is open."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp
    from memtui.tui.screens.permission import Permission


class Asking:
    """Belongs to one app, whose store has what is to be asked."""

    def __init__(self, app: "MemtuiApp") -> None:
        self._app = app
        self._open: Permission | None = None

    def look(self) -> None:
        """Ask what waits; what was answered elsewhere goes."""
        shown, waiting = self._open, self._app.store.permissions
        if shown is not None:
            if all(one.id != shown.request.id for one in waiting):
                shown.gone()
        elif waiting:
            from memtui.tui.screens.permission import Permission

            self._open = Permission(waiting[0])
            self._app.push_screen(self._open, self._answered)

    def _answered(self, answer: str | None) -> None:
        shown, self._open = self._open, None
        if shown is None:
            return
        asked, store = shown.request.id, self._app.store
        store.permissions = [one for one in store.permissions if one.id != asked]
        if answer != "gone":
            given: Any = answer or "no"
            self._app.do(self._app.session.permit(asked, given), "permission")
        self.look()
