"""Stand-ins for what memtui talks to: a scripted OpenAI-compatible HTTP server."""

from tests.fakes.memgpt import memgpt
from tests.fakes.replies import (
    Call,
    Reply,
    call,
    calls,
    cut,
    end,
    fail,
    garbage,
    plain,
    say,
    stall,
    think,
)
from tests.fakes.server import Received, ScriptedServer

__all__ = [
    "Call",
    "Received",
    "Reply",
    "ScriptedServer",
    "call",
    "calls",
    "cut",
    "end",
    "fail",
    "garbage",
    "memgpt",
    "plain",
    "say",
    "stall",
    "think",
]
