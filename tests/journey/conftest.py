"""Journeys: engines that are shared, since starting one takes seconds, and what they leave."""

import contextlib
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from memtui import paths
from memtui.cli.start import run
from tests.conftest import end_engine
from tests.engine import helpers


@pytest.fixture(scope="module")
def engine_home() -> Iterator[dict[str, str]]:
    """The environment in which the module's engine is found or started."""
    with tempfile.TemporaryDirectory(prefix="mt") as folder:
        # Short: the paths of sockets are limited to about 100 bytes.
        runtime = Path(folder) / "run"
        runtime.mkdir()
        environment = {
            "MEMTUI_HOME": f"{folder}/home",
            "XDG_RUNTIME_DIR": str(runtime),
            "MEMTUI_ENGINE__LINGER": "60",
        }
        yield environment
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            end_engine()


@pytest.fixture
def shared(home: Path, engine_home: dict[str, str]) -> Iterator[None]:
    """Use the module's engine instead of one for this test alone."""
    # Undone before `home` ends the engine of its own folder.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in engine_home.items():
            patch.setenv(name, value)
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
