"""Where a hit is from; who said it, and when: what belongs to no document has no page."""

from datetime import datetime
from typing import TYPE_CHECKING

from memtui.api.plain import plain_line
from memtui.tui import format as fmt

if TYPE_CHECKING:
    from memtui.api.library import Passage
    from memtui.api.search import Hit

ANSWER = "answer"
"""The scope of a pinned answer, which is listed among the hits."""

_WHO = {"user": "you", "assistant": "the agent"}


def who(place: "Hit | Passage") -> str:
    """Who said it in the conversation; what an answer was asked; else nothing."""
    if place.scope == ANSWER:
        return plain_line(place.section, 300)
    if place.scope.startswith("recall_"):
        return _WHO.get(place.section, plain_line(place.section, 40))
    return ""


def when(place: "Hit | Passage") -> str:
    """When it was said or archived; nothing for what belongs to a source."""
    at = place.created_at
    if not at or place.scope.split("_")[0] not in ("agent", "recall"):
        return ""
    return fmt.moment(at if isinstance(at, datetime) else datetime.fromisoformat(at))


def scored(hit: "Hit") -> bool:
    """Not so what was looked up by its date, or pinned as an answer."""
    return bool(hit.score) or hit.dense_rank is not None or hit.text_rank is not None


def place(hit: "Hit") -> str:
    """`[birds p. 2]`, or what else says where the text comes from."""
    return plain_line(hit.citation or hit.document or hit.source or kind(hit.scope), 300)


def kind(scope: str) -> str:
    """What a scope without documents is called."""
    names = {"agent": "own archive", "recall": "conversation", ANSWER: "answer"}
    return names.get(scope.split("_")[0], "memory")
