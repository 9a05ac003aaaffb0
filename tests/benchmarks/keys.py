"""From a key press to the frame that shows it: idle, while a reply streams, while a load runs.
And what else must not be felt: another theme, the terminal's focus, scrolling, another agent.

The app runs in a process of its own (`typing`) with the real engine, the model is another
process (`model`). With a history, all of it has been read back into the app before.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from memtui.api.client import Client
from tests.benchmarks.bench import Bench
from tests.benchmarks.home import ROOT, Home
from tests.benchmarks.loading import loading
from tests.benchmarks.report import Row, at_most, info
from tests.benchmarks.stats import p50, p99
from tests.benchmarks.warmth import warm

IDLE, BUSY = 12, 33
"""Budgets for p99 in ms; BUSY with a history, while a reply streams and a load runs."""
FELT = {
    "the terminal's focus lost and back, then a key": ("focus", 100),
    "another theme": ("theme", 100),
    "scrolling through all of it, the longest gap": ("scroll", 50),
    "the agent opened": ("open", 300),
}
"""Commands, and budgets for the slowest, in ms."""
PAGE = 100
"""Messages that the app reads at a time."""
SCENARIOS = {
    "idle": ("quiet", False),
    "a reply streams": ("stream", False),
    "a load runs": ("quiet", True),
    "a reply streams and a load runs": ("stream", True),
}


def measure(bench: Bench) -> Iterator[Row]:
    pdf = bench.pdf(bench.sizes.pages)
    with _model(bench) as address:
        home = bench.home(
            {
                "MEMTUI_LLM__MODEL": "openai/benchmark",
                "MEMTUI_LLM__API_BASE": address,
                "MEMTUI_LLM__API_KEY": "none",
                "MEMTUI_LLM__CONTEXT_WINDOW": "100000",
            }
        )
        sizes = (0, bench.sizes.messages // 10, bench.sizes.messages)
        agents = {size: home.run("-m", "tests.benchmarks.history", str(size)) for size in sizes}
        for size, agent in agents.items():
            with home.entered():
                yield from asyncio.run(_type(home, agent.strip(), size, bench.sizes.keys, pdf))


@contextmanager
def _model(bench: Bench) -> Iterator[str]:
    """The address of the talking model."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.model"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()  # closes its input


async def _type(home: Home, agent: str, size: int, keys: int, pdf: Path) -> list[Row]:
    rows = []
    pages = -(-size // PAGE)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.benchmarks.typing", agent, str(keys), str(pages)),
        cwd=ROOT,
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdout is not None
    try:
        async with Client() as client:
            await warm(client)
            await process.stdout.readuntil(b"ready\n")
            for what, (command, with_load) in SCENARIOS.items():
                async with AsyncExitStack() as stack:
                    if with_load:
                        await stack.enter_async_context(loading(client, pdf))
                    took = await _ask(process, command)
                rows.append(_row(what, size, took))
            for what, (command, limit) in FELT.items() if size else ():
                took = await _ask(process, command)
                note = f"p50 {p50(took):.0f} ms, {len(took):,} times"
                rows.append(at_most(f"{what}, {size:,} messages", max(took), limit, "ms", note))
            state = await _ask(process, "state")
            held = ", ".join(f"{count:,} {name}" for name, count in state.items())
            rows.append(Row(f"held by the app, {size:,} messages", held, values=state))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
    return rows


async def _ask(process: asyncio.subprocess.Process, command: str) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command}\n".encode())
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"The app ended during {command}.")
    return json.loads(line)


def _row(what: str, size: int, took: list[float]) -> Row:
    name = f"key → frame, {size:,} messages, {what}, p99"
    note = f"p50 {p50(took):.1f}, max {max(took):.0f} ms"
    if what == "idle":
        return at_most(name, p99(took), IDLE, "ms", note)
    if size and what == "a reply streams and a load runs":
        return at_most(name, p99(took), BUSY, "ms", note)
    return info(name, p99(took), "ms", note)
