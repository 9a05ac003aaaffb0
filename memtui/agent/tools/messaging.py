"""Speaking to the user, and resting."""

from memtui.agent.tools.base import Result, ToolContext, ToolError

MAX_PAUSE = 360
"""Minutes; the original's limit."""


async def send_message(context: ToolContext, message: str) -> Result:
    """Sends a message to the user. Nothing else that you write is heard by the user.

    Args:
        message: What to say, in full.
    """
    if not message.strip():
        raise ToolError("The message is empty. Say something, or do not call send_message.")
    return Result("The message was sent.", said=message)


async def pause_heartbeats(context: ToolContext, minutes: int) -> Result:
    """Pauses timed heartbeats for a while; events from the user still wake you.

    Args:
        minutes: How long, at most 360.
    """
    if minutes < 0:
        raise ToolError("minutes must be between 0 and 360.")
    await context.memory.pause_heartbeats(min(minutes, MAX_PAUSE))
    return Result(f"Pausing timed heartbeats for {min(minutes, MAX_PAUSE)} min")
