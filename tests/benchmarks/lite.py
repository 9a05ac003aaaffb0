"""Milvus Lite by the number of its passages, in a process of its own for each size.

Random vectors of 384 numbers and texts of 1,000 characters, in sources of 5,000 at most, written
256 at a time as a load does. Searched 30 times: in one source, and in all of them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Row
from tests.benchmarks.stats import p50

DIMENSION, SOURCE, BATCH, QUERIES = 384, 5_000, 256, 30
SCOPES = 1_500
"""Small sources, of two passages each."""


def measure(bench: Bench) -> Iterator[Row]:
    most = bench.sizes.sources * bench.sizes.source
    for count in (size for size in (1_000, 10_000, 100_000) if size <= max(most, 1_000)):
        yield _row(bench, f"Milvus Lite, {count:,} passages", count, SOURCE)
    if most > SCOPES:
        yield _row(
            bench, f"Milvus Lite, {2 * SCOPES:,} passages in {SCOPES:,} sources", 2 * SCOPES, 2
        )


def _row(bench: Bench, what: str, count: int, source: int) -> Row:
    folder = bench.folder / f"lite-{count}"
    values: dict[str, float] = {}
    this = [sys.executable, "-m", "tests.benchmarks.lite"]
    for step in ("fill", "use"):
        done = subprocess.run(
            [*this, step, str(folder), str(count), str(source)],
            check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        values |= json.loads(done.stdout)
    return Row(
        what,
        f"one source {values['one']:.1f} ms, all {values['all']:.0f} ms; "
        f"{values['rows']:,.0f} rows/s in; {values['memory']:.0f} MB; {values['disk']:.0f} MB on "
        f"disk; open in {values['open']:.1f} s",
        values=values,
    )


def _main(step: str, folder: str, count: int, source: int) -> dict[str, float]:
    import numpy as np

    from memtui.archive import Archive, Row

    archive = Archive(folder)
    began = time.perf_counter()
    archive.open(f"memtui_bench_{DIMENSION}", DIMENSION)
    opened = time.perf_counter() - began
    random = np.random.default_rng(step == "use")
    scopes = [f"source_{number}" for number in range(-(-count // source))]
    if step == "fill":
        began = time.perf_counter()
        for scope in scopes:
            here = min(source, count)
            for start in range(0, here, BATCH):
                vectors = random.standard_normal((min(BATCH, here - start), DIMENSION), np.float32)
                archive.write(
                    [
                        Row(f"{scope}x{start + n}", scope, v, "x" * 1_000)
                        for n, v in enumerate(vectors)
                    ]
                )
        took = time.perf_counter() - began
        archive.close()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        return {"rows": count / took, "disk": size / 1e6}
    times: dict[str, list[float]] = {"one": [], "all": []}
    for number in range(QUERIES):
        query = random.standard_normal(DIMENSION, np.float32)
        for name, where in (("one", [scopes[number % len(scopes)]]), ("all", scopes)):
            began = time.perf_counter()
            archive.search(where, query, 100)
            times[name].append((time.perf_counter() - began) * 1_000)
    memory = int(Path("/proc/self/statm").read_text().split()[1]) * 4_096 / 1e6
    archive.close()
    return {"open": opened, "memory": memory} | {name: p50(list_) for name, list_ in times.items()}


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
