"""The JSON envelopes in which the agent meets events and the results of its tools.

They are the original's: `user_message`, `login`, `heartbeat`, `system_alert`, and for results
`{"status": "OK" | "Failed", "message", "time"}`. They are made from the history when the context
is built, so that the history keeps plain text.
"""

import json
from datetime import datetime, tzinfo
from typing import Any

from memtui.api.agents import MessageKind

HIDDEN = "[This is an automated system message hidden from the user] "
FIRST_LOGIN = "Never (first login)"


def stamp(moment: datetime, zone: tzinfo | None = None) -> str:
    """Like `2026-11-22 04:35:06 PM UTC+0000`."""
    if zone is not None:
        moment = moment.astimezone(zone)
    return moment.strftime("%Y-%m-%d %I:%M:%S %p %Z%z")


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def event(kind: MessageKind, text: str, time: str) -> str:
    """The envelope of a message that is neither the agent's nor a tool's."""
    if kind == "user":
        return _dump({"type": "user_message", "message": text, "time": time})
    if kind == "login":
        return _dump({"type": "login", "last_login": text or FIRST_LOGIN, "time": time})
    if kind == "heartbeat":
        return _dump({"type": "heartbeat", "reason": HIDDEN + text, "time": time})
    # a note is shown to the user, so it is not called hidden; the rest is for the agent alone
    hidden = "" if kind == "note" else HIDDEN
    return _dump({"type": "system_alert", "message": hidden + text, "time": time})


def result(ok: bool, message: str | dict[str, Any], time: str) -> str:
    """What a tool answers."""
    return _dump({"status": "OK" if ok else "Failed", "message": message, "time": time})
