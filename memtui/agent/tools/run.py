"""Runs one tool call, whatever the model wrote, and says how it went."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memtui.agent import envelope
from memtui.agent.arguments import BadArgumentsError, parse
from memtui.agent.text import mend, shorten
from memtui.agent.tools.base import HEARTBEAT, RETURN_LIMIT, Result, Tool, ToolContext, ToolError
from memtui.api.agents import ToolCall, Usage
from memtui.api.errors import MemtuiError
from memtui.api.search import Hit

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`text` is the result's envelope. `heartbeat` is None when the model left it out, or wrote no
    boolean (the original took that for False, and turns ended without a word).
    """

    call: ToolCall
    ok: bool
    text: str
    heartbeat: bool | None
    hits: Sequence[Hit] = ()
    total: int = 0
    said: str = ""
    ms: float = 0.0
    usage: Usage | None = None


def read_call(call_id: str, name: str, raw: str, *, cut_off: bool) -> tuple[ToolCall, str]:
    """The call, and why its arguments cannot be used (empty when they can).

    Arguments that the length limit cut off are not repaired: half a message is no message.
    """
    try:
        return ToolCall(id=call_id, name=name, arguments=parse(raw, repair=not cut_off)), ""
    except BadArgumentsError as error:
        why = "Your answer was cut off by its length limit. Be shorter." if cut_off else str(error)
        return ToolCall(id=call_id, name=name, raw=mend(raw)), why


async def execute(
    tools: Mapping[str, Tool], call: ToolCall, unreadable: str, context: ToolContext
) -> Outcome:
    """Runs the call. Never raises, but for cancellation: every failure is a Failed result."""
    begun = time.perf_counter()
    arguments: dict[str, Any] = dict(call.arguments)
    asked = arguments.pop(HEARTBEAT, None)
    heartbeat = asked if isinstance(asked, bool) else None
    ok = False
    result = Result("")
    try:
        if unreadable:
            raise ToolError(unreadable)
        tool = tools.get(call.name)
        if tool is None:
            raise ToolError(
                f"There is no function {call.name[:100]!r}. There are: {', '.join(tools)}."
            )
        result = await tool.function(context, **tool.bind(arguments))
        ok = True
    except (ToolError, BadArgumentsError, MemtuiError) as error:
        result = Result(str(error))
    except Exception as error:
        logger.exception("The tool %s failed", call.name[:100])
        result = Result(f"{call.name} failed unexpectedly ({type(error).__name__}).")
    message = result.message
    if isinstance(message, str):
        message = shorten(mend(message), RETURN_LIMIT, "the rest is not available")
    return Outcome(
        call=call,
        ok=ok,
        text=envelope.result(ok, message, envelope.stamp(context.clock.now())),
        heartbeat=heartbeat,
        hits=result.hits,
        total=result.total,
        said=result.said,
        ms=(time.perf_counter() - begun) * 1000,
        usage=result.usage,
    )
