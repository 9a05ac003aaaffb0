"""How the blocks of the mind are drawn: a heading, and below it what the fold hides."""

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import prose, safe
from memtui.tui.conversation import PRESSURE, Block
from memtui.tui.mind.hits import query
from memtui.tui.mind.readable import arguments, readable

FLAGGED = "After reading documents: one of them may have asked for it. /undo takes it back."
PRESSED = "The context window is getting full: the agent was told to keep what matters."
CAN_BE_UNDONE = "u takes this edit back"
TURN_CAN_BE_UNDONE = "u takes back what this turn did to the memory"
WENT_IN = "Enter shows the messages that went into it."
FAILED = "The agent was told, and may try otherwise."


def block_lines(block: Block, width: int) -> list[Content]:
    header = [_header(block, width)]
    if block.folded:
        return header
    body = _BODIES[block.kind](block, width - 2)
    if block.flagged and not block.undone:
        body = [*Content.styled(FLAGGED, "$warning").wrap(width - 2), *body]
    lines = [Content("  ") + line for line in body]
    return [*header, *lines] if block.hits else [*header, *lines, Content("")]


def _header(block: Block, width: int) -> Content:
    sign = "▸ " if block.folded else "▾ "
    right = ""
    if block.kind == "thought":
        name, style = "thought", "$muted"
        rest = safe.line(block.text, "italic $muted", 200) if block.folded else Content("")
    elif block.kind == "tool":
        name, style = block.title, "$primary" if block.ok else "$error"
        rest = query(block) if block.folded else Content("")
        right = _outcome(block)
    elif block.kind == "memory":
        name, style, rest = f"memory: {block.title}", "$secondary", Content("")
        right = "undone" if block.undone else _change(block, width < 36)
    elif block.kind == "problem":
        name, style, rest = "problem", "$error", safe.line(block.text, "$muted", 200)
    elif block.title == PRESSURE:
        name, style, rest = PRESSURE, "$warning", Content("")
    else:
        name, style, rest = block.title, "$muted", Content("")
        if block.summary and block.folded:
            rest = safe.line(block.text, "$faint", 200)
    flag = Content.styled("⚑ ", "$warning") if block.flagged else Content("")
    left = Content.styled(sign, "$faint") + flag + safe.line(name, style, 60)
    if rest:
        left += Content("  ") + rest
    room = max(4, width - (len(right) + 1 if right else 0))
    left = left.truncate(room, ellipsis=True)
    if not right:
        return left
    return left.pad_right(max(0, room - left.cell_length)) + Content.styled(f" {right}", "$muted")


def _outcome(block: Block) -> str:
    """What a call came to, for the right edge."""
    if not block.done:
        return "…"
    if block.hits and block.folded:
        return fmt.count(len(block.hits), "hit")
    return "failed" if not block.ok else fmt.milliseconds(block.ms)


def _change(block: Block, short: bool) -> str:
    from memtui.tui.mind.difference import counts  # not before the first frame

    return counts(block.before, block.text, short)


def _thought(block: Block, width: int) -> list[Content]:
    return prose.plain_lines(block.text if block.done else block.text + " ▍", width, "$muted")


def _tool(block: Block, width: int) -> list[Content]:
    lines: list[Content] = []
    if asked := query(block):
        found = f"{len(block.hits)} of {fmt.count(block.total)}" if block.hits else ""
        if found and asked.cell_length + len(found) + 3 <= width:
            lines.append(asked + Content.styled(f" · {found}", "$muted"))
        else:
            lines += asked.wrap(width)
            lines += [Content.styled(f"{found} hits", "$muted")] if found else []
    lines += arguments(block.arguments, width)
    if block.hits:
        return lines
    if block.done:
        style = "$muted" if block.ok else "$error"
        lines += safe.text(readable(block.result), style, limit=3000).wrap(width)
        if not block.ok:
            lines += Content.styled(FAILED, "$muted").wrap(width)
    return lines


def _memory(block: Block, width: int) -> list[Content]:
    from memtui.tui.mind.difference import words

    lines = words(block.before, block.text, width)
    if block.edit and not block.undone:
        label = TURN_CAN_BE_UNDONE if block.flagged else CAN_BE_UNDONE
        lines += Content.styled(label, "$faint").wrap(width)
    return lines


def _event(block: Block, width: int) -> list[Content]:
    if block.title == PRESSURE:
        head = Content.styled(PRESSED, "$warning").wrap(width)
        return [*head, *safe.text(readable(block.text), "$muted", limit=3000).wrap(width)]
    style = "$error" if block.kind == "problem" else "$muted"
    lines = safe.text(readable(block.text), style, limit=3000).wrap(width)
    if block.summary:
        lines += Content.styled(WENT_IN, "$faint").wrap(width)
    return lines


_BODIES = {
    "thought": _thought,
    "tool": _tool,
    "memory": _memory,
    "event": _event,
    "problem": _event,
}
