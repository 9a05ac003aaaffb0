"""How well the offline reader answers a set: `python -m memtui.engine.bench_answers FILE N`.

Prints the JSON of `memtui bench answers`, or `{"error": sentence}`. N: a sample of that many
questions at most. The home of the environment is filled: it should be an empty one.
"""

import random
import sys
from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

from memtui.agent import citations
from memtui.agent.ports import Memory, SystemClock
from memtui.agent.tools.archival import archival_memory_search
from memtui.agent.tools.base import ToolContext
from memtui.api.errors import MemtuiError
from memtui.api.search import Hit, SearchReply
from memtui.engine.bench_sets import NAME, Library, RetrievalSet, filled, report, tell
from memtui.engine.models import offline_reader
from memtui.llm.offline import MOST_STEPS, OfflineReader
from memtui.llm.transcript import Step, Turn

SEED = 4
SEARCH = "archival_memory_search"
TOOLS = {SEARCH, "send_message"}


class _Archive:
    """As much of an agent's memory as its search needs: the set without the passages `left_out`."""

    def __init__(self, library: Library, left_out: Collection[str]) -> None:
        self._library = library
        self._left_out = left_out

    async def search_archive(self, query: str, *, offset: int, k: int, **_: object) -> SearchReply:
        library = self._library
        found = await library.finder.find(
            query, [library.scope], "hybrid", k, offset, self._left_out
        )
        if found.problem:
            raise MemtuiError(found.problem)
        return found


async def answered(
    reader: OfflineReader, library: Library, question: str, left_out: Collection[str] = ()
) -> set[str] | None:
    """Ids of the passages that the answer cites; None when the reader declines.

    The reader takes its steps on the agent's own search; only what else a turn does, its context
    and its history, is left out.
    """
    memory = cast(Memory, _Archive(library, left_out))
    context = ToolContext(memory, SystemClock(), lambda _: None)
    turn = Turn("user_message", question, sources=[NAME])
    hits: list[Hit] = []
    for _ in range(2 * MOST_STEPS):
        act = reader.decide(turn, TOOLS)
        if act.tool != SEARCH:
            break
        arguments = {name: of for name, of in act.arguments.items() if name != "request_heartbeat"}
        found = await archival_memory_search(context, **arguments)
        hits += found.hits
        turn = replace(turn, steps=[*turn.steps, Step(SEARCH, arguments, message=found.message)])
    if act.declined:
        return None
    found_in = citations.find(str(act.arguments.get("message", "")), hits)
    return {one.passage_id for one in found_in if one.passage_id}


def sample(given: RetrievalSet, most: int) -> RetrievalSet:
    """At most `most` questions (0: all), the same ones each time, with all the passages."""
    asked = given.questions
    if 0 < most < len(asked):
        chosen = sorted(random.Random(SEED).sample(range(len(asked)), most))  # noqa: S311
        asked = [asked[number] for number in chosen]
    return RetrievalSet(given.texts, asked)


async def measure(given: RetrievalSet) -> dict[str, Any]:
    """`{"passages", "questions", "answered", "cited", "declined"}`, the last three fractions."""
    reader = offline_reader()
    counts = {"answered": 0, "cited": 0, "declined": 0}
    async with filled(given) as library:
        inner = {outer: id_ for id_, outer in library.outer.items()}
        for number, (question, relevant) in enumerate(given.questions, 1):
            wanted = {inner[id_] for id_ in relevant if id_ in inner}
            cited = await answered(reader, library, question)
            counts["answered"] += cited is not None
            counts["cited"] += bool(cited and cited & wanted)
            counts["declined"] += await answered(reader, library, question, wanted) is None
            if number % 10 == 0:
                tell(f"{number:,} of {len(given.questions):,} questions asked")
    total = len(given.questions)
    fractions = {name: count / total for name, count in counts.items()}
    return {"passages": len(given.texts), "questions": total, **fractions}


def main(file: str, most: str = "0") -> None:
    report(file, lambda given: measure(sample(given, int(most))))


if __name__ == "__main__":
    main(*sys.argv[1:])
