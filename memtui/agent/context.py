"""The one module that decides what the model sees, and that it fits.

System prompt, memory statistics and core memory are one system message, made anew at every step
so that its numbers are true; then the messages. Nothing is formatted into the prompt, so braces in
it are harmless. When messages do not fit, whole turns are evicted, oldest first; within the turn
that is going on, texts are shortened, then its oldest steps left out. Each cut is visible.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import groupby
from typing import Any

from memtui.agent import envelope
from memtui.agent.text import shorten
from memtui.agent.tokens import estimate, estimate_message, estimate_tools
from memtui.agent.units import Unit, clip, render, units
from memtui.api.agents import Agent, Block, Message
from memtui.api.errors import ModelError

DEFAULT_WINDOW = 8192
MIN_ROOM = 700
"""Tokens that the prompt, core memory and messages need at least, besides the tools."""
_FLOOR = 48  # tokens a text keeps at least, while there are other ways to make room


@dataclass(frozen=True)
class Window:
    """What is sent: `messages` in OpenAI's format. `parts` are tokens (`system`, `tools`, `core`,
    `summary`, `messages`); `evict` are ids of messages that left the context.
    """

    messages: list[dict[str, Any]]
    parts: dict[str, int]
    size: int
    evict: list[int] = field(default_factory=list)


def reserve(size: int) -> int:
    """Tokens kept free for the answer, and for the error of the estimate (25 % to 12.5 %)."""
    return max(size // 8, min(size // 4, 2048))


def compose(
    prompt: str,
    agent: Agent,
    blocks: Sequence[Block],
    history: Sequence[Message],
    total: int,
    tools: list[dict[str, Any]],
    size: int,
    zone: tzinfo | None = None,
) -> Window:
    """The context window of `size` tokens for an agent whose history has `total` messages.

    Raises ModelError when the window is too small for the agent.
    """
    size = size or DEFAULT_WINDOW
    for_tools = estimate_tools(tools)
    left = size - reserve(size) - for_tools
    if left < MIN_ROOM:
        needed = (for_tools + MIN_ROOM) * 4 // 3
        raise ModelError(
            f"The model's context window of {size:,} tokens is too small for the agent: it needs "
            f"at least {needed:,}. Choose another model, or correct llm.context_window."
        )
    base = clip(prompt, left * 2 // 5) + "\n\n" + statistics(agent, left // 12)
    core = core_memory(blocks, left // 4)
    for_system, for_core = estimate(base) + 6, estimate(core)
    for_note = estimate_message(_hidden_note(total, total, history, zone)) if history else 0
    kept, rows, evict = _fit(history, left - for_system - for_core - for_note, zone)
    hidden = max(0, total - rows)
    note = [_hidden_note(hidden, total, history, zone)] if hidden and history else []
    return Window(
        messages=[{"role": "system", "content": f"{base}\n\n{core}"}, *note, *kept],
        parts={
            "system": for_system,
            "tools": for_tools,
            "core": for_core,
            "summary": sum(map(estimate_message, note)),
            "messages": sum(map(estimate_message, kept)),
        },
        size=size,
        evict=evict,
    )


def statistics(agent: Agent, cap: int = 1000) -> str:
    """What lies outside of the context window, as of now; sources in about `cap` tokens."""
    named: list[str] = []
    for source in agent.sources:
        documents = "1 document" if source.documents == 1 else f"{source.documents:,} documents"
        text = json.dumps(source.name, ensure_ascii=False)
        text += f" ({source.passages:,} passages, {documents})"
        cap -= estimate(text)
        if cap < 0:
            break
        named.append(text)
    if more := len(agent.sources) - len(named):
        named.append(f"{more:,} more")
    return (
        "### Memory\n"
        f"{agent.recall:,} previous messages between you and the user are stored in recall memory "
        "(use functions to access them).\n"
        f"{agent.archival:,} memories that you made are stored in archival memory "
        "(use functions to access them).\n"
        f"Sources attached to archival memory: {', '.join(named) or 'none'}."
    )


def core_memory(blocks: Sequence[Block], cap: int) -> str:
    """The blocks; in a window too small for them, each is shortened visibly to `cap` in all."""
    head = (
        "Core memory shown below (limited in size; what does not fit belongs into archival memory):"
    )

    def text(limit: int) -> str:
        shown = (
            f'<{block.label} characters="{len(block.value)}/{block.limit}">\n'
            f"{shorten(block.value, limit)}\n</{block.label}>"
            for block in blocks
        )
        return "\n".join((head, *shown))

    limit = max((len(block.value) for block in blocks), default=0)
    while estimate(whole := text(limit)) > cap and limit > 20:
        limit = limit * 4 // 5
    return whole


def _hidden_note(
    hidden: int, total: int, history: Sequence[Message], zone: tzinfo | None
) -> dict[str, Any]:
    text = (
        f"Note: {hidden:,} of {total:,} messages of this conversation are out of view, because "
        "the context window is limited. They are in recall memory: use conversation_search or "
        "conversation_search_date to read them."
    )
    time = envelope.stamp(history[-1].created_at, zone)
    return {"role": "user", "content": envelope.event("summary", text, time)}


Rendered = list[list[dict[str, Any]]]


def _fit(
    history: Sequence[Message], room: int, zone: tzinfo | None
) -> tuple[list[dict[str, Any]], int, list[int]]:
    """What of the history is shown in `room` tokens, of how many rows it is, and ids to evict."""
    cap = max(room // 2, _FLOOR)
    turns = [list(rows) for _, rows in groupby(history, key=lambda message: message.turn_id)]
    rendered = [[render(unit, cap, zone) for unit in units(turn)] for turn in turns]
    sizes = [_size(turn) for turn in rendered]
    evicted = 0
    if sum(sizes) > room:
        # some more than needed goes, so that not every step evicts
        while len(turns) - evicted > 1 and sum(sizes[evicted:]) > room * 3 // 4:
            evicted += 1
    kept = [step for turn in rendered[evicted:] for step in turn]
    if sum(sizes[evicted:]) > room:
        kept = _squeeze(units(turns[-1]), room, zone)
    ids = [message.id for turn in turns[:evicted] for message in turn]
    return [message for step in kept for message in step], len(history) - len(ids), ids


def _size(steps: Rendered) -> int:
    return sum(estimate_message(message) for step in steps for message in step)


def _squeeze(steps: list[Unit], room: int, zone: tzinfo | None) -> Rendered:
    """One turn that is too long: shorter texts, then fewer steps. The event that began it and the
    latest step, which the agent is about to read, are cut least.
    """
    first, latest, cap = [], [], room // 2
    while cap > _FLOOR:
        cap = max(cap // 2, _FLOOR)
        kept = [render(step, cap, zone) for step in steps[:-1]]
        latest = render(steps[-1], max(cap, room // 2), zone)
        if _size([*kept, latest]) <= room:
            return [*kept, latest]
    first, middle = kept[0] if kept else [], kept[1:]
    time = envelope.stamp(steps[0].message.created_at, zone)
    while middle:
        middle = middle[1:]
        text = f"Note: {len(steps) - 2 - len(middle)} earlier steps of this turn are out of view."
        note = [{"role": "user", "content": envelope.event("alert", text, time)}]
        if _size([first, note, *middle, latest]) <= room:
            return [first, note, *middle, latest]
    cap = room // 2
    while _size([first, latest]) > room and cap > 8:
        cap = cap * 3 // 4
        first = render(steps[0], min(cap, _FLOOR), zone) if len(steps) > 1 else []
        latest = render(steps[-1], cap, zone)
    return [first, latest]
