"""How well each mode of search ranks a set: `python -m memtui.engine.bench_retrieval FILE [N]`.

Prints the JSON of `memtui bench retrieval`, or `{"error": sentence}`. N: that many questions at
most. The home of the environment is filled: it should be an empty one.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, get_args

from memtui.api.errors import MemtuiError
from memtui.api.search import Mode
from memtui.engine.bench_sets import RetrievalSet, filled, report, tell
from memtui.search.evaluate import quality

MODES: tuple[Mode, ...] = get_args(Mode)
DEPTH = 10


async def measure(given: RetrievalSet) -> dict[str, Any]:
    """`{"passages", "questions", "modes": {mode: {"R@1", "R@5", "R@10", "MRR"}}}`."""
    rankings: dict[Mode, list[Sequence[str]]] = {mode: [] for mode in MODES}
    async with filled(given) as library:

        async def rank(question: str, mode: Mode) -> list[str]:
            reply = await library.finder.find(question, [library.scope], mode, DEPTH, 0)
            if reply.problem:
                raise MemtuiError(reply.problem)
            return [library.outer[hit.passage_id] for hit in reply.hits]

        for number, (question, _) in enumerate(given.questions, 1):
            found = await asyncio.gather(*(rank(question, mode) for mode in MODES))
            for mode, ranking in zip(MODES, found, strict=True):
                rankings[mode].append(ranking)
            if number % 50 == 0:
                tell(f"{number:,} of {len(given.questions):,} questions asked")
    relevant = [ids for _, ids in given.questions]
    modes = {mode: quality(found, relevant) for mode, found in rankings.items()}
    return {"passages": len(given.texts), "questions": len(given.questions), "modes": modes}


def main(file: str, limit: str = "0") -> None:
    report(file, measure, int(limit))


if __name__ == "__main__":
    main(*sys.argv[1:])
