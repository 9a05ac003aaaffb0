"""A $MEMTUI_HOME of its own, and the engine in it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from memtui.api import launch
from memtui.api.client import Client

ROOT = Path(__file__).parents[2]


class Home:
    """Below `folder`, whose path must be short: sockets' paths are limited to about 100 bytes.

    `settings` are further variables of the environment, such as MEMTUI_LLM__MODEL.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        runtime = folder / "run"
        runtime.mkdir(parents=True)
        self.folder = folder
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("MEMTUI_")
            and not name.endswith("_API_KEY")
            # Without byte code every process would compile memtui again, which users' do not.
            and name != "PYTHONDONTWRITEBYTECODE"
        }
        self.environment = {
            **kept,
            "HOME": str(folder),
            "MEMTUI_HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(runtime),
            "MEMTUI_ENGINE__LINGER": "600",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            **(settings or {}),
        }

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, this process sees this home, as its children do."""
        before = dict(os.environ)
        _set(self.environment)
        try:
            yield
        finally:
            _set(before)

    def run(self, *arguments: str) -> str:
        """What `python ARGUMENTS…` prints, in this home and the project's folder.

        Raises RuntimeError when it fails.
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def stop(self) -> None:
        """End the engine, when there is one, and wait until it has gone."""
        with self.entered():
            if launch.running_socket() is None:
                return
            asyncio.run(_stop())


def _set(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


async def _stop() -> None:
    client = Client()
    try:
        await client.stop_engine(60)
    finally:
        await client.close()
