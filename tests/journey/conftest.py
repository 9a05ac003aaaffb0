"""Journeys: engines that are shared, since starting one takes seconds, and what they leave."""

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memtui import paths
from memtui.cli.start import run
from tests.engine import helpers
from tests.homes import inside, made


@pytest.fixture(scope="module")
def engine_home() -> Iterator[Path]:
    """A home whose engine the module's tests share."""
    with made() as folder:
        yield folder


@pytest.fixture
def shared(home: Path, engine_home: Path) -> Iterator[None]:
    """Use the module's engine instead of one for this test alone."""
    with inside(engine_home):
        yield


@pytest.fixture
def no_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One engine a test; whatever happened, no log of it contains a traceback."""
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    yield
    for log in paths.state_dir().glob("*") if paths.state_dir().exists() else ():
        assert "Traceback" not in log.read_text(errors="replace"), log


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in this process, which is quick; their engine is a real one as ever."""

    def execute(*arguments: str, input: str = "") -> "subprocess.CompletedProcess[str]":
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode())))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(list(arguments))
        return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())

    monkeypatch.setattr(helpers, "execute", execute)
