"""`memtui bench`: how fast memtui itself is, on this machine."""

import json
import subprocess
import sys

import click

from memtui.api.errors import MemtuiError
from memtui.cli import options, output

BUDGETS = {10: 15.0, 10_000: 25.0}
"""Milliseconds (p50) that memtui may add on either side of the model, by messages of history."""


@click.group()
def bench() -> None:
    """Measure what memtui adds, on this machine. Nothing of yours is touched."""


@bench.command()
@click.option("--turns", type=click.IntRange(1, 1000), default=40, show_default=True)
@options.as_json
def agent(turns: int, as_json: bool) -> None:
    """What a turn costs besides the model: before its request, and after its last byte."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "memtui.engine.bench", str(turns), *map(str, BUDGETS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise MemtuiError(f"It could not be measured: {last[0]}")
    rows = json.loads(done.stdout)
    if as_json:
        output.data(rows)
        return
    for row in rows:
        budget = BUDGETS[row["messages"]]
        met = "" if max(row["to_wire"], row["to_event"]) <= budget else "  over the budget"
        output.line(
            f"{row['messages']:>6,} messages: message to request {row['to_wire']:.1f} ms, "
            f"last byte to event {row['to_event']:.1f} ms (at most {budget:g}){met}"
        )
