"""The context window part by part: how full it is, and the text of each part."""

from typing import TYPE_CHECKING

from textual.content import Content

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui import safe

if TYPE_CHECKING:
    from memtui.api.context import ContextWindow

BAR = 24
LONGEST = 20_000
"""Characters of one part that are shown; `memtui show context --json` has all of them."""

_NAMES = {
    "system": "system prompt",
    "statistics": "memory statistics",
    "core": "core memory",
    "tools": "tools",
    "summary": "summary",
    "messages": "messages",
    "results": "results of tools",
}


def context_text(view: "ContextWindow", _width: int) -> Content:
    """First the numbers, then the texts as they would be sent now."""
    lines: list[Content] = []
    for part in view.parts:
        done, rest = fmt.bar(part.tokens / max(1, view.window), BAR)
        lines.append(
            Content.styled(f"{_NAMES.get(part.name, part.name):<18}", "$muted")
            + Content(f"{part.tokens:>9,}  ")
            + Content.styled(done, "$secondary")
            + Content.styled(rest, "$line")
        )
    lines += [
        Content.styled(f"{'in all':<18}", "bold") + Content(f"{view.total:>9,}  ")
        + Content(f"of {view.window:,} tokens for {plain_line(view.model, 60)}"),
        Content(""),
        Content.styled(_sentences(view), "$muted"),
    ]  # fmt: skip
    for part in view.parts:
        lines += [
            Content(""),
            Content.styled(_NAMES.get(part.name, part.name), "bold $primary"),
            safe.text(part.text or "(nothing)", "" if part.text else "$muted", LONGEST),
        ]
    return Content("\n").join(lines)


def _sentences(view: "ContextWindow") -> str:
    text = f"{view.reserve:,} tokens are kept free for the answer."
    if view.pressure:
        text += f" Above {view.pressure:,} the agent is warned."
    text += " What does not fit any more is folded into a summary, oldest turns first."
    if view.waiting:
        text += f" {fmt.count(view.waiting, 'message')} will be folded with the next turn."
    if not view.known:
        text += " Nobody states the size of this model's window: set llm.context_window."
    return text
