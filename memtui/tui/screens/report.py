"""Debug information: what a person puts into a report, and what a helper asks for. No keys."""

import asyncio
import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.widgets import Static

from memtui import __version__, config, paths
from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.reading import Reading, table

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp

Facts = list[tuple[str, str]]

_PARTS = ("textual", "rich", "pymilvus", "milvus-lite", "litellm", "onnxruntime", "fastapi")


class Report(Reading):
    """Read as soon as it is open; `c` copies it."""

    BINDINGS = bindings("report")

    def __init__(self, app: "MemtuiApp") -> None:
        super().__init__("debug information", self._text)
        self._of = app
        self.facts: Facts = here(app)
        self.complete = False

    def on_mount(self) -> None:
        self.query_one(".box").border_subtitle = Content("c copy · ↑ ↓ scroll · esc close")
        self._read()

    @work(exit_on_error=False)
    async def _read(self) -> None:
        self.facts += await asyncio.to_thread(_installed) + await asyncio.to_thread(_files)
        self._fill()
        try:
            status = await (await self._of.session.client()).status()
        except MemtuiError as error:
            self.facts.append(("engine", str(error)))
        else:
            self.facts += [
                ("engine", f"memtui {status.version}, process {status.pid}, {status.model}"),
                ("engine's clients", f"{status.clients}, and {fmt.count(status.jobs, 'job')}"),
                ("engine's problem", status.problem or "none"),
            ]
        self.complete = True
        self._fill()

    def _text(self, width: int) -> Content:
        lines: list[Content] = []
        for name, value in self.facts:
            lines += table(name, safe.line(value, limit=300).plain, width)
        return Content("\n").join(lines)

    def _fill(self) -> None:
        if self.is_attached and self.query(".text"):
            text = self.query_one(".text", Static)
            text.update(self._text(max(20, text.size.width)))

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(f"{name}: {value}" for name, value in self.facts))
        self._of.tell(fmt.copied("all of it"))


def here(app: "MemtuiApp") -> Facts:
    """What the app knows itself."""
    store = app.store
    agent = store.agent
    size = f"{app.size.width}×{app.size.height}"
    colours = "none (NO_COLOR)" if app.no_color else str(app.console.color_system)
    return [
        ("memtui", __version__),
        ("Python", f"{platform.python_version()}, {sys.executable}"),
        ("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("terminal", f"{size}, TERM={os.environ.get('TERM', '')}, {colours}, {app.theme}"),
        ("locale", os.environ.get("LC_ALL") or os.environ.get("LANG", "")),
        ("connected", "yes" if store.connected else f"no: {store.trouble or 'not yet'}"),
        ("agent", f"{agent.name}, {store.model or 'no model'}" if agent else "none"),
        ("conversation", f"{fmt.count(len(store.items), 'line')}, "
                         f"{fmt.count(len(store.blocks), 'block')} read"),
        ("sources", f"{fmt.count(len(store.sources))}, "
                    f"{fmt.count(sum(s.passages for s in store.sources), 'passage')}"),
        ("widgets", fmt.count(sum(1 for _ in app.main.walk_children()))),
    ]  # fmt: skip


def _installed() -> Facts:
    from importlib import metadata

    found = [("SQLite", sqlite3.sqlite_version)]
    for name in _PARTS:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return found


def _files() -> Facts:
    try:
        archive = config.load().archive_uri()
    except config.ConfigError as error:
        archive = str(error)
    return [
        ("configuration", fmt.path(str(paths.config_file()))),
        ("record", _sized(paths.record_file())),
        # An address may hold a name and a password.
        ("Milvus", archive.rpartition("@")[2] if "://" in archive else _sized(Path(archive))),
        ("engine's log", _sized(paths.log_file())),
        ("app's log", _sized(paths.state_dir() / "app.log")),
    ]


def _sized(path: Path) -> str:
    try:
        total = sum(_sizes(path))
    except OSError:
        return f"{fmt.path(str(path))} (not there)"
    return f"{fmt.path(str(path))} ({total / 1e6:,.1f} MB)"


def _sizes(path: Path) -> Iterator[int]:
    if not path.is_dir():
        yield path.stat().st_size
        return
    for folder, _, files in os.walk(path):
        for name in files:
            yield (Path(folder) / name).lstat().st_size
