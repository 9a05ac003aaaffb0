"""The tree of the sources, with 100,000 passages of 2,000 documents in it: what a step through it
takes, folded and unfolded, still and while it is read anew, and the filter.

The app runs in a process of its own (`browsing`) with the real engine.
"""

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.bench import Bench
from tests.benchmarks.home import ROOT, Home
from tests.benchmarks.report import Row, at_most, info
from tests.benchmarks.stats import p50

DOCUMENT = 50
"""Passages in a document."""
GAP = 50
"""Budget in ms for the slowest step."""
STEPS = {
    "documents": "paging through the documents, which are read on the way",
    "unfold": "",
    "paging": "paging through everything",
    "arrows": "the cursor moves a row",
    "wheel": "the wheel turns",
    "busy": "the cursor moves while the sources are read again",
    "fold": "a document folded and unfolded",
    "filter": "a key typed into the filter",
    "cleared": "the filter taken away",
}


def measure(bench: Bench) -> Iterator[Row]:
    passages = bench.sizes.browsed
    home = bench.library(1, passages, DOCUMENT)
    agent = home.run("-m", "tests.benchmarks.history", "0").strip()
    yield from browse(home, agent, bench.sizes.keys)


def browse(home: Home, agent: str, keys: int) -> Iterator[Row]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.browsing", agent, str(keys)],
        cwd=ROOT,
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        _read(process)  # it is ready
        for command, what in STEPS.items():
            took = json.loads(_ask(process, command))
            if command == "unfold":
                held = json.loads(_ask(process, "state"))
                yield info("unfolding everything", took[0] / 1000, "s", f"{held['rows']:,} rows")
            else:
                note = f"p50 {p50(took):.0f} ms, {len(took):,} times"
                yield at_most(f"the sources' tree: {what}, the slowest", max(took), GAP, "ms", note)
        held = json.loads(_ask(process, "state"))
        yield info("memory, app with everything unfolded", held["MB"], "MB")


def _ask(process: "subprocess.Popen[str]", command: str) -> str:
    assert process.stdin is not None
    process.stdin.write(f"{command}\n")
    process.stdin.flush()
    return _read(process)


def _read(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("The app has ended.")
    return line
