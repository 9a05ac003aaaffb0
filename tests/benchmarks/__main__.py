"""The command line: `uv run python -m tests.benchmarks [--quick] [--only NAME …] [--data DIR]`."""

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.bench import FULL, QUICK, Bench, Sizes
from tests.benchmarks.report import Row

NAMES = (
    "start", "keys", "tree", "engine", "load", "attach", "search", "lite", "quality", "memory",
)  # fmt: skip


def measure(names: Sequence[str], sizes: Sizes, data: Path | None = None) -> Iterator[Row]:
    """The rows of the measurements `names`, in the order of NAMES, each as soon as it is known.

    One that fails gives a row that says so, not met, and the others go on.
    """
    with Bench(sizes, data) as bench:
        for name in (name for name in NAMES if name in names):
            began = time.monotonic()
            try:
                yield from import_module(f"tests.benchmarks.{name}").measure(bench)
            except Exception as error:  # noqa: BLE001 - an hour of measuring must not be lost
                traceback.print_exc()
                yield Row(name, f"failed: {type(error).__name__}: {error}", met=False)
            bench.stop_engines()
            print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    option = parser.add_argument
    option("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    option("--quick", action="store_true", help="small sizes: whether it works, not how fast")
    option("--data", type=Path, metavar="DIR", help="retrieval sets, *.jsonl or *.jsonl.gz")
    option("--json", type=Path, metavar="PATH", help="write the numbers there as well")
    arguments = parser.parse_args()
    # End as on Ctrl-C: with the engines ended and the folders removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = report.machine()
    print(f"{machine}\n\n{report.heading()}", flush=True)
    rows = []
    for row in measure(arguments.only, QUICK if arguments.quick else FULL, arguments.data):
        print(report.as_line(row), flush=True)
        rows.append(row)
    if arguments.json:
        report.write_json(arguments.json, rows, machine, arguments.quick)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
