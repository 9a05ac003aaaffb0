"""The engine's messages as items of the conversation and blocks of the mind."""

from typing import TYPE_CHECKING

from memtui.tui.store import STOPPED, Block, Item

if TYPE_CHECKING:
    from memtui.api.agents import Message

_EVENTS = {
    "login": "you came in",
    "heartbeat": "heartbeat",
    "alert": "alert",
    "summary": "summary of earlier messages",
    "note": "note to the agent",
}


CHANGES_MEMORY = ("core_memory_append", "core_memory_replace", "archival_memory_insert")


def unfold(messages: "list[Message]") -> tuple[list[Item], list[Block]]:
    """Oldest first, as the engine gives them. Everything comes folded."""
    from memtui.api.agents import INTERRUPTED

    items: list[Item] = []
    blocks: list[Block] = []
    calls: dict[str, Block] = {}
    said: set[str] = set()
    read: set[str] = set()  # turns in which documents were read
    for message in messages:
        key = f"m{message.id}"
        turn = message.turn_id
        if message.kind == "user":
            items.append(Item(key, "you", message.text, turn=turn))
        elif message.kind == "assistant":
            if message.thought:
                blocks.append(Block(f"{key}:thought", "thought", text=message.thought, turn=turn))
            tool = message.tool
            if tool is None or tool.name == "send_message":
                if tool is not None:
                    said.add(tool.id)
                if message.text:
                    citations = list(message.citations)
                    items.append(Item(key, "agent", message.text, citations=citations, turn=turn))
            else:
                block = Block(f"{key}:tool", "tool", tool.name, turn=turn)
                block.flagged = turn in read and tool.name in CHANGES_MEMORY
                block.arguments = dict(tool.arguments) or ({"": tool.raw} if tool.raw else {})
                calls[tool.id] = block
                blocks.append(block)
        elif message.kind == "tool":
            if message.tool_call_id in said and message.ok:
                continue
            answered = calls.get(message.tool_call_id)
            if answered is None:
                answered = Block(f"{key}:tool", "tool", "tool", turn=turn)
                blocks.append(answered)
            answered.result, answered.ok = message.text, message.ok
            answered.flagged = answered.flagged and message.ok
            if any(hit.source_id for hit in message.hits):
                read.add(turn)
            answered.hits, answered.total = list(message.hits), message.total
            answered.ms = message.ms
            items.append(Item(f"{key}:activity", "activity", block=answered.key, turn=turn))
        else:
            title = _EVENTS.get(message.kind, message.kind)
            blocks.append(Block(key, "event", title, message.text, turn=turn))
            if message.kind == "note" and not message.ok:
                items.append(Item(f"{key}:problem", "problem", message.text, turn=turn))
            elif message.kind == "note" and message.text == INTERRUPTED:
                items.append(Item(f"{key}:stopped", "note", STOPPED, turn=turn))
    return items, blocks
