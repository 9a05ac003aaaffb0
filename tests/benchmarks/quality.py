"""How often the right passage comes first, or among the first five, on sets of real questions.

A set is a file `NAME.jsonl` or `NAME.jsonl.gz` of lines `{"id", "text"}` for a passage and
`{"question", "relevant": [ids]}` for a question. None is part of the project: `--data` names a
folder of them. Each set is a library of its own, searched as `memtui bench retrieval` does it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row, at_least

RECALL = {"nq": {"1": 0.895, "5": 0.99}}
"""Budgets for hybrid search on a set of that name."""
REFERENCE = {"nq": "references: FTS5 .784/.939, MiniLM .893/.988, plain RRF .836/.965"}
BELOW = 0.01
"""Hybrid may be that much below the better channel, on any set."""


def measure(bench: Bench) -> Iterator[Row]:
    files = sorted(bench.data.glob("*.jsonl*")) if bench.data is not None else []
    if not files:
        why = f"there is no *.jsonl in {bench.data}" if bench.data else "--data names no folder"
        yield Row("quality", f"skipped: {why} (the sets are not part of the project)")
    for file in files:
        yield from _rows(bench, file)


def _rows(bench: Bench, file: Path) -> Iterator[Row]:
    name = file.name.split(".")[0]
    limit = str(bench.sizes.questions)
    found = json.loads(
        bench.home().run("-m", "memtui.engine.bench_retrieval", str(file.absolute()), limit)
    )
    if "error" in found:
        raise RuntimeError(found["error"])
    sizes = f"{found['passages']:,} passages, {found['questions']:,} questions"
    for mode in ("text", "dense", "hybrid"):
        one, five = (found["modes"][mode][f"R@{depth}"] for depth in "15")
        budget = RECALL.get(name, {}) if mode == "hybrid" else {}
        met = None
        if budget:
            met = one >= budget["1"] and five >= budget["5"]
        note = REFERENCE.get(name, "") if mode == "hybrid" else sizes
        yield Row(
            f"quality, {name}, {mode}, R@1 / R@5",
            f"{one:.3f} / {five:.3f}" + (f" ({note})" if note else ""),
            f"≥ {budget['1']} / {budget['5']}" if budget else "",
            met,
            {"recall_1": one, "recall_5": five},
        )
    for depth in "15":
        of = {mode: one[f"R@{depth}"] for mode, one in found["modes"].items()}
        what = f"quality, {name}, R@{depth}, hybrid - the better channel"
        yield at_least(what, of["hybrid"] - max(of["text"], of["dense"]), -BELOW)
