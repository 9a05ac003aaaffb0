"""An agent lives through anything: turns, failures, cancels, pops, undos, restarts, in any order.

The user's message is the plan of the turn, a word for each step of the model; the scripted model
reads it in the request. After every deed the invariants hold.
"""

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from memtui.agent.units import units
from memtui.api.agents import Block, NewAgent, TurnRequest
from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.engine.engine import Engine
from tests.fakes import Call, Reply, ScriptedServer, call, calls, fail, plain, say

T = TypeVar("T")
WINDOW = 6000
STEPS: dict[str, Reply] = {
    "append": call("core_memory_append", name="human", content="x" * 700, request_heartbeat=True),
    "replace": call(
        "core_memory_replace", name="human", old_content="xx", new_content="y",
        request_heartbeat=True,
    ),
    "insert": call("archival_memory_insert", content="The sky is green.", request_heartbeat=True),
    "search": call("archival_memory_search", query="sky", request_heartbeat=True),
    "recall": call("conversation_search", query="plan", request_heartbeat=True),
    "both": calls(
        call("archival_memory_search", query="sky", request_heartbeat=True),
        call("core_memory_append", name="human", content="z", request_heartbeat=True),
    ),
    "unknown": call("no_such_tool", x=1),
    "broken": Reply(calls=(Call("archival_memory_insert", '{"content": '),)),
    "empty": Reply(),
    "plain": plain("I say it plainly."),
    "long": say("A long answer. " * 60, "A long thought. " * 20),
    "refused": fail(400, "scripted refusal"),
}  # fmt: skip
_numbers = itertools.count()


def script(body: dict[str, Any]) -> Reply:
    """The step that the last plan in the request has reached; at its end, an answer."""
    if not body.get("tools"):
        return plain("A summary of what was.")
    done = 0
    for message in reversed(body["messages"]):
        if message["role"] == "assistant":
            done += 1
        elif message["role"] == "user":
            envelope = json.loads(message["content"])
            if envelope["type"] == "user_message":
                plan = envelope["message"].split()[2:]
                return STEPS.get(plan[done], say("?")) if done < len(plan) else say("Done.")
    return say("Hello.")


class Life(RuleBasedStateMachine):
    """`said` is everything the user ever said, `rows` how many messages there ever were."""

    server: ScriptedServer

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="mt"))
        self.patch = pytest.MonkeyPatch()
        for name, value in {
            "MEMTUI_HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "MEMTUI_LLM__MODEL": "my-model",
            "MEMTUI_LLM__API_BASE": self.server.api_base,
            "MEMTUI_LLM__CONTEXT_WINDOW": str(WINDOW),
        }.items():
            self.patch.setenv(name, value)
        self.said: list[str] = []
        self.rows = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    async def begin(self) -> None:
        self.engine = Engine("")
        await self.engine.begin()
        self.engine.answered()

    def teardown(self) -> None:
        self.run(self.engine.end())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.patch.undo()
        shutil.rmtree(self.folder, ignore_errors=True)

    @initialize()
    def born(self) -> None:
        self.run(self.begin())
        blocks = self.run(self.engine.agents.create(NewAgent(name="Otter")))
        self.agent = blocks.id

    @rule(plan=st.lists(st.sampled_from(sorted(STEPS)), max_size=4))
    def turn(self, plan: list[str]) -> None:
        self.said.append(text := " ".join(["plan", str(next(_numbers)), *plan]))
        reply = self.run(self.engine.agents.turn(self.agent, TurnRequest(text=text)))
        assert reply.status in ("done", "failed", "capped")

    @rule(wait=st.floats(0, 0.06), plan=st.lists(st.sampled_from(sorted(STEPS)), max_size=3))
    def cancelled(self, wait: float, plan: list[str]) -> None:
        self.said.append(text := " ".join(["plan", str(next(_numbers)), *plan]))

        async def work() -> None:
            request = TurnRequest(text=text)
            turn = asyncio.create_task(self.engine.agents.turn(self.agent, request))
            await asyncio.sleep(wait)
            await self.engine.agents.turns.cancel(self.agent)
            await turn
            async with self.engine.agents.turns.alone(self.engine.record.agents.get(self.agent)):
                pass  # on a slow disk, the end of the turn is written later than said

        self.run(work())

    @rule(count=st.integers(1, 6))
    def pop(self, count: int) -> None:
        self.deed(self.engine.history.pop(self.agent, count))

    @rule()
    def undo(self) -> None:
        self.deed(self.engine.history.undo(self.agent, None))

    @rule()
    def retry(self) -> None:
        self.deed(self.engine.history.retry(self.agent))

    @rule(text=st.sampled_from(["I have thought again.", "Rewritten."]))
    def rewrite(self, text: str) -> None:
        self.deed(self.engine.history.rewrite(self.agent, text))

    @rule()
    def rethink(self) -> None:
        self.deed(self.engine.history.rethink(self.agent, "A better thought."))

    @rule()
    def summarise(self) -> None:
        self.deed(self.engine.contexts.summarise(self.agent))

    @rule(value=st.text(max_size=40))
    def edited_by_the_user(self, value: str) -> None:
        self.engine.record.blocks.edit(self.agent, "human", value, "user")

    @precondition(lambda self: self.said)
    @rule()
    def restart(self) -> None:
        async def work() -> None:
            await self.engine.end()
            await self.begin()

        self.run(work())

    def deed(self, work: Coroutine[Any, Any, Any]) -> None:
        """What may be refused with a sentence, and then has changed nothing."""
        with contextlib.suppress(ConflictError, NotFoundError, UsageError):
            self.run(work)

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "agent"):
            return
        record = self.engine.record
        history = record.messages.page(self.agent, limit=100_000)
        waiting: list[str] = []
        for message in history:
            if message.kind == "assistant" and message.tool is not None:
                waiting.append(message.tool.id)
            elif message.kind == "tool":
                waiting.remove(message.tool_call_id)
        assert not waiting
        assert {m.id for m in record.messages.in_context(self.agent)} <= {m.id for m in history}
        assert len(units(history)) > 0 or not history
        for block in record.blocks.list(self.agent):
            assert isinstance(block, Block)
            assert len(block.value) <= block.limit
        with record.read() as connection:
            rows = connection.execute("SELECT kind, text FROM messages").fetchall()
        assert len(rows) >= self.rows
        self.rows = len(rows)
        kept = [row["text"] for row in rows if row["kind"] == "user"]
        assert set(self.said) <= set(kept)
        view = self.run(self.engine.contexts.view(self.agent))
        assert view.total <= view.window == WINDOW


@pytest.mark.parametrize(
    ("examples", "length"),
    [
        pytest.param(6, 15, marks=pytest.mark.timeout(300)),
        pytest.param(60, 40, marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
def test_any_life(examples: int, length: int) -> None:
    with ScriptedServer(script) as server:
        Life.server = server
        case: Any = Life.TestCase()
        case.settings = settings(
            max_examples=examples,
            stateful_step_count=length,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        case.runTest()
