"""A whole conversation with a real model's library: litellm, against a scripted server.

The engine, its processes and the HTTP between it and the model are the real ones.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths
from memtui.api.agents import AgentDetail, NewAgent, TurnRequest
from memtui.api.client import Client
from tests.engine.helpers import make_pdf, memtui, memtui_json
from tests.fakes import Reply, ScriptedServer, call, cut, fail, garbage, say, stall
from tests.homes import engine_pid
from tests.journey.listening import listening

pytestmark = pytest.mark.usefixtures("shared")

TOOLS = {
    "send_message", "pause_heartbeats", "conversation_search", "conversation_search_date",
    "archival_memory_insert", "archival_memory_search", "core_memory_append",
    "core_memory_replace",
}  # fmt: skip
QUESTION = "At what temperature does copper melt?"
KEY = "sk-configured-0123456789"


def last(body: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a request's last message."""
    envelope: dict[str, Any] = json.loads(body["messages"][-1]["content"])
    return envelope


def cited(body: dict[str, Any]) -> Reply:
    """An answer from the first hit, and one from a page that nobody was shown."""
    hit = last(body)["message"]["hits"][0]
    return say(f"{hit['text'].split('.')[0]} {hit['cite']}. Gold is heavier [metals p. 99].")


def asked(query: str, tool: str = "archival_memory_search") -> Reply:
    return call(tool, f"I look for {query}.", query=query, page=0, request_heartbeat=True)


CONVERSATION: list[Reply | Callable[[dict[str, Any]], Reply]] = [
    say("Hello! I have read your papers.", "Someone came in for the first time. I greet them."),
    asked("copper melting"),
    cited,
    call(
        "core_memory_append", "A name.", name="human", content="Name: Ada", request_heartbeat=True
    ),
    say("Nice to meet you, Ada."),
    call("archival_memory_insert", content="The key lies under the mat.", request_heartbeat=True),
    say("I keep that."),
    asked("where is the key"),
    say("Under the mat."),
    asked("copper", "conversation_search"),
    say("You asked about copper."),
    stall(),
    say("You are Ada."),
]


@pytest.mark.timeout(400)
def test_the_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0

    def script(body: dict[str, Any]) -> Reply:
        nonlocal number
        number += 1
        step = CONVERSATION[number - 1]
        return step(body) if callable(step) else step

    with ScriptedServer(script) as server:
        # A key in the environment only makes its provider selectable.
        monkeypatch.setenv("OPENAI_API_KEY", "sk-environment-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", server.api_base)
        monkeypatch.setenv("OPENAI_API_BASE", server.api_base)
        pages = ["Copper melts at 1085 degrees Celsius.", "Tin melts at 232 degrees Celsius."]
        pdf = make_pdf(tmp_path / "metals.pdf", pages)
        memtui("load", "directory", "--name", "metals", "--input-files", str(pdf))
        memtui("add", "agent", "--name", "Doc", "--persona", "memgpt_doc")
        memtui("attach", "Doc", "metals")
        offline = memtui_json("ask", "--source", "metals", QUESTION)
        assert "1085" in offline["reply"]
        assert (server.requests, server.others) == ([], [])

        pid = engine_pid()
        change = f"llm.model=my-model llm.api_base={server.api_base} llm.api_key={KEY}"
        memtui("configure", *(f"--set={one}" for one in change.split()))
        assert engine_pid() == pid, "the change reaches the engine that runs"

        assert asyncio.run(greeting("Doc")) == "Hello! I have read your papers."
        first = server.requests[0]
        assert first.headers["authorization"] == f"Bearer {KEY}"
        assert {tool["function"]["name"] for tool in first.body["tools"]} == TOOLS
        assert last(first.body)["type"] == "login"

        reply = memtui_json("ask", "--agent", "Doc", QUESTION)
        assert [step["tool"] for step in reply["steps"]] == [
            "archival_memory_search",
            "send_message",
        ]
        assert "[metals p. 1]" in reply["reply"]
        right, wrong = reply["citations"]
        assert (right["source"], right["page"], right["verified"]) == ("metals", 1, True)
        assert (wrong["page"], wrong["verified"]) == (99, False)
        assert reply["usage"]["prompt_tokens"] == 200

        assert "Nice to meet you" in memtui("ask", "--agent", "Doc", "I am Ada.").stdout
        assert "Name: Ada" in memtui("show", "agent", "Doc").stdout
        memtui("ask", "--agent", "Doc", "The key lies under the mat.")
        assert "Name: Ada" in server.requests[-1].body["messages"][0]["content"]
        found = memtui_json("ask", "--agent", "Doc", "Where is the key?")
        assert found["steps"][0]["hits"][0]["text"] == "The key lies under the mat."
        recalled = memtui_json("ask", "--agent", "Doc", "What did I ask you first?")
        assert QUESTION in {hit["text"] for hit in recalled["steps"][0]["hits"]}

        waits = subprocess.Popen(
            [sys.executable, "-m", "memtui", "ask", "--agent", "Doc", "Are you there?"],
            stderr=subprocess.PIPE,
            text=True,
        )
        while number < len(CONVERSATION) - 1:
            assert waits.poll() is None
            time.sleep(0.02)
        memtui("engine", "stop")
        assert "interrupted" in waits.communicate(timeout=30)[1]
        assert memtui("ask", "--agent", "Doc", "Who am I?").stdout == "You are Ada.\n"
        assert engine_pid() != pid
        context = json.dumps(server.requests[-1].body["messages"])
        assert "Name: Ada" in context
        assert QUESTION in context
        assert "Are you there?" in context
        assert number == len(CONVERSATION)
        log = paths.log_file().read_text()
    for secret in (KEY, "sk-environment", "Copper melts", "under the mat", "Nice to meet", "Ada"):
        assert secret not in log


async def greeting(name: str) -> str:
    async with Client() as client:
        (agent,) = [agent for agent in await client.agents() if agent.name == name]
        return (await client.turn(agent.id, TurnRequest(kind="login"))).reply


# the rest of the tests talk to the API


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client() as client:
        yield client


@pytest.fixture
async def agent(client: Client) -> AgentDetail:
    return await client.add_agent(NewAgent())


async def use(client: Client, api_base: str, **more: config.Value) -> None:
    """Make the running engine use this server from now on."""
    base = {"model": "my-model", "api_base": api_base, "api_key": KEY}
    defaults = {"idle_timeout": 60.0, "max_wait": 120.0}
    config.save({f"llm.{key}": value for key, value in {**base, **defaults, **more}.items()})
    await client.reload()


async def test_what_it_thinks_and_says_arrives_while_it_says_it(
    client: Client, agent: AgentDetail
) -> None:
    slow = say("The answer is slow in coming, but it comes.", "I must think about this.")
    with ScriptedServer([stall(slow, after=11), say("Here I am.")]) as server:
        await use(client, server.api_base)
        async with listening(client) as heard:
            turn = asyncio.create_task(client.turn(agent.id, TurnRequest(text="Well?")))
            await heard.until(lambda events: events.said("message.delta").startswith("The answer"))
            assert not turn.done()
            assert server.open_streams == 1, "the call's arguments are still on their way"
            assert heard.said("thought.delta") == "I must think about this."
            kinds = heard.types()
            assert kinds.index("turn.started") < kinds.index("thought.delta")
            assert kinds.index("thought.delta") < kinds.index("message.delta")
            assert "tool.called" not in kinds

            began = time.monotonic()
            await client.cancel_turn(agent.id)
            assert time.monotonic() - began < 1
            reply = await turn
            assert (reply.status, reply.reply) == ("cancelled", "")
            await heard.until(lambda events: "turn.ended" in events.types())
        while server.open_streams:  # it hangs up
            await asyncio.sleep(0.01)
        said = [message.text for message in await client.messages(agent.id)]
        assert said[0] == "Well?"
        assert (await client.turn(agent.id, TurnRequest(text="Now?"))).reply == "Here I am."


async def test_two_clients_see_the_same(client: Client, agent: AgentDetail) -> None:
    with ScriptedServer([asked("anything"), say("Nothing there.", "No hits.")]) as server:
        await use(client, server.api_base, context_window=8192)
        async with (
            Client() as other,
            listening(client) as here,
            listening(other) as there,
        ):
            await client.turn(agent.id, TurnRequest(text="Is there anything?"))
            for heard in (here, there):
                await heard.until(lambda events: events.types()[-1:] == ["agent.changed"])
            kinds = here.types()
            assert here == there
    started, ended = kinds.index("turn.started"), kinds.index("turn.ended")
    between = [kind for kind in kinds[started:ended] if not kind.endswith(".delta")]
    assert between == [
        "turn.started",
        "context.changed", "tool.called", "tool.returned",
        "context.changed", "tool.called", "tool.returned", "message.said",
    ]  # fmt: skip


def nobody() -> str:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


WORDS = say("The arguments of this call never end.", "I begin.")
FAULTS: list[tuple[str, list[Reply], str, dict[str, config.Value]]] = [
    ("wrong key", [fail(401)], "key was refused", {}),
    ("no such model", [fail(404, "no such model")], "'my-model' is unknown", {}),
    ("server error", [fail(500, retry_after=0)] * 5, "Something is wrong at", {}),
    ("garbage", [garbage()] * 2, "makes no sense", {}),
    ("stall", [stall()], "did not begin to answer", {"max_wait": 0.3}),
    ("stall in a call", [stall(WORDS, after=7)], "stopped in the middle", {"idle_timeout": 0.3}),
    ("disconnect in a call", [cut(WORDS, after=7)] * 2, "broke in the middle", {}),
]


@pytest.mark.parametrize(
    ("replies", "sentence", "settings"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
async def test_a_fault_is_one_sentence_and_the_next_turn_works(
    client: Client,
    agent: AgentDetail,
    replies: list[Reply],
    sentence: str,
    settings: dict[str, config.Value],
) -> None:
    with ScriptedServer([*replies, say("Better now.")]) as server:
        await use(client, server.api_base, **settings)
        await fails(client, agent, sentence)
        await use(client, server.api_base)
        assert (await client.turn(agent.id, TurnRequest(text="Again?"))).reply == "Better now."


async def test_a_server_that_is_not_there(client: Client, agent: AgentDetail) -> None:
    await use(client, nobody())
    await fails(client, agent, "nothing listens there")
    done = await asyncio.to_thread(memtui, "ask", "--agent", agent.name, "Hello?", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing listens there" in done.stderr
    assert "Traceback" not in done.stderr
    with ScriptedServer([say("Here I am.")]) as server:
        await use(client, server.api_base)
        assert (await client.turn(agent.id, TurnRequest(text="Now?"))).reply == "Here I am."


async def fails(client: Client, agent: AgentDetail, sentence: str) -> None:
    reply = await client.turn(agent.id, TurnRequest(text="Are you there?"))
    assert (reply.status, reply.reply) == ("failed", "")
    assert sentence in reply.problem
    assert len(reply.problem.splitlines()) == 1
    assert KEY not in reply.problem
    messages = await client.messages(agent.id)
    assert (messages[0].kind, messages[0].text) == ("user", "Are you there?")
    assert (messages[-1].kind, messages[-1].ok) == ("note", False)


async def test_too_many_requests_are_waited_for(client: Client, agent: AgentDetail) -> None:
    with ScriptedServer(
        [fail(429, retry_after=0), fail(429, retry_after=0), say("Yes.")]
    ) as server:
        await use(client, server.api_base)
        assert (await client.turn(agent.id, TurnRequest(text="Are you there?"))).reply == "Yes."
        assert len(server.requests) == 3
