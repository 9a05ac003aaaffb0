"""The first frame, and when one can type: against hello world, and against the same widgets.

Programs are started in turn on a pseudo-terminal and watched by a reader that only waits.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from memtui.api.agents import NewAgent
from memtui.api.client import Client
from tests.benchmarks import hello
from tests.benchmarks.bench import Bench
from tests.benchmarks.home import Home
from tests.benchmarks.report import Row, at_most, info
from tests.benchmarks.stats import p50
from tests.benchmarks.terminal import Program

SHELL = "❯"
"""In memtui's first frame, which is its shell."""
READY = "essage, or / for commands"
"""In the prompt (its first letter is under the cursor): from then on it takes keys."""
AGENT = "Firstframe"
"""Name of the agent that is opened, in the header once the engine has answered."""
HEAVY = ("fastapi", "httpx", "litellm", "numpy", "pydantic", "pymilvus", "uvicorn")

FIRST, TYPE = 1.3, 1.15
"""Budgets, as ratios."""


def measure(bench: Bench) -> Iterator[Row]:
    warm = bench.home()
    cold = bench.home()
    for home in (warm, cold):
        with home.entered():
            asyncio.run(_add_agent())
    cold.stop()
    took: dict[str, list[float]] = {}
    for number in range(bench.sizes.rounds + 1):
        for name, seconds in _round(warm, cold).items():
            if number:  # the first one compiles, and fills the page cache
                took.setdefault(name, []).append(seconds)
    middle = {name: p50(values) for name, values in took.items()}
    yield info("first frame, Textual's hello world", middle["hello"] * 1000, "ms")
    yield info("first frame, the same widgets, nothing behind", middle["panes"] * 1000, "ms")
    for engine in ("warm", "cold"):
        first, ready = middle[f"{engine} first"], middle[f"{engine} ready"]
        yield at_most(
            f"first frame, engine {engine} : hello world",
            first / middle["hello"], FIRST, "×", f"{first * 1000:.0f} ms",
        )  # fmt: skip
        yield at_most(
            f"ready to type, engine {engine} : the same widgets",
            ready / middle["panes"], TYPE, "×", f"{ready * 1000:.0f} ms",
        )  # fmt: skip
        yield info(f"agent shown, engine {engine}", middle[f"{engine} agent"] * 1000, "ms")
    yield _imports(warm, bench.folder / "modules.txt")


async def _add_agent() -> None:
    async with Client() as client:
        await client.add_agent(NewAgent(name=AGENT))


def _round(warm: Home, cold: Home) -> dict[str, float]:
    took = {}
    with Program(["-m", "tests.benchmarks.hello"], warm) as program:
        took["hello"] = program.wait_for(hello.FRAME)
    with Program(["-m", "tests.benchmarks.panes"], warm) as program:
        took["panes"] = program.wait_for(READY)
    for name, home in (("warm", warm), ("cold", cold)):
        with Program(["-m", "memtui"], home) as program:
            took[f"{name} first"] = program.wait_for(SHELL)
            took[f"{name} ready"] = program.wait_for(READY)
            took[f"{name} agent"] = program.wait_for(AGENT)
    cold.stop()
    return took


def _imports(home: Home, file: Path) -> Row:
    with Program(["-m", "tests.benchmarks.imports", str(file)], home) as program:
        program.wait_to_end()
    modules = file.read_text(encoding="utf-8").split()
    heavy = [name for name in HEAVY if name in modules]
    return Row(
        "imported before the first frame",
        f"{len(modules)} modules, {', '.join(heavy) or 'none'} of them",
        f"no {', '.join(HEAVY)}",
        not heavy,
        {"modules": len(modules), "heavy": len(heavy)},
    )
