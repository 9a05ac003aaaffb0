"""What was pinned: hits and answers, kept until the app ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memtui.tui.inspector.question import Question
from memtui.tui.inspector.said import ANSWER

if TYPE_CHECKING:
    from memtui.api.agents import Citation
    from memtui.api.search import Hit


@dataclass(frozen=True)
class Pin:
    """A hit, and what it was found with."""

    hit: "Hit"
    query: str


@dataclass(frozen=True)
class Answer:
    key: str
    question: str
    agent: str
    text: str
    citations: "Sequence[Citation]"


def as_hit(answer: Answer) -> "Hit":
    """To be listed among the pinned hits; its rank and its score are nothing."""
    from memtui.api.search import Hit

    return Hit(
        rank=0, score=0, text=answer.text, passage_id=answer.key, scope=ANSWER,
        section=answer.question, citation=f"[answer of {answer.agent}]" if answer.agent else "",
    )  # fmt: skip


@dataclass
class Board:
    """`last` is the question that the inspector was closed with."""

    pins: dict[str, Pin] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    last: Question = field(default_factory=Question)

    def toggle(self, hit: "Hit", query: str) -> bool:
        """Pin the hit, or take its pin away; whether it is pinned now."""
        if self.pins.pop(hit.passage_id, None) is not None:
            return False
        self.pins[hit.passage_id] = Pin(hit, query)
        return True

    def toggle_answer(self, answer: Answer) -> bool:
        if self.answers.pop(answer.key, None) is not None:
            return False
        self.answers[answer.key] = answer
        return True

    def has(self, key: str) -> bool:
        return key in self.pins or key in self.answers

    def __len__(self) -> int:
        return len(self.pins) + len(self.answers)
