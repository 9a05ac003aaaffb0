"""That the measurements run: tiny sizes here, `--quick` ones when asked for. No time is judged."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import report
from tests.benchmarks.__main__ import NAMES, measure
from tests.benchmarks.bench import TINY
from tests.benchmarks.report import Row
from tests.benchmarks.stats import p50, p99


def test_attach_and_quality_run(tmp_path: Path) -> None:
    rows = list(measure(["attach", "quality"], TINY))
    assert [row.what for row in rows] == ["attach a source of 200 passages", "quality"]
    assert rows[0].values["value"] > 0
    assert "skipped" in rows[1].measured
    assert re.fullmatch(r"\| attach .* \| ≤ 50 ms \| .* \| (yes|\*\*NO\*\*) \|", _line(rows[0]))
    report.write_json(tmp_path / "numbers.json", rows, report.machine(), quick=True)
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert numbers["rows"][0]["values"] == rows[0].values


def test_a_measurement_that_fails_is_a_row_that_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise ValueError("no luck")

    monkeypatch.setattr("tests.benchmarks.attach.measure", fail)
    (row,) = measure(["attach"], TINY)
    assert row.met is False
    assert "no luck" in row.measured


def test_percentiles() -> None:
    assert p50([3, 1, 2]) == 2
    assert p99(list(range(1, 301))) == 297
    assert p99([7]) == 7


def _line(row: Row) -> str:
    return report.as_line(row)


@pytest.mark.benchmark
@pytest.mark.timeout(600)
def test_everything_quick(tmp_path: Path) -> None:
    file = tmp_path / "numbers.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    rows = json.loads(file.read_text())["rows"]
    assert len(rows) > len(NAMES)
    assert not [row for row in rows if "failed" in row["measured"]], done.stderr
