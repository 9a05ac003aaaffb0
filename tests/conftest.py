"""Every test has a home of its own: no test sees the user's files, keys or engine."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import homes
from tests.servers.fixtures import HAS_WHEEL, lite_server, milvus, milvus_of_session

__all__ = ["lite_server", "milvus", "milvus_of_session"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What is marked `server` is never skipped where the server can run: that would hide it."""
    report = yield
    if report.skipped and HAS_WHEEL and item.get_closest_marker("server"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and there is a Milvus server for this system"
    return report


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: many tests wait for an engine or for a clock."""
    return (os.cpu_count() or 1) + 1


LONG = ("tests/proof/", "tests/journey/", "tests/tui/", "tests/engine/", "tests/cli/")
"""Those files begin first, in this order: none of them is left for the end, alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        return next((n for n, long in enumerate(LONG) if item.nodeid.startswith(long)), len(LONG))

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """$MEMTUI_HOME, empty. An engine that the test starts has linger 0, and is ended with it."""
    for name in list(os.environ):
        if name.startswith("MEMTUI_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    folder = tmp_path / "memtui"
    # Socket paths are limited to about 100 bytes, which pytest's folders exceed.
    runtime = Path(tempfile.mkdtemp(prefix="mt"))
    monkeypatch.setenv("MEMTUI_HOME", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "0")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    yield folder
    homes.end_engine()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="module")
def bare() -> Iterator[Path]:
    """A home in which nobody has been, with its engine, for all tests of the file."""
    with homes.made() as folder:
        yield folder


@pytest.fixture(scope="module")
def furnished() -> Iterator[Path]:
    """A home that `homes` furnished, with its engine running. One for each file: what tests add
    to it would be in the pictures of others.
    """
    with homes.made() as folder:
        homes.furnish(folder)
        yield folder
