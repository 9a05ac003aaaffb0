"""The one module that decides what the model sees, and that it fits.

System prompt, memory statistics and core memory are one system message, made anew at every step
so that its numbers are true; then the summary and the messages. Nothing is formatted into the
prompt, so braces in it are harmless. When messages do not fit, whole turns are left out, oldest
first, for `pressure` to fold into the summary; within the turn that is going on, texts are
shortened, then its oldest steps left out. Each cut is visible, and says how to read the rest.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import groupby
from typing import Any

from memtui.agent import envelope
from memtui.agent.ports import Memory, View
from memtui.agent.text import shorten
from memtui.agent.tokens import (
    CAREFUL,
    NOTHING,
    Features,
    Scale,
    add,
    features,
    message_features,
    tools_features,
)
from memtui.agent.units import Unit, clip, render, rest, units
from memtui.api.agents import Agent, Block, Message
from memtui.api.errors import ModelError

DEFAULT_WINDOW = 8192
MIN_ROOM = 700
"""Tokens that the prompt, core memory and messages need at least, besides the tools."""
SUMMARY = 800
"""Tokens of a summary at most."""
_FLOOR = 48  # tokens a text keeps at least, while there are other ways to make room

PARTS = ("system", "statistics", "core", "tools", "summary", "messages", "results")
"""What a context window consists of; `results` are those of the tools."""


@dataclass(frozen=True)
class Material(View):
    """All that the window is made of."""

    tools: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Window:
    """What is sent: `messages` in OpenAI's format, and `tools`.

    `parts` are counted by the names of PARTS, `texts` are those of system, statistics, core and
    summary. `evict` are ids of messages that had to be left out. In tokens, on the scale that was
    used: `base` is all but the messages, `room` what the messages may take, `summary` what a
    summary may.
    """

    messages: list[dict[str, Any]]
    tools: Sequence[dict[str, Any]]
    parts: dict[str, Features]
    texts: dict[str, str]
    size: int
    base: int
    room: int
    summary: int
    evict: list[int] = field(default_factory=list)

    @property
    def page(self) -> int:
        """Tokens of one page of a long text, small enough to be read in this window."""
        return max(200, min(self.size // 16, 3000))


async def gather(memory: Memory, tools: Sequence[dict[str, Any]]) -> Material:
    """The material as the memory is now."""
    return Material(**vars(await memory.view()), tools=tools)


def reserve(size: int) -> int:
    """Tokens of a window kept free for the answer."""
    return size // 8


def compose(
    what: Material, size: int, scale: Scale = CAREFUL, zone: tzinfo | None = None
) -> Window:
    """The context window of at most `size` tokens by `scale`, those of the answer included.

    Raises ModelError when the window is too small for the agent.
    """
    size = size or DEFAULT_WINDOW
    for_tools = scale.tools(what.tools) + int(scale.extra)
    left = size - reserve(size) - for_tools
    if left < MIN_ROOM:
        needed = (for_tools + MIN_ROOM) * 8 // 7
        raise ModelError(
            f"The model's context window of {size:,} tokens is too small for the agent: it needs "
            f"at least {needed:,}. Choose another model, or correct llm.context_window."
        )
    prompt = clip(what.prompt, left * 2 // 5, scale, rest("memory:prompt"))
    known = statistics(what.agent, left // 12, scale)
    core = core_memory(what.blocks, left // 4, scale)
    for_system = scale.text(prompt) + scale.text(known) + scale.text(core) + 12
    summaries = [one for one in what.history if one.kind == "summary"]
    history = [one for one in what.history if one.kind != "summary"]
    for_summary = min(left // 6, SUMMARY)
    widest = _note(what.total, what.total, summaries, history, for_summary, scale, zone)
    room = left - for_system - scale.messages(widest)
    kept, shown, evict = _fit(history, room, scale, zone)
    hidden = max(0, what.total - shown)
    note = _note(hidden, what.total, summaries, history, for_summary, scale, zone)
    results = [message for message in kept if message["role"] == "tool"]
    others = [message for message in kept if message["role"] != "tool"]
    return Window(
        messages=[{"role": "system", "content": f"{prompt}\n\n{known}\n\n{core}"}, *note, *kept],
        tools=what.tools,
        parts={
            "system": add(features(prompt + "\n\n"), message_features({})),
            "statistics": features(known + "\n\n"),
            "core": features(core),
            "tools": tools_features(what.tools),
            "summary": add(NOTHING, *map(message_features, note)),
            "messages": add(NOTHING, *map(message_features, others)),
            "results": add(NOTHING, *map(message_features, results)),
        },
        texts={
            "system": prompt,
            "statistics": known,
            "core": core,
            "summary": "\n".join(message["content"] for message in note),
        },
        size=size,
        base=for_tools + for_system + scale.messages(note),
        room=room,
        summary=for_summary,
        evict=evict,
    )


def statistics(agent: Agent, cap: int = 1000, scale: Scale = CAREFUL) -> str:
    """What lies outside of the context window, as of now; sources in about `cap` tokens."""
    named: list[str] = []
    for source in agent.sources:
        documents = "1 document" if source.documents == 1 else f"{source.documents:,} documents"
        text = json.dumps(source.name, ensure_ascii=False)
        text += f" ({source.passages:,} passages, {documents})"
        cap -= scale.text(text)
        if cap < 0:
            break
        named.append(text)
    if more := len(agent.sources) - len(named):
        named.append(f"{more:,} more ({rest('memory:sources')})")
    return (
        "### Memory\n"
        f"{agent.recall:,} previous messages between you and the user are stored in recall memory "
        "(use functions to access them).\n"
        f"{agent.archival:,} memories that you made are stored in archival memory "
        "(use functions to access them).\n"
        f"Sources attached to archival memory: {', '.join(named) or 'none'}."
    )


def core_memory(blocks: Sequence[Block], cap: int, scale: Scale = CAREFUL) -> str:
    """The blocks; in a window too small for them, each is shortened visibly to `cap` in all."""
    head = (
        "Core memory shown below (limited in size; what does not fit belongs into archival memory):"
    )

    def text(limit: int) -> str:
        shown = (
            f'<{block.label} characters="{len(block.value)}/{block.limit}">\n'
            f"{shorten(block.value, limit, rest(f'block:{block.label}'))}\n</{block.label}>"
            for block in blocks
        )
        return "\n".join((head, *shown))

    limit = max((len(block.value) for block in blocks), default=0)
    while scale.text(whole := text(limit)) > cap and limit > 20:
        limit = limit * 4 // 5
    return whole


def _note(
    hidden: int,
    total: int,
    summaries: Sequence[Message],
    history: Sequence[Message],
    cap: int,
    scale: Scale,
    zone: tzinfo | None,
) -> list[dict[str, Any]]:
    """The message about what is out of view, with the summary of it; none if nothing is."""
    latest = [*summaries, *history][-1:]
    if not latest or not (hidden or summaries):
        return []
    text = (
        f"Note: {hidden:,} of {total:,} messages of this conversation are out of view, because "
        "the context window is limited. They are in recall memory: use conversation_search or "
        "conversation_search_date to read them."
    )
    for one in summaries:
        told = clip(one.text, max(_FLOOR, cap // len(summaries)), scale, rest(f"message:{one.id}"))
        text += f"\nYour summary of them:\n{told}"
    time = envelope.stamp(latest[0].created_at, zone)
    return [{"role": "user", "content": envelope.event("summary", text, time)}]


Rendered = list[list[dict[str, Any]]]


def _fit(
    history: Sequence[Message], room: int, scale: Scale, zone: tzinfo | None
) -> tuple[list[dict[str, Any]], int, list[int]]:
    """What of the history is shown in `room` tokens, of how many rows it is, and ids to evict."""
    cap = max(room // 2, _FLOOR)
    turns = [list(rows) for _, rows in groupby(history, key=lambda message: message.turn_id)]
    latest: list[Rendered] = []  # turns, the last one first
    sizes: list[int] = []
    for turn in reversed(turns):
        latest.append([render(unit, cap, zone, scale) for unit in units(turn)])
        sizes.append(_size(latest[-1], scale))
        if sum(sizes) > room:
            break
    kept = len(turns)
    if sum(sizes) > room:
        # more than needed goes, so that not every step evicts
        kept = 1
        while kept < len(sizes) and sum(sizes[: kept + 1]) <= room // 2:
            kept += 1
    steps = [step for turn in reversed(latest[:kept]) for step in turn]
    if sum(sizes[:kept]) > room:
        steps = _squeeze(units(turns[-1]), room, scale, zone)
    evicted = [message.id for turn in turns[: len(turns) - kept] for message in turn]
    return [message for step in steps for message in step], len(history) - len(evicted), evicted


def _size(steps: Rendered, scale: Scale) -> int:
    return sum(scale.messages(step) for step in steps)


def _squeeze(steps: list[Unit], room: int, scale: Scale, zone: tzinfo | None) -> Rendered:
    """One turn that is too long: shorter texts, then fewer steps. The event that began it and the
    latest step, which the agent is about to read, are cut least.
    """
    first, latest, cap = [], [], room // 2
    while cap > _FLOOR:
        cap = max(cap // 2, _FLOOR)
        kept = [render(step, cap, zone, scale) for step in steps[:-1]]
        latest = render(steps[-1], max(cap, room // 2), zone, scale)
        if _size([*kept, latest], scale) <= room:
            return [*kept, latest]
    first, middle = kept[0] if kept else [], kept[1:]
    time = envelope.stamp(steps[0].message.created_at, zone)
    while middle:
        middle = middle[1:]
        count = len(steps) - 2 - len(middle)
        whole = rest(f"message:{steps[1].message.id}")
        text = f"Note: {count} earlier steps of this turn are out of view. To {whole}, and so on."
        note = [{"role": "user", "content": envelope.event("alert", text, time)}]
        if _size([first, note, *middle, latest], scale) <= room:
            return [first, note, *middle, latest]
    cap = room // 2
    while _size([first, latest], scale) > room and cap > 8:
        cap = cap * 3 // 4
        first = render(steps[0], min(cap, _FLOOR), zone, scale) if len(steps) > 1 else []
        latest = render(steps[-1], cap, zone, scale)
    return [first, latest]
