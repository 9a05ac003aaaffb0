"""`memtui show context`."""

import json

import pytest

from tests.cli.conftest import Memtui


@pytest.mark.usefixtures("shared")
def test_the_context_window_part_by_part(memtui: Memtui) -> None:
    memtui("add", "agent", "--name", "Ada")
    memtui("ask", "--agent", "Ada", "Hello, [bold]you[/]")
    shown = memtui("show", "context", "Ada")
    assert shown.status == 0
    for text in ("core", "16,384 tokens", "Hello, [bold]you[/]", "--- tools", "<human"):
        assert text in shown.out
    view = json.loads(memtui("show", "context", "Ada", "--json").out)
    assert view["total"] == sum(part["tokens"] for part in view["parts"])
    assert view["messages"][0]["role"] == "system"
    assert memtui("show", "context", "Nobody").status == 1
