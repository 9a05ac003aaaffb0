"""How good rankings are, on questions whose right passages are known."""

from collections.abc import Collection, Sequence

DEPTHS = (1, 5, 10)


def quality(
    rankings: Sequence[Sequence[str]], relevant: Sequence[Collection[str]]
) -> dict[str, float]:
    """`R@1`, `R@5`, `R@10`: shares (0-1) of questions with a right passage among the first so
    many; `MRR`: the mean of 1/rank of the first right one, 0 without any.

    `rankings` and `relevant` hold ids, one entry a question; rankings best first.
    """
    ranks = [
        next((rank for rank, id_ in enumerate(ranking, 1) if id_ in right), 0)
        for ranking, right in zip(rankings, relevant, strict=True)
    ]
    total = len(ranks) or 1
    shares = {f"R@{depth}": sum(0 < rank <= depth for rank in ranks) / total for depth in DEPTHS}
    return {**shares, "MRR": sum(1 / rank for rank in ranks if rank) / total}
