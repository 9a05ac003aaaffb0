"""`memtui bench`: how fast memtui itself is, and how well it finds, on this machine."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from memtui.api.errors import MemtuiError, UsageError
from memtui.cli import options, output

BUDGETS = {10: 15.0, 10_000: 25.0}
"""Milliseconds (p50) that memtui may add on either side of the model, by messages of history."""

of_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def bench() -> None:
    """Measure memtui on this machine. Nothing of yours is touched."""


@bench.command()
@click.option("--turns", type=click.IntRange(1, 1000), default=40, show_default=True)
@options.as_json
def agent(turns: int, as_json: bool) -> None:
    """What a turn costs besides the model: before its request, and after its last byte."""
    rows = _measured("bench", str(turns), *map(str, BUDGETS))
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


@bench.command()
@of_file
@options.as_json
def retrieval(file: Path, as_json: bool) -> None:
    """How often search finds the right passage of FILE, in each mode.

    FILE is JSON lines, maybe gzipped: {"id", "text"} for a passage, which is taken as it is, and
    {"question", "relevant": [ids]} for a question. R@k: any relevant passage is among the first k.
    Of a passage longer than the embedding model reads, the rest is found by its words only.
    """
    found = _measured("bench_retrieval", str(file.absolute()))
    if as_json:
        output.data(found)
        return
    output.line(f"{found['passages']:,} passages, {found['questions']:,} questions")
    names = ["R@1", "R@5", "R@10", "MRR"]
    modes = found["modes"].items()
    output.table(["", *names], [[mode, *(f"{of[n]:.3f}" for n in names)] for mode, of in modes])


@bench.command()
@of_file
@click.option(
    "--questions",
    type=click.IntRange(min=0),
    default=200,
    show_default=True,
    help="A sample of so many, the same each time; 0 for all.",
)
@options.as_json
def answers(file: Path, questions: int, as_json: bool) -> None:
    """How well the offline reader answers the questions of FILE, a set as for `retrieval`.

    answered: it does not decline. cited: a relevant passage is among its citations. declined: it
    declines when the relevant passages are taken out.
    """
    found = _measured("bench_answers", str(file.absolute()), str(questions))
    if as_json:
        output.data(found)
        return
    output.line(f"{found['passages']:,} passages, {found['questions']:,} questions")
    rows = [[name, f"{found[name]:.3f}"] for name in ("answered", "cited", "declined")]
    output.table(["", "share"], rows)


def _measured(module: str, *arguments: str) -> Any:
    """What `memtui.engine.MODULE` measures, in an empty home that is deleted afterwards."""
    # Not the user's temporary folder: the paths of sockets are limited to about 100 bytes.
    base = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(
        prefix="memtui-bench-", dir=base, ignore_cleanup_errors=True
    ) as home:
        runtime = Path(home, "run")
        runtime.mkdir(mode=0o700)
        ours = {name: value for name, value in os.environ.items() if name[:7] != "MEMTUI_"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"memtui.engine.{module}", *arguments],
            env=ours
            | {"MEMTUI_HOME": home, "XDG_RUNTIME_DIR": str(runtime), "MEMTUI_ENGINE__LINGER": "5"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        raise MemtuiError("It could not be measured; the reason stands above.")
    found = json.loads(done.stdout)
    if isinstance(found, dict) and "error" in found:
        raise (UsageError if found["kind"] == UsageError.kind else MemtuiError)(found["error"])
    return found
