"""What the agent did, as the conversation tells it: one line, and unfolded what the mind has."""

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.conversation import Block
from memtui.tui.mind import hits
from memtui.tui.mind.drawing import block_lines

if TYPE_CHECKING:
    from memtui.api.search import Hit

_DONE = {
    "archival_memory_insert": "wrote to its archive",
    "pause_heartbeats": "paused its heartbeats",
}


def lines(block: Block | None, width: int, unfolded: bool) -> list[Content]:
    if block is None:
        return [Content("")]
    head = Content("▾ " if unfolded else "▸ ").stylize("$faint")
    text = safe.line(" · ".join(_words(block)), "$muted" if block.ok else "$error")
    result = [(head + text).truncate(width, ellipsis=True)]
    if unfolded:
        details = block_lines(replace(block, folded=False), width)[1:]
        for hit in _joined(block):
            details += [Content("  ") + line for line in hits.draw(hit, max(20, width - 2))]
        result += details
    return [line.truncate(width, ellipsis=True) for line in result]


def _joined(block: Block) -> "list[Hit]":
    if not block.hits:
        return []
    from memtui.api.joined import as_one, blocks  # not before the first frame

    return [as_one(joined) for joined in blocks(block.hits)]


def _words(block: Block) -> list[str]:
    searched = block.title.endswith(("_search", "_date"))
    if not block.ok:
        words = [_done(block), "failed"]
    elif block.hits or searched:
        found = fmt.count(len(block.hits), "hit") if block.hits else "nothing found"
        if block.total > len(block.hits) > 0:
            found = f"{len(block.hits)} of {fmt.count(block.total, 'hit')}"
        words = [f"{_done(block)}, {found}"]
    else:
        words = [_done(block)]
    if took := fmt.milliseconds(block.ms):
        words.append(took)
    query = block.arguments.get("query")
    if isinstance(query, str) and query:
        words.append(f"“{query}”")
    return words


def _done(block: Block) -> str:
    if block.title in ("core_memory_append", "core_memory_replace"):
        return _edited(block)
    if block.hits or block.title.endswith(("_search", "_date")):
        own = block.title.startswith("conversation")
        return f"searched {'the conversation' if own else 'the archive'}"
    return _DONE.get(block.title, f"ran {block.title}")


def _edited(block: Block) -> str:
    """`edited human +12 characters`"""
    given = block.arguments
    label = given.get("name")
    what = f"edited {label}" if isinstance(label, str) and label else "edited its core memory"
    old, new = given.get("old_content", ""), given.get("new_content", given.get("content", ""))
    if not block.ok or not isinstance(old, str) or not isinstance(new, str):
        return what
    return f"{what} {len(new) - len(old):+,} characters"
