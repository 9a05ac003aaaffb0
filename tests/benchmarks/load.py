"""A load: how soon its text is found, and how much longer than the bare embedder it takes.

The PDF is made of English pages. Text counts as found when a search by words in the source gives
the last word of the last page; both starts, of the reader's process too, are part of the time of
the first of the rounds.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from memtui import paths
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.api.search import SearchRequest
from tests.benchmarks.bench import Bench
from tests.benchmarks.prose import LAST_WORD
from tests.benchmarks.report import Row, at_least, at_most, info
from tests.benchmarks.stats import p50
from tests.benchmarks.warmth import warm

TEXT_ROUNDS = 5
PAGES, EMBEDDER = 300, 1.15
"""Budgets: pages/s, ×."""


def measure(bench: Bench) -> Iterator[Row]:
    sizes = bench.sizes
    whole = bench.pdf(sizes.pages)
    part = bench.pdf(sizes.embedded_pages)
    with bench.home().entered():
        text = asyncio.run(_text(whole))
        loads, bare, passages = asyncio.run(_vectors(part, sizes.load_rounds))
    rates = [sizes.pages / seconds for seconds in text]
    yield at_least(
        f"load, text of a PDF of {sizes.pages:,} pages searchable",
        p50(rates), PAGES, "pages/s",
        f"{p50(text):.2f} s; {rates[0]:.0f} pages/s with the start of the reader",
    )  # fmt: skip
    yield at_most(
        f"load, {passages:,} passages with vectors : bare embedder",
        p50([load / alone for load, alone in zip(loads, bare, strict=True)]), EMBEDDER, "×",
        f"{p50(loads):.1f} s : {p50(bare):.1f} s",
    )  # fmt: skip
    yield info("bare embedder", passages / p50(bare), "passages/s")


async def _text(pdf: Path) -> list[float]:
    """Seconds of each round, from the request until the last word is found."""
    took = []
    async with Client() as client:
        await warm(client)
        for number in range(TEXT_ROUNDS):
            began = time.perf_counter()
            job = await client.load(LoadRequest(name=f"text {number}", paths=[str(pdf)]))
            assert job.source_id is not None
            wanted = SearchRequest(query=LAST_WORD, mode="text", source_ids=[job.source_id])
            while not (await client.search(wanted)).hits:
                await asyncio.sleep(0.02)
            took.append(time.perf_counter() - began)
            await client.cancel_job(job.id)
            await client.delete_source(job.source_id)
    return took


async def _vectors(pdf: Path, rounds: int) -> tuple[list[float], list[float], int]:
    """(seconds of loads, seconds of the embedder alone on their texts, how many they are)."""
    from memtui.embedding import BuiltinEmbedder

    loads: list[float] = []
    bare: list[float] = []
    texts: Sequence[str] = ()
    async with Client() as client:
        await warm(client)
        for number in range(rounds):
            began = time.perf_counter()
            job = await client.load(LoadRequest(name=f"vectors {number}", paths=[str(pdf)]))
            while job.state in ("waiting", "running"):
                await asyncio.sleep(0.2)  # as often as the app hears of it: asking costs, too
                job = await client.job(job.id)
            loads.append(time.perf_counter() - began)
            if job.state != "done" or job.source_id is None:
                raise RuntimeError(f"The load is {job.state}: {job.error}")
            texts = texts or _texts(job.source_id)
            embedder = BuiltinEmbedder(threads=os.cpu_count() or 1)  # as the engine's
            try:
                await embedder.embed_query("The process has to start, and read its model.")
                began = time.perf_counter()
                await embedder.embed(texts)
                bare.append(time.perf_counter() - began)
            finally:
                await embedder.close()
    return loads, bare, len(texts)


def _texts(source_id: str) -> list[str]:
    """Of the source's passages, in the order in which they are embedded."""
    connection = sqlite3.connect(f"{paths.record_file().as_uri()}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT text FROM passages WHERE scope = ? ORDER BY seq", (f"source_{source_id}",)
        )
        return [text for (text,) in rows]
    finally:
        connection.close()
