"""`memtui heartbeat`: set, shown, and off again."""

from tests.engine.helpers import memtui, memtui_json


def test_heartbeat() -> None:
    memtui("add", "agent", "--name", "Tess")
    assert memtui("heartbeat", "Tess").stdout == "Tess does not wake by itself.\n"
    said = memtui("heartbeat", "Tess", "30").stdout
    assert "wakes by itself after 30 minutes of rest" in said
    set_to = memtui_json("heartbeat", "Tess")
    assert (set_to["minutes"], set_to["paused_until"]) == (30, None)
    assert memtui_json("heartbeat", "Tess", "0")["minutes"] == 0
    wrong = memtui("heartbeat", "Tess", "99999", check=False)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "not in the range" in wrong.stderr
