"""The engine's messages as items of the conversation and blocks of the mind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from memtui.tui import order
from memtui.tui.conversation import PRESSURE, STOPPED, Block, Item

if TYPE_CHECKING:
    from memtui.api.agents import Edit, Message

_EVENTS = {
    "login": "you came in",
    "heartbeat": "heartbeat",
    "alert": "note to the agent",
    "summary": "summary",
    "note": "note to the agent",
}


EDITS = ("core_memory_append", "core_memory_replace")
CHANGES_MEMORY = (*EDITS, "archival_memory_insert")


def unfold(
    messages: "list[Message]", edits: "Sequence[Edit]" = ()
) -> tuple[list[Item], list[Block]]:
    """Messages and edits of core memory, oldest first, as the engine gives them. Everything comes
    folded."""
    from memtui.api.agents import INTERRUPTED, MEMORY_WARNING

    items: list[Item] = []
    blocks: list[Block] = []
    calls: dict[str, Block] = {}
    said: set[str] = set()
    read: set[str] = set()  # turns in which documents were read
    by_user = [edit for edit in edits if not edit.turn_id]
    for message in messages:
        while by_user and by_user[0].created_at < message.created_at:
            blocks.append(_edited(by_user.pop(0)))
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
                    item = Item(key, "agent", message.text, citations=citations, turn=turn)
                    order.put(items, item)
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
            title = PRESSURE if message.text == MEMORY_WARNING else title
            failed = message.kind == "note" and not message.ok
            blocks.append(
                Block(key, "problem" if failed else "event", title, message.text, turn=turn)
            )
            if failed:
                items.append(Item(f"{key}:problem", "problem", message.text, turn=turn))
            elif message.kind == "note" and message.text == INTERRUPTED:
                items.append(Item(f"{key}:stopped", "note", STOPPED, turn=turn))
    blocks += map(_edited, by_user)
    for edit in edits:
        if edit.turn_id:
            _put(blocks, _edited(edit))
    return items, blocks


def _edited(edit: "Edit") -> Block:
    return Block(
        f"memory:{edit.id}", "memory", edit.label, edit.after, before=edit.before,
        turn=edit.turn_id, flagged=edit.after_reading, edit=edit.id, undone=edit.undone,
    )  # fmt: skip


def _put(blocks: list[Block], edit: Block) -> None:
    """Behind the call that made the edit: each call that succeeded has made one."""
    own = [at for at, block in enumerate(blocks) if block.turn == edit.turn]
    for at in own:
        call = blocks[at]
        edits = call.kind == "tool" and call.ok and call.title in EDITS
        followed = at + 1 < len(blocks) and blocks[at + 1].kind == "memory"
        if edits and not followed and call.arguments.get("name") == edit.title:
            blocks.insert(at + 1, edit)
            return
    blocks.insert(own[-1] + 1 if own else 0, edit)
