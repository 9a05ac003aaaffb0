"""How good a ranking is, on questions whose right passages are known."""

from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from dataclasses import dataclass

Ranker = Callable[[str], Awaitable[Sequence[str]]]
"""A question → passage ids, best first."""


@dataclass(frozen=True)
class Quality:
    """Shares (0–1) of questions with a right passage in the first 1, 5, 10; mean of 1/rank."""

    questions: int
    recall_1: float
    recall_5: float
    recall_10: float
    mrr: float


async def evaluate(questions: Iterable[tuple[str, Set[str]]], ranker: Ranker) -> Quality:
    """`questions` are (question, ids of the passages that answer it)."""
    ranks: list[int | None] = []
    for question, relevant in questions:
        ranking = await ranker(question)
        ranks.append(next((n for n, id_ in enumerate(ranking, 1) if id_ in relevant), None))
    total = len(ranks) or 1

    def within(depth: int) -> float:
        return sum(rank is not None and rank <= depth for rank in ranks) / total

    reciprocal = sum(1 / rank for rank in ranks if rank)
    return Quality(len(ranks), within(1), within(5), within(10), reciprocal / total)
