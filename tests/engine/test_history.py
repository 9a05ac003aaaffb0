"""An agent's history as the user changes it: over HTTP, through the client, on a real engine."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths
from memtui.api.agents import AgentDetail, Message, NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import ConflictError, MemtuiError, ModelError, NotFoundError, UsageError
from memtui.api.events import Event
from memtui.api.library import LoadRequest
from memtui.api.search import SearchRequest
from tests import homes
from tests.engine.helpers import make_pdf
from tests.fakes import Reply, ScriptedServer, call, fail, memgpt, say

BIRDS = ["The osprey lives near lakes. The osprey eats fish, which it catches with its feet."]


def model(body: dict[str, Any]) -> Reply:
    """The small MemGPT, some of whose answers depend on what was asked."""
    text = str(body["messages"][-1]["content"])
    if body["model"] == "broken":
        return fail(401, "no")
    if "word: yes" in text:
        return Reply(content="yes")
    if "fail now" in text:
        return fail(400, "I will not.")
    if "count" in text and body["messages"][-1]["role"] == "user":
        return say(f"I see {len(body['messages'])} messages.", "I count.")
    if "remember my name" in text:
        return call("core_memory_append", "A name.", name="human", content="Name: Ada",
                    request_heartbeat=True)  # fmt: skip
    if "wait" in text:
        return Reply(content="never", stall_after=1)
    return memgpt(body)


@pytest.fixture(scope="module")
def server() -> Any:
    with ScriptedServer(model, models=["my-model", "other-model"]) as running:
        yield running


@pytest.fixture(scope="module")
def furnished(server: ScriptedServer) -> Any:
    with homes.made() as home:
        config.save({"llm.model": "my-model", "llm.api_base": server.api_base,
                     "llm.api_key": "none", "models.bad.model": "broken",
                     "models.bad.api_base": server.api_base})  # fmt: skip
        pdf = make_pdf(home / "birds.pdf", BIRDS)
        asyncio.run(_load(pdf))
        yield home


async def _load(pdf: Path) -> None:
    async with Client() as client:
        job = await client.load(LoadRequest(name="birds", paths=[str(pdf)]))
        while job.state in ("waiting", "running"):
            await asyncio.sleep(0.05)
            job = await client.job(job.id)


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client() as made:
        yield made


@pytest.fixture
async def agent(client: Client) -> AgentDetail:
    """It has answered one question from the document."""
    (source,) = await client.sources()
    made = await client.add_agent(NewAgent(persona="memgpt_doc", source_ids=[source.id]))
    await client.turn(made.id, TurnRequest(text="What does the osprey eat?"))
    return made


async def said(client: Client, agent: AgentDetail) -> list[str]:
    """Who said what, as the app would show it."""
    return [
        f"{message.kind}: {message.text}"
        for message in await client.messages(agent.id)
        if message.kind in ("user", "assistant") and message.text
    ]


async def found(client: Client, agent: AgentDetail, query: str) -> list[str]:
    """What conversation search finds by the words."""
    reply = await client.search(
        SearchRequest(query=query, mode="text", agent_id=agent.id, conversation=True)
    )
    return [hit.text for hit in reply.hits]


def rows() -> int:
    """Messages on the disk, of everybody, removed ones among them."""
    with sqlite3.connect(f"file:{paths.record_file()}?mode=ro", uri=True) as connection:
        return int(connection.execute("SELECT count(*) FROM messages").fetchone()[0])


async def test_history_is_only_marked(client: Client, agent: AgentDetail) -> None:
    """Every way of changing it and undoing that again leaves at least the rows there were."""
    before, count = await client.messages(agent.id), rows()
    steps = [
        lambda: client.pop(agent.id),
        lambda: client.rethink(agent.id, "Other thoughts."),
        lambda: client.rewrite(agent.id, "Other words."),
        lambda: client.pop(agent.id, 100),
    ]
    for step in steps:
        change = await step()
        assert change.kind == "history"
        assert await client.messages(agent.id) != before
        assert rows() >= count
        count = rows()
        (undone,) = await client.undo(agent.id)
        assert undone.id == change.id
        assert await client.messages(agent.id) == before
        assert rows() == count
    with pytest.raises(UsageError, match="no messages"):
        await client.pop(agent.id, 100) and await client.pop(agent.id)
    await client.undo(agent.id)
    with pytest.raises(NotFoundError, match="nothing to undo"):
        await client.undo(agent.id)
    assert await client.messages(agent.id) == before
    assert len(await client.changes(agent.id)) == 5
    for wrong in (0, -1):
        with pytest.raises(UsageError, match="count"):
            await client._send("POST", f"/v1/agents/{agent.id}/history/pop", json={"count": wrong})


async def test_a_rewritten_reply_is_what_was_said(
    client: Client, agent: AgentDetail, server: ScriptedServer
) -> None:
    change = await client.rewrite(agent.id, "It eats herring [birds p. 1], not [birds p. 9].")
    assert change.text == "The last reply was rewritten."
    last = [m for m in await client.messages(agent.id) if m.kind == "assistant"][-1]
    assert last.text.startswith("It eats herring")
    assert last.tool is not None
    assert last.tool.arguments["message"] == last.text
    assert [(cited.page, cited.verified) for cited in last.citations] == [(1, True), (9, False)]
    assert await found(client, agent, "herring") == [last.text]
    assert await found(client, agent, "catches") == []
    await client.rethink(agent.id, "I made that up.")
    await client.turn(agent.id, TurnRequest(text="Thanks."))
    sent = json.dumps(server.requests[-1].body)
    assert "herring" in sent
    assert "I made that up." in sent
    for text in ("", "  \n"):
        with pytest.raises(UsageError, match="empty"):
            await client.rewrite(agent.id, text)


async def test_sent_again_in_place_of_what_came_of_it(client: Client, agent: AgentDetail) -> None:
    reply = await client.turn(agent.id, TurnRequest(text="Please count."))
    before = await said(client, agent)
    again = await client.retry(agent.id)
    assert (again.reply, again.status) == (reply.reply, "done")  # nothing of the first is in view
    assert await said(client, agent) == before
    assert again.turn_id != reply.turn_id
    (undone,) = await client.undo(agent.id)
    assert undone.text == "The last message was sent again."
    assert await said(client, agent) == before
    turns = {message.turn_id for message in await client.messages(agent.id)}
    assert reply.turn_id in turns
    assert again.turn_id not in turns


async def test_a_message_without_an_answer_is_sent_again(
    client: Client, agent: AgentDetail
) -> None:
    failed = await client.turn(agent.id, TurnRequest(text="fail now, please"))
    assert failed.status == "failed"
    assert (await client.retry(agent.id)).status == "failed"
    assert [text for text in await said(client, agent) if "fail" in text] == [
        "user: fail now, please"
    ]
    new = await client.add_agent(NewAgent())
    with pytest.raises(UsageError, match="nothing was said"):
        await client.retry(new.id)
    with pytest.raises(UsageError, match="not said anything"):
        await client.rewrite(new.id, "x")
    with pytest.raises(UsageError, match="not thought"):
        await client.rethink(new.id, "x")


async def test_edited_and_sent_in_place_of_what_followed(
    client: Client, agent: AgentDetail, server: ScriptedServer
) -> None:
    first = await client.turn(agent.id, TurnRequest(text="Please count."))
    await client.turn(agent.id, TurnRequest(text="Now remember my name."))
    before = await said(client, agent)
    edited = await client.edit(agent.id, first.turn_id, "  Please count again. ")
    assert edited.status == "done"
    assert edited.reply == first.reply  # nothing of what followed is in view
    assert "remember my name" not in json.dumps(server.requests[-1].body)
    now = await said(client, agent)
    assert [line for line in now if line.startswith("user")][-1] == "user: Please count again."
    assert now[:-2] == before[: len(now) - 2]
    assert await found(client, agent, "remember") == []
    await client.edit(agent.id, edited.turn_id, "Please count once more.")
    again = await said(client, agent)
    assert [text for text in again if "count" in text] == ["user: Please count once more."]
    await client.turn(agent.id, TurnRequest(text="Thanks."))
    thanked = (await said(client, agent))[len(again) :]
    now, before = [*now, *thanked], [*before, *thanked]  # what was said since stays
    for left in (now, before):  # each undo takes one edit back, with the turn that came of it
        (undone,) = await client.undo(agent.id)
        assert undone.text == "A message was edited and sent again."
        assert await said(client, agent) == left
    assert "Name: Ada" in (await client.agent(agent.id)).blocks[1].value
    with pytest.raises(NotFoundError, match="as a new message"):
        await client.edit(agent.id, edited.turn_id, "x")  # it was undone
    with pytest.raises(NotFoundError):
        await client.edit(agent.id, "../..", "x")
    with pytest.raises(UsageError, match="empty"):
        await client.edit(agent.id, first.turn_id, " \n")
    assert await said(client, agent) == before


async def test_what_went_into_a_summary_is_not_edited(client: Client, agent: AgentDetail) -> None:
    first = await client.turn(agent.id, TurnRequest(text="Please count."))
    for _ in range(12):
        await client.turn(agent.id, TurnRequest(text=f"More. {'word ' * 40}"))
    await client.summarize(agent.id)
    before = await said(client, agent)
    with pytest.raises(ConflictError, match="folded into a summary"):
        await client.edit(agent.id, first.turn_id, "Something else.")
    assert await said(client, agent) == before


async def test_not_while_a_turn_runs(client: Client, agent: AgentDetail) -> None:
    turn = asyncio.create_task(client.turn(agent.id, TurnRequest(text="please wait")))
    while not (await client.agent(agent.id)).busy:
        await asyncio.sleep(0.01)
    for change in (
        client.pop(agent.id), client.retry(agent.id), client.edit(agent.id, "t", "x"),
        client.rethink(agent.id, "x"),
        client.rewrite(agent.id, "x"), client.undo(agent.id), client.fork(agent.id),
        client.set_system(agent.id, "x"), client.set_model(agent.id, "offline"),
    ):  # fmt: skip
        with pytest.raises(ConflictError, match=r"busy with a turn.*Wait"):
            await change
    await client.cancel_turn(agent.id)
    assert (await turn).status == "cancelled"
    again = asyncio.create_task(client.retry(agent.id))
    while not (await client.agent(agent.id)).busy:
        await asyncio.sleep(0.01)
    await client.cancel_turn(agent.id)
    assert (await again).status == "cancelled"
    assert (await client.pop(agent.id)).kind == "history"


async def test_every_app_is_told(client: Client, agent: AgentDetail) -> None:
    heard: list[Event] = []

    async def listen() -> None:
        async for event in client.events():
            heard.append(event)

    listening = asyncio.create_task(listen())
    while not heard:
        await asyncio.sleep(0.01)
    again = await client.retry(agent.id)
    await client.undo(agent.id)
    await client.set_system(agent.id, "Be brief.")
    while sum(event.type == "agent.changed" for event in heard) < 3:
        await asyncio.sleep(0.01)
    listening.cancel()
    mine = [event for event in heard if getattr(event, "agent_id", "") == agent.id]
    assert [(event.type, event.turn_id) for event in mine if event.type == "history.changed"] == [
        ("history.changed", again.turn_id), ("history.changed", ""),
    ]  # fmt: skip
    types = [event.type for event in mine]
    assert types.index("history.changed") < types.index("turn.started")


async def test_what_the_agent_remembered_is_undone(client: Client, agent: AgentDetail) -> None:
    await client.turn(agent.id, TurnRequest(text="remember my name"))
    assert (await client.agent(agent.id)).blocks[1].value.endswith("Name: Ada")
    (undone,) = await client.undo(agent.id)
    assert undone.text == "The memory block human was edited."
    assert not (await client.agent(agent.id)).blocks[1].value.endswith("Name: Ada")
    with pytest.raises(NotFoundError, match="no change 4711"):
        await client.undo(agent.id, 4711)


async def test_found_in_what_was_said(client: Client, agent: AgentDetail) -> None:
    for text in ("A **Heron** flew, a\nheron stood.", "heron_x 100% [a-z]", "Nothing."):
        await client.turn(agent.id, TurnRequest(text=text))
    said = [m for m in await client.messages(agent.id) if m.kind == "user"][-3:]
    reply = await client.find(agent.id, "heron")
    assert dict(zip(reply.messages, reply.counts, strict=True))[said[0].id] == 2
    assert reply.messages == sorted(reply.messages)
    for text, counts in (
        ("Heron flew", {said[0].id: 1}), ("A heron stood", {}), ("a heron  stood", {said[0].id: 1}),
        ("% [A-z", {}), ("% [a-z", {said[1].id: 1}), ("_X", {}), ("x" * 400, {}),
    ):  # fmt: skip
        reply = await client.find(agent.id, text)
        mine = {m: n for m, n in zip(reply.messages, reply.counts, strict=True)
                if m in {one.id for one in said}}  # fmt: skip
        assert mine == counts, text
    assert said[1].id not in (await client.find(agent.id, "heron", said[1].id)).messages
    await client.pop(agent.id, 100)
    assert (await client.find(agent.id, "heron")).messages == []
    with pytest.raises(UsageError, match="nothing to look for"):
        await client.find(agent.id, "  ")
    with pytest.raises(NotFoundError):
        await client.find("nobody", "x")


async def test_system_prompt(client: Client, agent: AgentDetail, server: ScriptedServer) -> None:
    before = await client.system(agent.id)
    await client.set_system(agent.id, "You are {brief}.")
    await client.turn(agent.id, TurnRequest(text="Hello."))
    system = server.requests[-1].body["messages"][0]["content"]
    assert system.startswith("You are {brief}.")
    assert "<persona" in system, "core memory stays"
    for text in ("", "x" * 100_001):
        with pytest.raises(UsageError, match="system prompt"):
            await client.set_system(agent.id, text)
    await client.undo(agent.id)
    assert await client.system(agent.id) == before


async def test_a_model_of_its_own(
    client: Client, agent: AgentDetail, server: ScriptedServer
) -> None:
    assert (await client.set_model(agent.id, "other-model")).model == "other-model"
    assert server.requests[-1].body["model"] == "other-model"  # it was tried
    reply = await client.turn(agent.id, TurnRequest(text="Hello."))
    assert reply.model == "other-model"
    for name, error, sentence in (
        ("bad", ModelError, "bad was not taken: it does not answer. The key was refused"),
        ("", UsageError, "The name of a model is"),
    ):
        with pytest.raises(error, match=sentence):
            await client.set_model(agent.id, name)
    assert (await client.agent(agent.id)).model == "other-model"
    asked = len(server.requests)
    with pytest.raises(NotFoundError):
        await client.set_model("nobody", "my-model")
    assert len(server.requests) == asked
    assert (await client.set_model(agent.id, None)).model is None
    names = [one.name for one in await client.models()]
    assert names == ["offline", "my-model", "bad", "other-model"]


async def test_fork(client: Client, agent: AgentDetail) -> None:
    copy = await client.fork(agent.id)
    assert copy.name != agent.name
    assert await said(client, copy) == await said(client, agent)
    await client.pop(copy.id, 100)
    assert await said(client, copy) == []
    assert await said(client, agent) != []
    assert (await client.fork(agent.id, "Second self")).name == "Second self"
    for name, error in (("Second self", ConflictError), (" ", UsageError)):
        with pytest.raises(error):
            await client.fork(agent.id, name)


async def test_memory_is_counted_and_saved(client: Client, agent: AgentDetail) -> None:
    looked = await client.remembered(agent.id)
    messages = await client.messages(agent.id)
    kinds = [message.kind for message in messages]
    assert looked.messages == {kind: kinds.count(kind) for kind in kinds}
    assert (looked.sources, looked.attached, looked.archival, looked.first) == (1, 1, 0, [])
    assert (looked.context, looked.recall) == (len(messages), 2)
    saved = await client.saved(agent.id)
    assert (saved.at, saved.messages) == (messages[-1].created_at, len(messages))
    await client.pop(agent.id)
    later = await client.saved(agent.id)
    assert later.at is not None
    assert later.at > messages[-1].created_at
    empty = await client.add_agent(NewAgent())
    assert (await client.saved(empty.id)).at is None


async def test_export(client: Client, agent: AgentDetail) -> None:
    await client.turn(agent.id, TurnRequest(kind="heartbeat"))
    await client.turn(agent.id, TurnRequest(kind="alert"))
    alert = next(m for m in await client.messages(agent.id) if m.kind == "alert")
    assert "Save what matters" in alert.text
    text = b"".join([piece async for piece in client.export(agent.id, "markdown")]).decode()
    assert text.startswith(f"# {agent.name}\n")
    assert "### persona (" in text
    question = text.index("**You** · ")
    assert "\n\nWhat does the osprey eat?\n" in text[question:]
    quoted = text[question : text.index(f"**{agent.name}** · ")]
    lines = quoted.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(">"))
    assert all(line.startswith(">") for line in lines[begin:] if line)
    for part in (
        "> I look in my archival memory.",
        "> **archival_memory_search**",
        "> - query: What does the osprey eat?",
        "> 1 of 1 hits",
        "> 1. [birds p. 1]",
    ):
        assert part in quoted, quoted  # fmt: skip
    assert "- [birds p. 1] — birds.pdf p. 1" in text
    assert "**Heartbeat** · " in text
    lines = b"".join([piece async for piece in client.export(agent.id, "jsonl")]).splitlines()
    first, *rest = map(json.loads, lines)
    assert (first["type"], first["name"]) == ("agent", agent.name)
    assert first["system"]
    assert [Message.model_validate(row) for row in rest] == await client.messages(agent.id)
    with pytest.raises(NotFoundError):
        [piece async for piece in client.export("nobody", "jsonl")]
    with pytest.raises(MemtuiError, match="not valid"):
        await client._get(object, f"/v1/agents/{agent.id}/export", format="pdf")
