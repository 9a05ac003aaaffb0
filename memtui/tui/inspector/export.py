"""What was pinned, as Markdown."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memtui.api.plain import plain, plain_line
from memtui.tui import format as fmt
from memtui.tui.inspector import literal
from memtui.tui.inspector.board import Board, Pin
from memtui.tui.inspector.said import place, scored

if TYPE_CHECKING:
    from memtui.api.agents import Citation


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
