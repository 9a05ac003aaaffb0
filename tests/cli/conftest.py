"""Running `memtui …`: in this process, which is quick, and as a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fpdf import FPDF

from memtui import paths
from memtui.api import launch
from memtui.api.client import Client
from memtui.cli.start import run
from tests.homes import inside, made


class Result(NamedTuple):
    status: int
    out: str
    err: str


Memtui = Callable[..., Result]


@pytest.fixture
def memtui(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Memtui]:
    """`memtui("list", "sources")` in this process. Its engine stays until the test ends."""
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")  # as the shared one has

    def call(*arguments: str) -> Result:
        capsys.readouterr()
        status = run(list(arguments))
        return Result(status, *capsys.readouterr())

    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield call


@pytest.fixture
def shell() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """`shell("version")` as a process of its own, with pipes for a terminal."""

    def call(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
        given = {"stdin": subprocess.DEVNULL, "env": dict(os.environ), **options}
        if "input" in given:
            del given["stdin"]
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "memtui", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **given,
        )

    return call


@pytest.fixture(scope="package")
def engine_home() -> Iterator[Path]:
    """A home whose engine the package's tests share."""
    with made() as folder:
        yield folder


@pytest.fixture
def shared(home: Path, engine_home: Path) -> Iterator[None]:
    """Use the shared engine, emptied: no sources, no agents, no templates, no configuration."""
    with inside(engine_home):
        paths.config_file().unlink(missing_ok=True)
        if launch.running_socket() is not None:
            asyncio.run(_empty())
        yield


async def _empty() -> None:
    async with Client() as client:
        await client.reload()
        for agent in await client.agents():
            await client.delete_agent(agent.id)
        for source in await client.sources():
            await client.delete_source(source.id)
        for kind in ("personas", "humans"):
            for template in await client.templates(kind):
                if not template.builtin:
                    await client.delete_template(kind, template.name)


PAGES = (
    "The lighthouse of Borkum was built in 1879. It stands sixty metres tall. Its walls are of red "
    "brick from the mainland, carried over the flats by oxcart at low water. Three hundred and "
    "eight steps lead up to the gallery, from which seven islands can be counted on a clear day.",
    "Its lamp was lit with petroleum until electricity came to the island. Four men kept the flame "
    "through the night, two and two, and wrote the weather into a ledger every hour. When the fog "
    "came in they rang a bell by hand, and the fishermen knew each of them by his rhythm.",
    "Today the keeper's house is a museum of ropes and signal flags. It opens at ten and closes "
    "with the last ferry. The ledgers lie in a glass case beside the old bell, and children may "
    "tie a bowline under the eyes of a retired pilot who has been doing so for forty years.",
)


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A PDF of three pages with a text layer."""
    document = FPDF()
    document.set_font("Helvetica", size=12)
    for page in PAGES:
        document.add_page()
        document.multi_cell(0, 8, page)
    path = tmp_path / "lighthouse.pdf"
    document.output(str(path))
    return path
