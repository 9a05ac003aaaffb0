"""An engine that several tests use, one after the other: starting one takes seconds."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import end_engine


@contextlib.contextmanager
def lasting_home() -> Iterator[dict[str, str]]:
    """The environment in which that engine is found or started; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="mt") as folder:
        # Short: the paths of sockets are limited to about 100 bytes.
        runtime = Path(folder) / "run"
        runtime.mkdir()
        environment = {
            "MEMTUI_HOME": f"{folder}/home",
            "XDG_RUNTIME_DIR": str(runtime),
            "MEMTUI_ENGINE__LINGER": "60",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        yield environment
        with inside(environment):
            end_engine()


@contextlib.contextmanager
def inside(environment: Mapping[str, str]) -> Iterator[None]:
    """Use the engine of `environment` instead of one for this test alone.

    A fixture that does so takes `home` before: it is undone before `home` ends its own engine.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield
