"""What was pinned: hits and answers, kept until the app ends, and written as Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memtui.api.plain import plain, plain_line
from memtui.tui import format as fmt
from memtui.tui.inspector import literal
from memtui.tui.inspector.question import Question
from memtui.tui.inspector.said import ANSWER, scored

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


def place(hit: "Hit") -> str:
    """`[birds p. 2]`, or what else says where the text comes from."""
    return plain_line(hit.citation or hit.document or hit.source or kind(hit.scope), 300)


def kind(scope: str) -> str:
    """What a scope without documents is called."""
    names = {"agent": "own archive", "recall": "conversation", ANSWER: "answer"}
    return names.get(scope.split("_")[0], "memory")


def markdown(board: Board) -> str:
    """Answers with what they cite, then the hits, each quoted with where it stands."""
    parts = ["# Pinned", ""]
    for answer in board.answers.values():
        parts += [f"## {literal.inline(plain_line(answer.question, 300)) or 'An answer'}", ""]
        parts += [f"**{literal.inline(plain_line(answer.agent, 200))}**", ""]
        parts += [literal.harmless(plain(answer.text)), ""]
        if cited := list(_citations(answer.citations)):
            parts += ["Citations:", "", *cited, ""]
    if board.pins:
        parts += ["## Passages", ""]
    for pin in board.pins.values():
        parts += [*_hit(pin), ""]
    return "\n".join(parts).rstrip() + "\n"


def _citations(citations: "Iterable[Citation]") -> Iterator[str]:
    lines: dict[str, None] = {}
    for one in citations:
        page = f" p. {one.page}" if one.page else ""
        where = plain_line(f"{one.document or one.source or ''}{page}")
        state = "" if one.verified else " (unverified: the agent was shown no such passage)"
        lines[f"- {literal.line(f'{plain_line(one.text)} — {where}')}{state}"] = None
    yield from lines


def _hit(pin: Pin) -> Iterator[str]:
    hit = pin.hit
    yield from (f"> {one}" if one else ">" for one in literal.lines(plain(hit.text).strip("\n")))
    yield ""
    facts = [hit.source or "", hit.document or "", fmt.page(hit.page, hit.page_end, hit.page_label)]
    facts += [hit.section, hit.document_path or ""]
    facts_text = plain_line(" · ".join(filter(None, facts)), 600)
    yield literal.inline(f"— {place(hit)} {facts_text}".rstrip())
    yield ""
    scores = [f"score {hit.score:.2f}"] if scored(hit) else []
    if hit.dense_score is not None:
        scores.append(f"meaning {hit.dense_score:.2f} (#{hit.dense_rank})")
    if hit.text_score is not None:
        scores.append(f"words {hit.text_score:.2f} (#{hit.text_rank})")
    found = f"Found with “{literal.inline(plain_line(pin.query, 300))}”: " if pin.query else ""
    told = f"{found}{', '.join(scores)}".removesuffix(": ")
    yield f"{told}; passage {plain_line(hit.passage_id, 80)}.".removeprefix("; ")
