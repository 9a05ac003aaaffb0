"""One turn: an event comes in, the agent thinks, calls tools, speaks, and stops.

Every step is committed in one append, so a crash loses at most the step that was going on, and the
history never holds a call without its result. A turn always ends: see `Limits`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from memtui.agent import citations, envelope
from memtui.agent.answer import SPEAKS, Answer
from memtui.agent.context import compose
from memtui.agent.journal import Journal
from memtui.agent.limits import Limits, Pace
from memtui.agent.ports import ChatModel, Clock, Emit, Memory, NewMessage, SystemClock
from memtui.agent.text import mend
from memtui.agent.tools import BASE_TOOLS
from memtui.agent.tools.base import Tool, ToolContext
from memtui.agent.tools.run import Outcome, execute, read_call
from memtui.api import events
from memtui.api.agents import (
    INTERRUPTED,
    Citation,
    Step,
    TurnReply,
    TurnRequest,
    TurnStatus,
    Usage,
)
from memtui.api.errors import MemtuiError
from memtui.api.search import Hit

logger = logging.getLogger(__name__)

PLAIN_NOTE = (
    "The model answered in plain text; it was delivered as the message. "
    f"(To the agent: speak to the user with {SPEAKS}.)"
)
EMPTY_ALERT = f"Your answer was empty. Call a function; to speak to the user, call {SPEAKS}."


class Turn:
    """A turn of one agent. `run` it once; `reply()` is the turn so far, at any time."""

    def __init__(
        self,
        memory: Memory,
        model: ChatModel,
        emit: Emit,
        request: TurnRequest,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        tools: Sequence[Tool] = BASE_TOOLS,
        turn_id: str | None = None,
    ) -> None:
        self.id = turn_id or secrets.token_hex(6)
        self._memory = memory
        self._model = model
        self._emit = emit
        self._request = request.model_copy(update={"text": mend(request.text)})
        self._clock = clock or SystemClock()
        self._pace = Pace(limits or Limits())
        self._journal = Journal(memory, self.id, emit)
        self._tools = {tool.name: tool for tool in tools}
        self._schemas = [tool.schema for tool in tools]
        self._context = ToolContext(memory, self._clock, emit, self.id)
        self._name = ""
        self._draft: list[NewMessage] = []  # of the step going on: only calls with their results
        self._hits: list[Hit] = []  # shown in this turn, latest first
        self._earlier: list[Hit] = []  # shown earlier and still in the context, latest first
        self._capped = ""  # why the agent was told to finish
        self._looked = self._declined = False
        self._steps: list[Step] = []
        self._usage = Usage()
        self._status: TurnStatus = "done"
        self._problem = ""

    async def run(self) -> TurnReply:
        """Runs the turn to its end. An error ends it as `failed`, with its sentence.

        Cancelled, it ends within 0.2 s, keeps the steps that are complete and leaves a note; then
        CancelledError is raised on, and `reply()` has the rest.
        """
        request = self._request
        self._emit(
            events.TurnStarted(
                agent_id=self._memory.agent_id,
                turn_id=self.id,
                kind=request.kind,
                text=request.text,
                model=self._model.name,
            )
        )
        try:
            await self._receive()
            await self._model.prepare()
            while await self._one_step():
                pass
        except asyncio.CancelledError:
            self._status, self._problem = "cancelled", INTERRUPTED
            await self._close(NewMessage(kind="note", text=self._problem))
            raise
        except MemtuiError as error:
            await self._fail(str(error))
        except Exception as error:
            logger.exception("The turn %s failed", self.id)
            await self._fail(
                f"Something went wrong inside memtui ({type(error).__name__}). Your message is "
                "kept: send it again. memtui's log file has the details."
            )
        finally:
            self._emit(
                events.TurnEnded(
                    agent_id=self._memory.agent_id,
                    turn_id=self.id,
                    status=self._status,
                    problem=self._problem,
                    usage=self._usage,
                )
            )
        return self.reply()

    def reply(self) -> TurnReply:
        """What was said, done and used so far."""
        text, found = "", list[Citation]()
        for said, cited in self._journal.said:
            text += "\n\n" if text else ""
            found += [
                c.model_copy(update={"start": c.start + len(text), "end": c.end + len(text)})
                for c in cited
            ]
            text += said
        return TurnReply(
            agent=self._name,
            reply=text,
            steps=list(self._steps),
            citations=found,
            usage=self._usage,
            agent_id=self._memory.agent_id,
            turn_id=self.id,
            status=self._status,
            problem=self._problem,
            found=not (self._declined or (self._looked and not self._hits)),
            model=self._model.name,
        )

    # -- what comes in ---------------------------------------------------------------------------

    async def _receive(self) -> None:
        """Commits the event first of all: what the user said is never lost."""
        kind, text = self._request.kind, self._request.text
        if kind == "message":
            await self._journal.commit([NewMessage(kind="user", text=text, recall=text)])
            return
        if kind == "login" and not text:
            before = await self._memory.in_context()
            zone = self._clock.now().tzinfo
            text = envelope.stamp(before[-1].created_at, zone) if before else envelope.FIRST_LOGIN
        elif kind == "heartbeat" and not text:
            text = "Automated timer"
        await self._journal.commit([NewMessage(kind=kind, text=text)])

    # -- a step ----------------------------------------------------------------------------------

    async def _one_step(self) -> bool:
        """One answer of the model and what it calls. Whether the turn goes on."""
        answer, ms = await self._ask()
        extra: list[NewMessage] = []
        if answer.calls:
            go_on = await self._run_calls(answer, ms, extra)
        elif answer.content:
            go_on = await self._plain(answer, ms)
        else:
            go_on = self._empty(answer, extra)
        step = self._pace.steps
        self._pace.steps += 1
        go_on = self._judge(go_on, extra)
        draft, self._draft = [*self._draft, *extra], []
        await self._journal.commit(draft, step)
        return go_on

    async def _ask(self) -> tuple[Answer, float]:
        memory = self._memory
        agent = await memory.agent()
        self._name = agent.name
        history = await memory.in_context()
        window = compose(
            await memory.system(),
            agent,
            await memory.blocks(),
            history,
            await memory.count(),
            self._schemas,
            self._model.context_window,
            self._clock.now().tzinfo,
        )
        if window.evict:
            await self._journal.settle(memory.evict(window.evict))
        self._earlier = [hit for message in reversed(history) for hit in message.hits]
        self._emit(
            events.ContextChanged(agent_id=memory.agent_id, parts=window.parts, window=window.size)
        )
        answer = Answer(self._delta(events.ThoughtDelta), self._delta(events.MessageDelta))
        begun = time.perf_counter()
        stream = self._model.stream(window.messages, self._schemas)
        try:
            async for chunk in stream:
                answer.add(chunk)
        finally:
            if (close := getattr(stream, "aclose", None)) is not None:
                await close()
            self._count(answer.usage, time.perf_counter() - begun)
        answer.identify({message.tool.id for message in history if message.tool})
        self._declined = answer.declined
        return answer, (time.perf_counter() - begun) * 1000

    def _delta(
        self, kind: type[events.ThoughtDelta] | type[events.MessageDelta]
    ) -> Callable[[str], None]:
        agent_id, turn_id, step = self._memory.agent_id, self.id, self._pace.steps
        return lambda text: self._emit(
            kind(agent_id=agent_id, turn_id=turn_id, step=step, text=text)
        )

    def _count(self, usage: Usage | None, seconds: float) -> None:
        usage = usage or Usage()
        self._usage = Usage(
            prompt_tokens=self._usage.prompt_tokens + usage.prompt_tokens,
            completion_tokens=self._usage.completion_tokens + usage.completion_tokens,
            steps=self._usage.steps + 1,
            seconds=self._usage.seconds + seconds,
        )

    async def _plain(self, answer: Answer, ms: float) -> bool:
        """Weak models answer without a call: their text is the message, with a note, once."""
        text = answer.content
        cited, source_ids = await self._cite(text)
        self._draft.append(
            NewMessage(
                kind="assistant",
                text=text,
                thought=answer.reasoning,
                citations=cited,
                usage=answer.usage,
                ms=ms,
                recall=text,
                source_ids=source_ids,
            )
        )
        self._steps.append(Step(thought=answer.reasoning, result=text))
        self._pace.went(True)
        history = await self._memory.in_context()
        if not any(message.kind == "note" and message.text == PLAIN_NOTE for message in history):
            self._draft.append(NewMessage(kind="note", text=PLAIN_NOTE))
        return False

    def _empty(self, answer: Answer, extra: list[NewMessage]) -> bool:
        """Nothing, or only reasoning: a failure, unless the user was answered already."""
        if answer.reasoning:
            self._draft.append(
                NewMessage(kind="assistant", thought=answer.reasoning, usage=answer.usage)
            )
            self._steps.append(Step(thought=answer.reasoning, ok=False))
        if self._journal.said:
            return False
        self._pace.went(False, "the model answered nothing")
        extra.append(NewMessage(kind="alert", text=EMPTY_ALERT))
        return True

    async def _run_calls(self, answer: Answer, ms: float, extra: list[NewMessage]) -> bool:
        """Runs the calls in order. Whether one of them wants the turn to go on."""
        calls = answer.calls[: self._pace.limits.calls]
        thought = "\n\n".join(filter(None, (answer.reasoning, answer.content)))
        usage = answer.usage
        outcomes: list[Outcome] = []
        for pending in calls:
            cut_off = answer.finish_reason == "length" and pending is answer.calls[-1]
            call, unreadable = read_call(
                pending.id, pending.name, pending.arguments, cut_off=cut_off
            )
            self._emit(
                events.ToolCalled(
                    agent_id=self._memory.agent_id,
                    turn_id=self.id,
                    step=self._pace.steps,
                    tool=call.name,
                    arguments=call.arguments,
                )
            )
            outcome = await execute(self._tools, call, unreadable, self._context)
            await self._record(outcome, thought, usage, ms)
            outcomes.append(outcome)
            thought, usage, ms = "", None, 0.0
        go_on = self._wants_more(outcomes)
        if more := len(answer.calls) - len(calls):
            text = f"{more} more calls of your answer were not carried out: at most {len(calls)}."
            extra.append(NewMessage(kind="alert", text=text))
            go_on = True
        return go_on

    async def _record(self, outcome: Outcome, thought: str, usage: Usage | None, ms: float) -> None:
        """Takes a call and its result into the step's draft, and tells the world."""
        call = outcome.call
        self._emit(
            events.ToolReturned(
                agent_id=self._memory.agent_id,
                turn_id=self.id,
                step=self._pace.steps,
                tool=call.name,
                ok=outcome.ok,
                result=outcome.text,
                hits=list(outcome.hits),
                total=outcome.total,
                ms=outcome.ms,
            )
        )
        self._hits[:0] = outcome.hits
        self._looked = self._looked or (outcome.ok and call.name == "archival_memory_search")
        cited, source_ids = await self._cite(outcome.said)
        self._draft += (
            NewMessage(
                kind="assistant",
                text=outcome.said,
                thought=thought,
                tool=call,
                citations=cited,
                usage=usage,
                ms=ms,
                recall=outcome.said,
                source_ids=source_ids,
            ),
            NewMessage(
                kind="tool",
                text=outcome.text,
                tool_call_id=call.id,
                ok=outcome.ok,
                hits=tuple(outcome.hits),
                total=outcome.total,
                ms=outcome.ms,
                source_ids=tuple({hit.source_id for hit in outcome.hits if hit.source_id}),
            ),
        )
        self._steps.append(
            Step(
                thought=thought,
                tool=call.name,
                arguments=call.arguments,
                result=outcome.text,
                ok=outcome.ok,
                hits=list(outcome.hits),
            )
        )
        self._pace.called(call, outcome.ok)

    def _wants_more(self, outcomes: Sequence[Outcome]) -> bool:
        """Heartbeats as the original: asked for, or after a failure. They carry no message of their
        own: the tool's result is what the agent goes on from.

        When a model leaves out the argument altogether (weak ones do), it gets one as long as
        nobody was answered; an explicit false is respected.
        """
        if any(not outcome.ok or outcome.heartbeat for outcome in outcomes):
            return True
        answered = bool(self._journal.said) or any(outcome.said for outcome in outcomes)
        return not answered and any(
            outcome.heartbeat is None and self._tools[outcome.call.name].heartbeat
            for outcome in outcomes
        )

    def _judge(self, go_on: bool, extra: list[NewMessage]) -> bool:
        """Whether the turn may go on; adds the last warning, or the final note."""
        told = bool(self._capped)
        if go_on and not told:
            self._capped = self._pace.reached()
        if told or (go_on and self._pace.steps >= self._pace.limits.steps):
            self._status = "capped"
            self._problem = (
                f"The turn was ended after {self._capped}, so the answer may be incomplete. "
                "Send another message to let the agent go on."
            )
            extra.append(NewMessage(kind="note", text=self._problem))
            return False
        if not go_on:
            return False
        if self._capped:
            text = (
                f"This turn is about to end ({self._capped}). Do not call anything else: finish "
                f"now, by telling the user with {SPEAKS} what you have, and what you could not do."
            )
            extra.append(NewMessage(kind="alert", text=text))
        return True

    async def _cite(self, text: str) -> tuple[list[Citation], tuple[str, ...]]:
        """The references in what is said, and the sources that it may draw on."""
        if not text:
            return [], ()
        shown: list[Hit] = []
        cited: list[Citation] = []
        if "[" in text:
            shown = [*self._hits, *self._earlier, *await self._memory.shown()]
            cited = await asyncio.to_thread(citations.find, text, shown)
        passages = {citation.passage_id for citation in cited}
        sources = {hit.source_id for hit in self._hits if hit.source_id}
        sources |= {hit.source_id for hit in shown if hit.source_id and hit.passage_id in passages}
        sources |= citations.drawn_from(text, self._earlier)
        return cited, tuple(sorted(sources))

    async def _close(self, note: NewMessage) -> None:
        draft, self._draft = [*self._draft, note], []
        await self._journal.close(draft, self._pace.steps)

    async def _fail(self, problem: str) -> None:
        """Only the user sees the note of a failure: it would not help the agent."""
        self._status, self._problem = "failed", problem
        await self._close(NewMessage(kind="note", text=problem, ok=False))


async def run_turn(
    memory: Memory,
    model: ChatModel,
    emit: Emit,
    request: TurnRequest,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    tools: Sequence[Tool] = BASE_TOOLS,
    turn_id: str | None = None,
) -> TurnReply:
    """Runs one turn; see `Turn`, which also tells how far a cancelled turn came."""
    turn = Turn(
        memory, model, emit, request, clock=clock, limits=limits, tools=tools, turn_id=turn_id
    )
    return await turn.run()
