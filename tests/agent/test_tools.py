import json
from datetime import timedelta
from typing import Any

import pytest

from memtui.agent.ports import NewMessage
from memtui.agent.tools import BASE_TOOLS
from memtui.agent.tools.base import RETURN_LIMIT, Result, Tool, ToolContext
from memtui.agent.tools.run import Outcome, execute, read_call
from memtui.api.events import Event, MemoryEdited

from .fakes import START, FixedClock, Store

TOOLS = {tool.name: tool for tool in BASE_TOOLS}


class Bench:
    """Runs tools against a store, as the loop does."""

    def __init__(self) -> None:
        self.store = Store(persona="I am Tess.", human="First name: Chad")
        self.events: list[Event] = []
        self.context = ToolContext(self.store, FixedClock(), self.events.append, "t1")

    async def run(self, name: str, arguments: dict[str, Any] | str, **more: Tool) -> Outcome:
        raw = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call, unreadable = read_call("c1", name, raw, cut_off=False)
        return await execute({**TOOLS, **more}, call, unreadable, self.context)

    async def ok(self, name: str, /, **arguments: Any) -> Any:
        outcome = await self.run(name, arguments)
        result = json.loads(outcome.text)
        assert outcome.ok, result
        assert result["status"] == "OK"
        return result["message"]

    async def fails(self, name: str, /, **arguments: Any) -> str:
        outcome = await self.run(name, arguments)
        result = json.loads(outcome.text)
        assert not outcome.ok, result
        assert result["status"] == "Failed"
        return str(result["message"])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_schemas_are_the_originals() -> None:
    required = {
        "send_message": ["message"],
        "pause_heartbeats": ["minutes"],
        "core_memory_append": ["name", "content", "request_heartbeat"],
        "core_memory_replace": ["name", "old_content", "new_content", "request_heartbeat"],
        "conversation_search": ["query", "request_heartbeat"],
        "conversation_search_date": ["start_date", "end_date", "request_heartbeat"],
        "archival_memory_insert": ["content", "request_heartbeat"],
        "archival_memory_search": ["query", "request_heartbeat"],
    }
    assert {
        name: tool.schema["function"]["parameters"]["required"] for name, tool in TOOLS.items()
    } == required
    search = TOOLS["archival_memory_search"].schema["function"]
    assert list(search["parameters"]["properties"]) == [
        "query",
        "page",
        "source",
        "document_page",
        "request_heartbeat",
    ]
    assert search["parameters"]["properties"]["page"]["type"] == "integer"
    assert search["parameters"]["properties"]["request_heartbeat"]["type"] == "boolean"
    assert "Args" not in search["description"]
    for tool in BASE_TOOLS:
        for parameter in tool.schema["function"]["parameters"]["properties"].values():
            assert parameter["description"]


def test_a_tool_must_describe_its_parameters() -> None:
    async def silent(context: ToolContext, query: str) -> Result:
        """Does something."""
        return Result("")

    async def odd(context: ToolContext, query: list[str]) -> Result:
        """Does something.

        Args:
            query: What.
        """
        return Result("")

    with pytest.raises(ValueError, match="does not describe query"):
        Tool.of(silent)
    with pytest.raises(TypeError):
        Tool.of(odd)


async def test_core_memory_append_and_replace(bench: Bench) -> None:
    await bench.ok("core_memory_append", name="human", content="Likes tea")
    assert bench.store.core[1].value == "First name: Chad\nLikes tea"
    await bench.ok("core_memory_replace", name="human", old_content="tea", new_content="")
    assert bench.store.core[1].value == "First name: Chad\nLikes "
    edits = [event for event in bench.events if isinstance(event, MemoryEdited)]
    assert [(e.label, e.author, e.turn_id, e.version) for e in edits] == [
        ("human", "agent", "t1", 1),
        ("human", "agent", "t1", 2),
    ]
    assert edits[1].before.endswith("tea")


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("append", {"name": "human", "content": "x" * 1990}, ["2,007", "2,000", "16 now"]),
        ("append", {"name": "nosuch", "content": "x"}, ["nosuch", "persona, human"]),
        ("append", {"name": "human", "content": " "}, ["empty"]),
        ("replace", {"name": "human", "old_content": "Bob", "new_content": "x"}, ["not contain"]),
        ("replace", {"name": "human", "old_content": "", "new_content": "x"}, ["empty"]),
        ("replace", {"name": "human", "old_content": "Chad", "new_content": "x" * 3000}, ["3,012"]),
    ],
)
async def test_core_memory_refuses(
    bench: Bench, tool: str, arguments: dict[str, Any], told: list[str]
) -> None:
    why = await bench.fails(f"core_memory_{tool}", **arguments)
    assert all(words in why for words in told), why
    assert bench.store.core[1].value == "First name: Chad"
    assert not bench.store.versions
    assert not bench.events


async def test_archival_pages_have_true_totals(bench: Bench) -> None:
    bench.store.load("paper", [f"memory number {n}" for n in range(37)])
    message = await bench.ok("archival_memory_search", query="memory", page=1)
    assert message["showing"] == "hits 6–10 of 37, page 2 of 8"
    first = message["hits"][0]
    assert first["cite"] == "[paper p. 6]"
    assert (first["source"], first["document"], first["page"]) == ("paper", "paper.pdf", 6)
    assert first["time"] == "2026-11-22 04:35:06 PM UTC+0000"
    last = await bench.ok("archival_memory_search", query="memory", page="7")
    assert last["showing"] == "hits 36–37 of 37, page 8 of 8"
    beyond = await bench.ok("archival_memory_search", query="memory", page=8)
    assert beyond == {"showing": "no hits on page 9: there are 37 on 8 pages", "hits": []}
    nothing = await bench.ok("archival_memory_search", query="zebra")
    assert nothing == {"showing": "No results found.", "hits": []}


async def test_archival_search_in_one_source(bench: Bench) -> None:
    bench.store.load("paper", ["tea", "tea"])
    bench.store.load('my "doc" [2]', ["tea"])
    found = await bench.ok("archival_memory_search", query="tea", source='MY "doc" [2]')
    assert found["showing"] == "hits 1–1 of 1, page 1 of 1"
    why = await bench.fails("archival_memory_search", query="tea", source="thesis")
    assert '"paper"' in why
    assert "thesis" in why


async def test_a_page_of_the_documents_can_be_read(bench: Bench) -> None:
    bench.store.load("paper", ["tea", "coffee", "water"])
    read = await bench.ok("archival_memory_search", query="tea", document_page=2)
    assert [hit["text"] for hit in read["hits"]] == ["coffee"]
    assert "from 1" in await bench.fails("archival_memory_search", query="tea", document_page=0)


async def test_an_insert_is_found_by_the_next_search(bench: Bench) -> None:
    assert (await bench.ok("archival_memory_search", query="the cat's name"))["hits"] == []
    await bench.ok("archival_memory_insert", content="The cat is called Moxie.")
    found = await bench.ok("archival_memory_search", query="cat")
    assert found["hits"][0]["text"] == "The cat is called Moxie."
    await bench.fails("archival_memory_insert", content="\n")


@pytest.mark.parametrize("page", [-1, 10**30, "one", 1.5, True, [0]])
async def test_impossible_pages(bench: Bench, page: Any) -> None:
    assert "page" in await bench.fails("archival_memory_search", query="x", page=page)


async def test_conversation_search_says_who_and_when(bench: Bench) -> None:
    await bench.store.append("t0", [NewMessage(kind="user", text="q", recall="I like plums")])
    await bench.store.append("t0", [NewMessage(kind="assistant", text="a", recall="Plums, noted")])
    hits = (await bench.ok("conversation_search", query="plums"))["hits"]
    assert [(h["from"], h["text"]) for h in hits] == [
        ("user", "I like plums"),
        ("you", "Plums, noted"),
    ]
    assert hits[0]["time"].startswith("2026-11-22 04:35:07 PM")
    await bench.fails("conversation_search", query=" ")


async def test_dates_include_the_end_day(bench: Bench) -> None:
    bench.store.clock.moment = START - timedelta(days=1)
    await bench.store.append("t0", [NewMessage(kind="user", text="q", recall="yesterday")])
    bench.store.clock.moment = START
    await bench.store.append("t0", [NewMessage(kind="user", text="q", recall="today")])

    async def texts(start: str, end: str) -> list[str]:
        found = await bench.ok("conversation_search_date", start_date=start, end_date=end)
        return [hit["text"] for hit in found["hits"]]

    assert await texts("2026-11-22", "2026-11-22") == ["today"]
    assert await texts("2026-11-21", " 2026-11-22 ") == ["yesterday", "today"]
    assert await texts("0001-01-01", "9999-12-31") == ["yesterday", "today"]
    for start, end in (("yesterday", "2026-11-22"), ("2026-02-30", "2026-11-22"), ("", "")):
        why = await bench.fails("conversation_search_date", start_date=start, end_date=end)
        assert "2026-11-22" in why
    why = await bench.fails(
        "conversation_search_date", start_date="2026-11-22", end_date="2026-11-21"
    )
    assert "before" in why


async def test_messaging(bench: Bench) -> None:
    outcome = await bench.run("send_message", {"message": "Hello", "request_heartbeat": "true"})
    assert (outcome.said, outcome.heartbeat) == ("Hello", None)
    await bench.fails("send_message", message="  ")
    assert (
        await bench.ok("pause_heartbeats", minutes=9000) == "Pausing timed heartbeats for 360 min"
    )
    await bench.fails("pause_heartbeats", minutes=-1)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("nosuch", {}, "There is no function 'nosuch'. There are: send_message"),
        ("send_message", {}, "needs the argument 'message'"),
        ("send_message", {"message": None}, "must be text"),
        ("send_message", {"message": {"a": 1}}, "must be text"),
        ("send_message", {"message": "x", "to": "y"}, "no argument 'to'. It takes: message."),
        ("send_message", "the message is hello", "not valid JSON"),
        ("pause_heartbeats", {"minutes": "soon"}, "must be a whole number"),
    ],
)
async def test_wrong_calls(
    bench: Bench, name: str, arguments: dict[str, Any] | str, told: str
) -> None:
    outcome = await bench.run(name, arguments)
    assert not outcome.ok
    assert told in json.loads(outcome.text)["message"]


async def test_exceptions_and_long_results(bench: Bench) -> None:
    async def breaks(context: ToolContext) -> Result:
        """Breaks."""
        raise RuntimeError("secret detail")

    async def talks(context: ToolContext) -> Result:
        """Talks."""
        return Result("long " * 5000)

    more = {"breaks": Tool.of(breaks), "talks": Tool.of(talks)}
    outcome = await bench.run("breaks", {}, **more)
    assert not outcome.ok
    assert "RuntimeError" in outcome.text
    assert "secret" not in outcome.text
    outcome = await bench.run("talks", {}, **more)
    message = json.loads(outcome.text)["message"]
    assert len(message) < RETURN_LIMIT + 200
    assert "20,000 of 25,000 characters shown" in message


@pytest.mark.parametrize(
    ("value", "wanted"), [(True, True), (False, False), ("true", None), (1, None), (None, None)]
)
async def test_heartbeat_must_be_a_boolean(bench: Bench, value: Any, wanted: bool | None) -> None:
    arguments = {"content": "x", "request_heartbeat": value}
    outcome = await bench.run("archival_memory_insert", arguments)
    assert (outcome.ok, outcome.heartbeat) == (True, wanted)


def test_what_the_length_limit_cut_off_is_not_repaired() -> None:
    call, why = read_call("c1", "send_message", '{"message": "Half a', cut_off=True)
    assert (call.arguments, call.raw) == ({}, '{"message": "Half a')
    assert "cut off" in why
