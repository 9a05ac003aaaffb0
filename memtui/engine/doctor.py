"""`memtui doctor`: one line for each thing that can be wrong, with what to do."""

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING

from memtui import __version__, paths
from memtui.api.errors import MemtuiError
from memtui.api.system import Check
from memtui.engine import indexes

if TYPE_CHECKING:
    from memtui.engine.engine import Engine

LOW_DISK = 500_000_000
"""Bytes free below which a load may not fit: 100,000 passages take about this."""


LITE_PASSAGES = 100_000
"""Vectors above which Milvus Lite, whose time and memory grow with every one, is not the best."""


async def examine(engine: "Engine", only: Collection[str] = ()) -> list[Check]:
    """The checks named in `only`, or all of them. `archive` stands for both about Milvus, and
    `embedding` for both about models."""
    checks: list[tuple[str, Callable[[Engine], Awaitable[str]]]] = [
        ("memtui", _version),
        ("data folder", _disk),
        ("record", _record),
        ("archive", _archive),
        *([("archive chosen", _chosen)] if _is_to_move(engine) else []),
        ("embedding", _embedding),
        *([("embedding chosen", _model_chosen)] if _is_to_change(engine) else []),
        ("index", _index),
        ("language model", _model),
        ("agent", _new_agent),
    ]
    results = []
    for name, check in checks:
        if only and name.partition(" ")[0] not in only:
            continue
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
    spec = engine.parts.spec
    found = f"{version} at {spec.name}, {count:,} vectors in {len(scopes):,} scopes"
    if spec.local and count > LITE_PASSAGES:
        found += (
            f". Milvus Lite is at its best below {LITE_PASSAGES:,}: a Milvus server searches this "
            "faster and in less of your memory (`memtui configure --set archive.uri=http://…`, "
            "then `memtui reindex`)"
        )
    return found


def _is_to_move(engine: "Engine") -> bool:
    """Whether the settings name another Milvus than the one that serves."""
    return not engine.parts.wanted.same_place(engine.parts.spec) and engine.reindex.job() is None


async def _chosen(engine: "Engine") -> str:
    spec = engine.parts.wanted
    return f"{await asyncio.to_thread(engine.parts.another(spec).probe)} at {spec.name}"


async def _embedding(engine: "Engine") -> str:
    began = time.perf_counter()
    vector = await engine.parts.embedder.embed_query("How are you today?")
    return (
        f"{engine.parts.embedder.model}, {len(vector)} dimensions, "
        f"{(time.perf_counter() - began) * 1000:.0f} ms for a question"
    )


def _is_to_change(engine: "Engine") -> bool:
    """Whether the settings name another embedding model than the one that serves."""
    return not engine.parts.wanted.same_model(engine.parts.spec) and engine.reindex.job() is None


async def _model_chosen(engine: "Engine") -> str:
    embedder = indexes.embedder_of(engine.settings)
    try:
        return f"{embedder.model}, {await embedder.probe()} dimensions"
    finally:
        await embedder.close()


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


async def _new_agent(engine: "Engine") -> str:
    persona, human = (engine.settings.text(f"agent.{kind}") for kind in ("persona", "human"))
    await engine.agents.template("persona", persona)
    await engine.agents.template("human", human)
    return f"a new one gets the persona {persona} and the human {human}"
