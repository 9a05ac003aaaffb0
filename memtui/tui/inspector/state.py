"""The line below the query: how and where is searched, and what came of it."""

from textual.content import Content

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.inspector.question import WORDS, Question


def asked(question: Question, agent: str, whose: str) -> Content:
    """Mode and scope. What the search is narrowed to stands first: a line that is too long is cut
    at its end. `whose`: not one's own search, which another has narrowed."""
    mode = Content.styled(question.mode, "bold $accent") + Content("  ")
    if whose:
        return mode + safe.line(whose, "$muted", 300)
    scope = " · ".join(question.scope.words(agent))
    words = WORDS[question.mode]
    if not question.scope.narrow:
        return mode + safe.line(f"{words} · {scope}", "$muted", 300)
    return (
        mode + safe.line(f"only {scope}", "$warning", 300) + Content.styled(f" · {words}", "$muted")
    )


def counted(shown: int, total: int, ms: float) -> str:
    hits = f"{shown} of {fmt.count(max(total, shown), 'hit')}"
    return " · ".join(filter(None, [hits, fmt.milliseconds(ms)]))


def both_ends(left: Content, right: Content, room: int) -> Content:
    left = left.truncate(max(4, room - right.cell_length - 2), ellipsis=True)
    space = max(2, room - left.cell_length - right.cell_length)
    return left + Content(" " * space) + right
