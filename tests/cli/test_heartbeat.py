"""`memtui heartbeat`: set, shown, and off again."""

import json

import pytest

from tests.cli.conftest import Memtui


@pytest.mark.usefixtures("shared")
def test_heartbeat(memtui: Memtui) -> None:
    memtui("add", "agent", "--name", "Tess")
    assert memtui("heartbeat", "Tess").out == "Tess does not wake by itself.\n"
    said = memtui("heartbeat", "Tess", "30").out
    assert "wakes by itself after 30 minutes of rest" in said
    set_to = json.loads(memtui("heartbeat", "Tess", "--json").out)
    assert (set_to["minutes"], set_to["paused_until"]) == (30, None)
    assert json.loads(memtui("heartbeat", "Tess", "0", "--json").out)["minutes"] == 0
    wrong = memtui("heartbeat", "Tess", "99999")
    assert (wrong.status, wrong.out) == (2, "")
    assert "not in the range" in wrong.err
