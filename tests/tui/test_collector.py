"""What lives long is not walked by Python's collector again and again."""

import gc
from collections.abc import Iterator

import pytest

from memtui.tui import collector


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.callbacks[:] = [one for one in gc.callbacks if one is not collector._after]
    gc.unfreeze()


def test_what_survives_a_collection_that_is_felt_is_not_walked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collector.spare()
    kept: list[list[int]] = [[] for _ in range(1000)]
    monkeypatch.setattr(collector, "FELT", 60)
    gc.collect()
    assert any(one is kept for one in gc.get_objects())
    monkeypatch.setattr(collector, "FELT", 0)
    gc.collect(0)
    assert any(one is kept for one in gc.get_objects())
    gc.collect()
    assert not any(one is kept for one in gc.get_objects())


def test_once_is_enough() -> None:
    collector.spare()
    collector.spare()
    assert gc.callbacks.count(collector._after) == 1


def test_it_collects_again_after_a_start_without_it() -> None:
    gc.disable()
    collector.spare()
    assert gc.isenabled()
