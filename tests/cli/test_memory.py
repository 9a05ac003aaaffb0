"""`memtui block` and `memtui tools`, on the shared engine."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths
from memtui.api.agents import Block, TurnRequest
from memtui.api.blocks import BlockChange, NewBlock
from memtui.api.client import Client
from memtui.api.errors import ConflictError, MemtuiError, NotFoundError, UsageError
from memtui.api.events import MemoryEdited, PermissionAsked, PermissionSettled
from tests.cli.conftest import Memtui
from tests.fakes import Reply, ScriptedServer, call, say

pytestmark = pytest.mark.usefixtures("shared")


@pytest.fixture
def agent(memtui: Memtui) -> str:
    assert memtui("add", "agent", "--name", "Ada").status == 0
    return "Ada"


def shown(memtui: Memtui) -> dict[str, tuple[str, int]]:
    blocks = json.loads(memtui("show", "agent", "Ada", "--json").out)["blocks"]
    return {block["label"]: (block["value"], block["limit"]) for block in blocks}


def test_blocks_are_added_changed_and_restored(memtui: Memtui, agent: str, tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("Build two mills.\n")
    on = ("--agent", agent)
    assert (
        memtui("block", "add", "project", *on, "--limit", "50").out == "Added the block project.\n"
    )
    assert memtui("block", "edit", "project", *on, "--text", "Build a mill.").status == 0
    assert memtui("block", "edit", "project", *on, "-f", str(tmp_path / "plan")).status == 0
    assert memtui("block", "rename", "project", "work", *on).status == 0
    assert memtui("block", "resize", "work", "16", *on).status == 0
    assert list(shown(memtui)) == ["persona", "human", "work"]
    assert shown(memtui)["work"] == ("Build two mills.", 16)
    assert "\nwork (16 of 16 characters)\nBuild two mills.\n" in memtui("show", "agent", agent).out

    rows = json.loads(memtui("block", "versions", *on, "--block", "work", "--json").out)
    assert [(row["author"], row["before"], row["after"]) for row in rows] == [
        ("user", "Build a mill.", "Build two mills."),
        ("user", "", "Build a mill."),
    ]
    assert all(row["created_at"] for row in rows)
    assert memtui("block", "restore", str(rows[1]["id"]), *on).status == 0
    assert shown(memtui)["work"][0] == "Build a mill."
    assert len(memtui("block", "versions", *on).out.splitlines()) == 4
    assert memtui("block", "delete", "work", *on).status == 0
    assert "work" not in shown(memtui)
    assert memtui("undo", agent).status == 0
    assert shown(memtui)["work"] == ("Build a mill.", 16)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["add", "human"], 1, ["block named human"]),
        (["add", "two words"], 2, ["letters, digits"]),
        (["add", "</persona>"], 2, ["letters, digits"]),
        (["add", "x", "--limit", "0"], 2, ["limit"]),
        (["add", "x", "--limit", "3", "--text", "four"], 2, ["at most 3", "make 4"]),
        (["edit", "nosuch", "--text", "x"], 1, ["nosuch", "persona, human"]),
        (["edit", "human"], 2, ["--text"]),
        (["edit", "human", "--text", "x" * 2001], 2, ["at most 2000", "2001"]),
        (["resize", "persona", "3"], 2, ["at most 3"]),
        (["rename", "human", "persona"], 1, ["block named persona"]),
        (["rename", "nosuch", "other"], 1, ["persona, human"]),
        (["delete", "nosuch"], 1, ["persona, human"]),
        (["restore", "99999"], 1, ["no version 99999"]),
    ],
)
def test_what_cannot_be(
    memtui: Memtui, agent: str, arguments: list[str], status: int, words: list[str]
) -> None:
    before = shown(memtui)
    result = memtui("block", *arguments, "--agent", agent)
    assert result.status == status
    assert result.err.count("\n") == 1
    assert all(word in result.err for word in words), result.err
    assert shown(memtui) == before


def test_a_change_is_whole_or_not_at_all_and_everybody_hears_of_it(agent: str) -> None:
    async def work() -> list[Any]:
        async with Client() as client, Client() as other:
            (found,) = await client.agents()
            async with aclosing(other.events()) as events:
                await anext(events)
                await client.add_block(found.id, NewBlock(label="note", value="long", limit=4))
                # bigger and longer, then shorter and smaller, in one step
                change = BlockChange(label="notes", limit=8, value="longer")
                made = await client.change_block(found.id, "note", change)
                assert made == Block(label="notes", value="longer", limit=8)
                made = await client.change_block(
                    found.id, "notes", BlockChange(limit=2, value="so")
                )
                assert made == Block(label="notes", value="so", limit=2)
                with pytest.raises(ConflictError):
                    await client.change_block(
                        found.id, "notes", BlockChange(label="human", value="x")
                    )
                with pytest.raises(UsageError, match="nothing to change"):
                    await client.change_block(found.id, "notes", BlockChange())
                with pytest.raises(NotFoundError):
                    await client.add_block("nobody", NewBlock(label="x"))
                blocks = (await client.agent(found.id)).blocks
                assert blocks[-1] == made
                heard = []
                async for event in events:
                    if isinstance(event, MemoryEdited):
                        heard.append((event.label, event.before, event.after, event.author))
                    if len(heard) == 2:
                        return heard
        raise AssertionError

    assert asyncio.run(work()) == [
        ("notes", "long", "longer", "user"),
        ("notes", "longer", "so", "user"),
    ]


def test_tools_are_listed_enabled_and_disabled(memtui: Memtui, agent: str) -> None:
    folder = paths.private_dir(paths.tools_dir())
    (folder / "dice.py").write_text('''
def roll_dice(sides: int) -> int:
    """Rolls a die.

    Args:
        sides: How many sides it has.
    """

def bad(x): ...
''')
    on = ("--agent", agent)
    lines = memtui("tools", "list").out.splitlines()
    assert "roll_dice" in lines[-2]
    assert "Rolls a die." in lines[-2]
    assert "does not work" in lines[-1]
    assert "docstring" in lines[-1]
    assert memtui("tools", "enable", "roll_dice", *on).status == 0
    assert memtui("tools", "enable", "http_request", *on).status == 0
    listed = memtui("tools", "list", *on).out
    assert listed.count("on, asks") == 2
    assert listed.count("always on") == 8
    infos = json.loads(memtui("tools", "list", *on, "--json").out)
    assert [i["name"] for i in infos if i["enabled"]][-2:] == ["http_request", "roll_dice"]
    assert memtui("tools", "disable", "roll_dice", *on).status == 0
    assert memtui("tools", "list", *on).out.count("on, asks") == 1
    for name, words in (("nothing", "no tool nothing"), ("bad", "docstring")):
        result = memtui("tools", "enable", name, *on)
        assert result.status in (1, 2)
        assert words in result.err
        assert result.err.count("\n") == 1
    assert memtui("tools", "disable", "send_message", *on).status == 2
    assert memtui("tools", "enable", "http_request").status == 2
    (folder / "dice.py").unlink()


def test_a_permission_nobody_waits_for(agent: str) -> None:
    async def work() -> None:
        async with Client() as client:
            assert await client.permissions() == []
            await client.answer_permission("gone", "once")

    with pytest.raises(MemtuiError, match="Nobody waits"):
        asyncio.run(work())


def test_a_question_is_answered_over_http(memtui: Memtui, agent: str) -> None:
    """The whole way: a real engine process, its stream of events, and the answer."""

    def script(body: dict[str, Any]) -> Reply:
        if body["messages"][-1]["role"] == "tool":
            return say(json.loads(body["messages"][-1]["content"])["status"])
        return call("append_to_text_file", filename="log", content="[b]", request_heartbeat=True)

    async def answer(found: str) -> str:
        async with Client() as client, Client() as other:
            await client.reload()
            await client.enable_tool(found, "append_to_text_file")
            async with aclosing(other.events(answers=True)) as events:
                await anext(events)
                turn = asyncio.create_task(client.turn(found, TurnRequest(text="Write.")))
                async for event in events:
                    if isinstance(event, PermissionAsked):
                        (waiting,) = await client.permissions()
                        assert waiting.model_dump() == event.model_dump(exclude={"type"})
                        await client.answer_permission(event.id, "once")
                    if isinstance(event, PermissionSettled):
                        assert event.answer == "once"
                        break
                return (await turn).reply

    with ScriptedServer(script) as server:
        config.save({"llm.model": "openai/m", "llm.api_base": server.api_base, "llm.api_key": "k"})
        found = json.loads(memtui("show", "agent", agent, "--json").out)["id"]
        assert asyncio.run(answer(found)) == "OK"
        assert (config.load().tools_folder() / "log").read_text() == "[b]\n"
        refused = memtui("ask", "--agent", agent, "Write again.")
        assert refused.out == "Failed\n"
        verbose = memtui("ask", "--agent", agent, "-v", "Write again.")
        assert "nobody is there who could give it" in verbose.err
