"""The engine's start, and a whole `memtui search`, with an engine that runs and without one."""

import asyncio
import socket
import time
from collections.abc import Iterator

from memtui.api import launch
from memtui.api.client import Client
from tests.benchmarks.bench import Bench
from tests.benchmarks.home import Home
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.stats import p50
from tests.benchmarks.warmth import warm
from tests.benchmarks.words import Words

FIRST_ANSWER, WARM, COLD = 0.6, 0.6, 4.0
"""Budgets in seconds."""


def measure(bench: Bench) -> Iterator[Row]:
    home = bench.library(1, bench.sizes.source)
    query = Words(seed=-2).question()
    starts: list[float] = []
    cold: list[float] = []
    warm: list[float] = []
    _search(home, query)  # byte code, and files into the page cache
    for _ in range(bench.sizes.rounds):
        home.stop()
        starts.append(_start(home))
        home.stop()
        cold.append(_search(home, query))
        with home.entered():
            asyncio.run(_wait_until_warm())
        warm.append(_search(home, query))
    for what, took, budget in (
        ("engine, cold: start → first request answered", starts, FIRST_ANSWER),
        ("`memtui search`, engine warm", warm, WARM),
        ("`memtui search`, engine cold", cold, COLD),
    ):
        yield at_most(what, p50(took), budget, "s", f"slowest of {len(took)}: {max(took):.2f} s")


def _start(home: Home) -> float:
    """Seconds from before the engine's process is started to the first byte of its answer."""
    with home.entered():
        began = time.perf_counter()
        path = launch.find_or_start()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(60)
            client.connect(str(path))
            client.sendall(b"GET /v1/engine HTTP/1.1\r\nHost: memtui\r\n\r\n")
            answer = client.recv(4096)
        took = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"The engine answered {answer[:80]!r}.")
    return took


def _search(home: Home, query: str) -> float:
    """Seconds of the whole command."""
    began = time.perf_counter()
    home.run("-m", "memtui", "search", query)  # fails when it finds nothing
    return time.perf_counter() - began


async def _wait_until_warm() -> None:
    async with Client() as client:
        await warm(client)
