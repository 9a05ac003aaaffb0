"""The order of a conversation's lines: what the agent did stands under the message it led to."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memtui.tui.conversation import Item


def put(items: "list[Item]", item: "Item") -> None:
    """What waits stands last: first in the engine, then here, where it is not sent yet."""
    at = len(items)
    while at and _lateness(items[at - 1]) > _lateness(item):
        at -= 1
    while item.kind == "agent" and at and _leads(items[at - 1], item):
        at -= 1
        items[at].led = True
    items.insert(at, item)


def take(items: "list[Item]", item: "Item") -> None:
    """What was done for a message that goes waits for another one."""
    at = items.index(item)
    del items[at]
    while item.kind == "agent" and at < len(items) and items[at].led:
        items[at].led = False
        at += 1


def join(older: "list[Item]", newer: "list[Item]") -> "list[Item]":
    """Two pages of a history, the end of which may have come between a turn's message and tools."""
    at = len(older)
    while newer and newer[0].kind == "agent" and at and _leads(older[at - 1], newer[0]):
        at -= 1
        older[at].led = True
    return [*older[:at], *newer[:1], *older[at:], *newer[1:]]


def _leads(tool: "Item", message: "Item") -> bool:
    return tool.kind == "activity" and tool.turn == message.turn and not tool.led


def _lateness(item: "Item") -> int:
    return 0 if item.state != "queued" else 1 if item.turn else 2
