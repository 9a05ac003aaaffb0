"""An engine that the tests of a module share: importing a real model's library takes seconds."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import end_engine


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
