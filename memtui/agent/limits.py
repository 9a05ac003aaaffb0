"""What keeps every turn finite."""

import json
from collections import Counter
from dataclasses import dataclass

from memtui.agent.tools.base import HEARTBEAT
from memtui.api.agents import ToolCall
from memtui.api.plain import plain_line


@dataclass(frozen=True)
class Limits:
    """When any of these is reached, the agent is told once to finish, and has one step for it.

    `steps` are all answers of the model in the turn, that last one included; `failures` are in a
    row; `identical` calls have the same name and arguments; `calls` are those of one answer.
    """

    steps: int = 12
    failures: int = 3
    identical: int = 3
    calls: int = 8


class Pace:
    """Counts the steps, failures and calls of a turn."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = 0
        self._failures = 0
        self._cause = ""
        self._calls: Counter[str] = Counter()

    def called(self, call: ToolCall, ok: bool) -> None:
        arguments = {name: value for name, value in call.arguments.items() if name != HEARTBEAT}
        self._calls[json.dumps([call.name, arguments, call.raw], sort_keys=True)] += 1
        self.went(ok, f"{plain_line(call.name, 40)} failed")

    def went(self, ok: bool, cause: str = "") -> None:
        """A step was good, or failed because of `cause`."""
        self._failures = 0 if ok else self._failures + 1
        self._cause = cause

    def reached(self) -> str:
        """What of the limits is reached, in words; empty while the turn may simply go on."""
        limits = self.limits
        if self.steps >= limits.steps - 1:
            return f"{max(limits.steps, self.steps)} steps"
        if self._failures >= limits.failures:
            return f"{self._failures} failures in a row (the last: {self._cause})"
        if (most := max(self._calls.values(), default=0)) >= limits.identical:
            return f"{most} identical calls"
        return ""
