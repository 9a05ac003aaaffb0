"""The mind: monologue, tool calls, memory edits as foldable blocks; hits as rows of their own."""

import json
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import prose, safe
from memtui.tui.actions import bindings
from memtui.tui.store import Block, Store
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.search import Hit

FLAGGED = "After reading documents: one of them may have asked for it. /undo takes it back."

MOST = 200
"""Blocks in the list; older ones are in the record."""


@dataclass(frozen=True, eq=False)
class MindRow:
    key: str
    block: Block
    hit: "Hit | None" = None


def rows_of(store: Store) -> list[MindRow]:
    rows: list[MindRow] = []
    for block in store.blocks[-MOST:]:
        rows.append(MindRow(block.key, block))
        if not block.folded:
            rows += [MindRow(f"{block.key}/{n}", block, hit) for n, hit in enumerate(block.hits)]
    return rows


class Mind(Rows[MindRow]):
    BINDINGS = bindings("mind")
    HELP = "What the agent thinks and does. Enter unfolds a block, or opens a hit in its context."

    def __init__(self, store: Store) -> None:
        super().__init__(id="mind-list")
        self.store = store

    def update(self) -> None:
        self.show(rows_of(self.store))

    def stamp(self, row: MindRow) -> Hashable:
        return row.block.version

    def toggle(self, row: MindRow) -> None:
        row.block.folded = not row.block.folded
        row.block.version += 1
        self._at_end = False
        self.update()
        self.choose(row.block.key)

    def action_fold_all(self) -> None:
        folded = any(not block.folded for block in self.store.blocks)
        for block in self.store.blocks:
            if block.folded != folded:
                block.folded, block.version = folded, block.version + 1
        self.update()

    def draw(self, row: MindRow, width: int) -> list[Content]:
        if row.hit is not None:
            return _hit(row.hit, width)
        return _block(row.block, width)


def _block(block: Block, width: int) -> list[Content]:
    header = [_header(block, width)]
    if block.folded:
        return header
    body = _BODIES[block.kind](block, width - 2)
    if block.flagged:
        body = [*Content.styled(FLAGGED, "$warning").wrap(width - 2), *body]
    lines = [Content("  ") + line for line in body]
    return [*header, *lines] if block.hits else [*header, *lines, Content("")]


def _header(block: Block, width: int) -> Content:
    sign = "▸ " if block.folded else "▾ "
    right = ""
    if block.kind == "thought":
        name, style = "thought", "$muted"
        rest = safe.line(block.text, "italic $muted", 200) if block.folded else Content("")
    elif block.kind in ("tool", "search"):
        name, style = block.title, "$primary" if block.ok else "$error"
        if block.kind == "search":
            name = "you searched"
        rest = _query(block) if block.folded else Content("")
        right = _outcome(block)
    elif block.kind == "memory":
        name, style, rest = f"memory: {block.title}", "$secondary", Content("")
        right = _change(block)
    elif block.kind == "problem":
        name, style, rest = "problem", "$error", safe.line(block.text, "$muted", 200)
    else:
        name, style, rest = block.title, "$muted", Content("")
    flag = Content.styled("⚑ ", "$warning") if block.flagged else Content("")
    left = Content.styled(sign, "$faint") + flag + safe.line(name, style, 60)
    if rest:
        left += Content("  ") + rest
    room = max(4, width - (len(right) + 1 if right else 0))
    left = left.truncate(room, ellipsis=True)
    if not right:
        return left
    return left.pad_right(max(0, room - left.cell_length)) + Content.styled(f" {right}", "$muted")


def _query(block: Block) -> Content:
    query = block.arguments.get("query")
    return safe.line(f"“{query}”", "", 200) if isinstance(query, str) else Content("")


def _outcome(block: Block) -> str:
    """What a call came to, for the right edge."""
    if not block.done:
        return "…"
    if block.hits and block.folded:
        return fmt.count(len(block.hits), "hit")
    return "failed" if not block.ok else fmt.milliseconds(block.ms)


def _change(block: Block) -> str:
    added = len(block.text) - len(block.before)
    return f"{added:+d} characters" if added else "rewritten"


def _thought(block: Block, width: int) -> list[Content]:
    return prose.plain_lines(block.text if block.done else block.text + " ▍", width, "$muted")


def _tool(block: Block, width: int) -> list[Content]:
    lines: list[Content] = []
    if query := _query(block):
        found = f"{len(block.hits)} of {fmt.count(block.total)}" if block.hits else ""
        if found and query.cell_length + len(found) + 3 <= width:
            lines.append(query + Content.styled(f" · {found}", "$muted"))
        else:
            lines += query.wrap(width)
            lines += [Content.styled(f"{found} hits", "$muted")] if found else []
    for name, value in block.arguments.items():
        if name in ("request_heartbeat", "query") or (name == "page" and not value):
            continue
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        label = Content.styled(f"{name}: " if name else "", "$muted")
        lines += (safe.line(label.plain, "$muted") + Content(" ") + safe.text(shown, limit=2000)
                  if name else safe.text(shown, limit=2000)).wrap(width)  # fmt: skip
    if block.hits:
        return lines
    if block.done:
        style = "$muted" if block.ok else "$error"
        lines += safe.text(readable(block.result), style, limit=3000).wrap(width)
    return lines


def _memory(block: Block, width: int) -> list[Content]:
    import difflib

    lines: list[Content] = []
    before, after = block.before.splitlines(), block.text.splitlines()
    for line in difflib.ndiff(before[:200], after[:200]):
        if line[:2] in ("+ ", "- "):
            style = "$success" if line[0] == "+" else "$error"
            wrapped = safe.text(line[2:], style).wrap(max(4, width - 2))
            lines += [Content.styled(f"{line[0]} ", style) + part for part in wrapped]
    return lines


def _event(block: Block, width: int) -> list[Content]:
    return safe.text(readable(block.text), "$muted", limit=3000).wrap(width)


_BODIES = {
    "thought": _thought,
    "tool": _tool,
    "search": _tool,
    "memory": _memory,
    "event": _event,
    "problem": _event,
}


def readable(result: str) -> str:
    """What a tool answered, without its JSON envelope."""
    try:
        parsed: Any = json.loads(result)
    except ValueError:
        return result
    message = parsed.get("message") if isinstance(parsed, dict) else parsed
    if isinstance(message, str):
        return message
    if isinstance(message, dict):
        for part in ("showing", "result"):  # the rest is for the model
            if isinstance(message.get(part), str):
                return str(message[part])
    return "" if message is None else json.dumps(message, ensure_ascii=False)


def _hit(hit: "Hit", width: int) -> list[Content]:
    """A bar for the score, the place, and a line of the text with the matched terms."""
    cells = 5 if width >= 36 else 3
    score = Content.styled(fmt.gauge(hit.score, cells), "$primary on $line")
    figure = Content.styled(fmt.score(hit.score).removeprefix("0").rjust(5), "$muted")
    page = fmt.page(hit.page, hit.page_end, hit.page_label)
    name = hit.document or hit.source or _OWN.get(hit.scope.split("_")[0], "memory")
    room = max(4, width - 2 - cells - figure.cell_length - 2 - (len(page) + 1 if page else 0))
    place = safe.line(name)
    if place.cell_length > room:  # the ending of a file's name says the least
        place = safe.line(PurePath(name).stem).truncate(room, ellipsis=True)
    place = place.pad_right(max(0, room - place.cell_length))
    first = Content("").join([Content("  "), score, figure, Content("  "), place])
    if page:
        first += Content.styled(f" {page}", "$accent")
    text = safe.snippet(hit.text, hit.terms, max(10, width * 2), "$muted", "$foreground bold")
    return [first, (Content("  ") + text).truncate(width, ellipsis=True)]


_OWN = {"agent": "own archive", "recall": "conversation"}
