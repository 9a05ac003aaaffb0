"""What the app says in passing: toasts that do not pile up, and a list of what went wrong."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from textual.app import App
from textual.notifications import Notification

from memtui.api.plain import plain

Severity = Literal["information", "warning", "error"]

AT_ONCE = 3
"""Toasts that are seen at the same time; the oldest makes room."""

KEPT = 200
"""Problems that are remembered until the app ends."""

LONGEST = 600
"""Characters of a toast; the problems screen has the whole sentence."""


@dataclass
class Problem:
    """Something that went wrong, when it did last, and how often in a row."""

    at: datetime
    severity: Severity
    sentence: str
    times: int = 1


class Told:
    """Belongs to one app. Text from outside may be in any sentence."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self.problems: deque[Problem] = deque(maxlen=KEPT)
        self._toasts: list[Notification] = []

    def say(self, sentence: str, severity: Severity = "information") -> None:
        """Show a sentence, unless it is being shown. What is no information is remembered."""
        if severity != "information":
            self.remember(sentence, severity)
        shown = plain(sentence, LONGEST)
        seen = self._app._notifications
        self._toasts = [one for one in self._toasts if one in seen and not one.has_expired]
        if any(toast.message == shown for toast in self._toasts):
            return
        while len(self._toasts) >= AT_ONCE:
            self._app._unnotify(self._toasts.pop(0), refresh=False)
        seconds = 10 if severity != "information" else 4
        toast = Notification(shown, "", severity, seconds, markup=False)
        self._toasts.append(toast)
        self._app._notifications.add(toast)
        self._app._refresh_notifications()

    def remember(self, sentence: str, severity: Severity) -> None:
        """Without a toast: it is shown elsewhere."""
        last = self.problems[-1] if self.problems else None
        if last is not None and last.sentence == sentence:
            last.at, last.times = datetime.now().astimezone(), last.times + 1
        else:
            self.problems.append(Problem(datetime.now().astimezone(), severity, sentence))
