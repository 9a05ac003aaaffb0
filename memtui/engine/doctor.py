"""`memtui doctor`: one line for each thing that can be wrong, with what to do."""

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from memtui import __version__, paths
from memtui.api.errors import MemtuiError
from memtui.api.system import Check

if TYPE_CHECKING:
    from memtui.engine.engine import Engine

LOW_DISK = 500_000_000
"""Bytes free below which a load may not fit: 100,000 passages take about this."""


async def examine(engine: "Engine") -> list[Check]:
    checks: list[tuple[str, Callable[[Engine], Awaitable[str]]]] = [
        ("memtui", _version),
        ("data folder", _disk),
        ("record", _record),
        ("archive", _archive),
        ("embedding", _embedding),
        ("index", _index),
        ("language model", _model),
    ]
    results = []
    for name, check in checks:
        try:
            results.append(Check(name=name, ok=True, detail=await check(engine)))
        except MemtuiError as error:
            results.append(Check(name=name, ok=False, detail=str(error)))
    return results


async def _version(_: "Engine") -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"{__version__}, Python {python}, SQLite {sqlite3.sqlite_version}"


async def _disk(_: "Engine") -> str:
    folder = paths.data_dir()
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        raise MemtuiError(f"{folder} has only {free / 1e6:,.0f} MB free. Make room.")
    return f"{folder}, {free / 1e9:,.1f} GB free"


async def _record(engine: "Engine") -> str:
    checks = await asyncio.to_thread(engine.record.integrity)
    problems = [check.detail for check in checks if not check.ok]
    if problems:
        raise MemtuiError(
            f"{paths.record_file()} is damaged: {'; '.join(problems)}. "
            "Restore it from one of the backups beside it."
        )
    stats = await asyncio.to_thread(engine.record.stats)
    return ", ".join(f"{count:,} {name}" for name, count in stats.items())


async def _archive(engine: "Engine") -> str:
    archive = await engine.parts.archive()
    version = await asyncio.to_thread(archive.version)
    scopes = await asyncio.to_thread(archive.scopes)
    count = sum([await asyncio.to_thread(archive.count, scope) for scope in scopes])
    return (
        f"{version} at {engine.settings.archive_uri()}, {count:,} vectors in {len(scopes):,} scopes"
    )


async def _embedding(engine: "Engine") -> str:
    began = time.perf_counter()
    vector = await engine.parts.embedder.embed_query("How are you today?")
    return (
        f"{engine.parts.embedder.model}, {len(vector)} dimensions, "
        f"{(time.perf_counter() - began) * 1000:.0f} ms for a question"
    )


async def _index(engine: "Engine") -> str:
    plan = await asyncio.to_thread(engine.reindex.plan)
    if plan.needed:
        raise MemtuiError(plan.sentence)
    if plan.running:
        return f"{plan.left:,} of {plan.passages:,} passages are being indexed anew"
    return f"{plan.passages - plan.left:,} of {plan.passages:,} passages have a vector"


async def _model(engine: "Engine") -> str:
    if engine.models.name() == "offline":
        return "none: the offline reader quotes what the sources say"
    base = engine.settings.text("llm.api_base")
    key = "with a key" if engine.settings.text("llm.api_key") else "without a key in memtui"
    return f"{engine.models.name()}{f' at {base}' if base else ''}, {key}"
