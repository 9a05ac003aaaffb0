"""`memtui export` and `memtui undo`, on the shared engine."""

import asyncio
import json
from pathlib import Path

import pytest

from memtui.api.client import Client
from tests.cli.conftest import Memtui

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def agent(memtui: Memtui) -> str:
    memtui("add", "agent", "--name", "Ada")
    memtui("ask", "--agent", "Ada", "What do you know about \x1b[31mred\u202e doors?")
    return "Ada"


def test_export(memtui: Memtui, agent: str, tmp_path: Path) -> None:
    text = memtui("export", agent)
    assert text.status == 0
    assert text.out.startswith("# Ada\n")
    assert "What do you know about [31mred doors?" in text.out
    lines = memtui("export", agent, "-f", "jsonl").out
    assert lines.isprintable() or all(c == "\n" or c.isprintable() for c in lines)
    rows = [json.loads(line) for line in lines.splitlines()]
    assert rows[0]["name"] == "Ada"
    assert rows[1]["text"] == "What do you know about \x1b[31mred\u202e doors?"
    for name, begin in (("talk.md", "# Ada"), ("talk.jsonl", '{"type": "agent"')):
        file = tmp_path / name
        done = memtui("export", agent, "-o", str(file))
        assert (done.status, done.out) == (0, "")
        assert str(file) in done.err
        assert file.read_text().startswith(begin)
        assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("mine")
    refused = memtui("export", agent, "-o", str(file))
    assert (refused.status, file.read_text()) == (2, "mine")
    assert "-y" in refused.err
    assert memtui("export", agent, "-o", str(file), "-f", "markdown", "-y").status == 0
    assert file.read_text().startswith("# Ada")
    for wrong in (tmp_path, tmp_path / "no" / "file.md"):
        failed = memtui("export", agent, "-o", str(wrong))
        assert failed.status in (1, 2)
        assert failed.err.count("\n") == 1
    assert memtui("export", "nobody").status == 1


def test_undo(memtui: Memtui, agent: str) -> None:
    nothing = memtui("undo", agent)
    assert (nothing.status, nothing.err) == (1, "There is nothing to undo.\n")
    assert memtui("undo", agent, "--list").out == ""
    assert json.loads(memtui("undo", agent, "--list", "--json").out) == []
    assert memtui("undo", agent, "--change", "x").status == 2
    assert memtui("undo", "nobody").status == 1


def test_undone(memtui: Memtui, agent: str) -> None:
    async def pop() -> None:
        async with Client() as client:
            (found,) = await client.agents()
            await client.pop(found.id)

    asyncio.run(pop())
    listed = memtui("undo", agent, "--list").out
    assert "messages were taken out." in listed
    assert memtui("undo", agent).out.startswith("Undone: ")
    assert "undone" in memtui("undo", agent, "--list").out
    again = memtui("undo", agent, "--change", listed.splitlines()[1].split()[0])
    assert again.status == 2
    assert "undone already" in again.err
