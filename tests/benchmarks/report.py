"""What was measured, as rows of one table and as JSON."""

import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

HEAD = ("what", "budget", "measured", "met")


@dataclass(frozen=True)
class Row:
    """`met` is None where there is no budget. `values` are the numbers behind `measured`."""

    what: str
    measured: str
    budget: str = ""
    met: bool | None = None
    values: dict[str, float] = field(default_factory=dict)


def at_most(what: str, value: float, limit: float, unit: str = "", note: str = "") -> Row:
    """A row whose budget is a highest value. `unit` such as `ms`, or `×` for a ratio."""
    return Row(
        what,
        _with(value, unit) + (f" ({note})" if note else ""),
        f"≤ {_with(limit, unit)}",
        value <= limit,
        {"value": value, "limit": limit},
    )


def at_least(what: str, value: float, limit: float, unit: str = "", note: str = "") -> Row:
    """A row whose budget is a lowest value."""
    row = at_most(what, value, limit, unit, note)
    return Row(what, row.measured, f"≥ {_with(limit, unit)}", value >= limit, row.values)


def info(what: str, value: float, unit: str = "", note: str = "") -> Row:
    """A row without a budget."""
    return Row(what, _with(value, unit) + (f" ({note})" if note else ""), values={"value": value})


def _with(value: float, unit: str) -> str:
    if unit in ("ms", "MB", "pages/s") or unit.startswith("/"):
        text = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
    else:
        text = f"{value:.3f}" if unit == "" else f"{value:.2f}"
    if unit == "×":
        return f"{text} ×"
    return f"{text} {unit}".rstrip()


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def heading() -> str:
    return f"{line(HEAD)}\n{line(['---'] * len(HEAD))}"


def as_line(row: Row) -> str:
    met = {True: "yes", False: "**NO**", None: ""}[row.met]
    return line([row.what, row.budget, row.measured, met])


def machine() -> str:
    """In one line: what it was measured on."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    began = time.perf_counter()
    sum(range(10_000_000))
    took = (time.perf_counter() - began) * 1000
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}{load}, ten million additions in {took:.0f} ms"
    )


def write_json(path: Path, rows: Iterable[Row], machine: str, quick: bool) -> None:
    """`machine` as it was at the beginning: load is no longer what it was."""
    from memtui import __version__

    report = {
        "memtui": __version__,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "command": sys.argv[1:],
        "quick": quick,
        "rows": [asdict(row) for row in rows],
    }
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
