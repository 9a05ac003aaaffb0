"""One turn: an event comes in, the agent thinks, calls tools, speaks, and stops.

Every step is committed in one append, so a crash loses at most the step that was going on, and the
history never holds a call without its result. A turn always ends: see `Limits`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence

from memtui.agent import envelope
from memtui.agent.answer import SPEAKS, Answer, Progress
from memtui.agent.calibration import Calibration
from memtui.agent.context import Window
from memtui.agent.journal import Journal
from memtui.agent.limits import Limits, Pace
from memtui.agent.ports import ChatModel, Clock, Emit, Memory, NewMessage, SystemClock
from memtui.agent.pressure import PRESSURE, Keeper
from memtui.agent.step import StepRunner
from memtui.agent.text import mend
from memtui.agent.tools import BASE_TOOLS
from memtui.agent.tools.base import Tool, ToolContext
from memtui.api import events
from memtui.api.agents import INTERRUPTED, Citation, TurnReply, TurnRequest, TurnStatus, Usage
from memtui.api.errors import ContextOverflowError, MemtuiError
from memtui.api.search import Hit

logger = logging.getLogger(__name__)

TOLD: dict[Progress, Callable[..., events.Event]] = {
    "thought": events.ThoughtDelta,
    "message": events.MessageDelta,
    "restart": events.AnswerRestarted,
    "waiting": events.TurnWaiting,
}


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
        calibration: Calibration | None = None,
        pressure: float = PRESSURE,
    ) -> None:
        self.id = turn_id or secrets.token_hex(6)
        self._memory = memory
        self._model = model
        self._emit = emit
        self._request = request.model_copy(update={"text": mend(request.text)})
        self._clock = clock or SystemClock()
        self._pace = Pace(limits or Limits())
        self._journal = Journal(memory, self.id, emit)
        self._keeper = Keeper(
            memory, model, emit, self._clock, self._journal, calibration, pressure
        )
        self._schemas = [tool.schema for tool in tools]
        self._runner = StepRunner(
            ToolContext(memory, self._clock, emit, self.id),
            {tool.name: tool for tool in tools},
            self._pace,
            self._journal,
        )
        self._name = ""
        self._earlier: list[Hit] = []  # shown earlier and still in the context, latest first
        self._received = False  # what began the turn is in the history
        self.begun = asyncio.Event()  # as far as that, or over
        self._capped = ""  # why the agent was told to finish
        self._declined = False
        self._usage = Usage()
        self._status: TurnStatus = "done"
        self._problem = ""
        self.rolled_back = False  # it failed, and what it had done was taken back

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
            self._received = True
            self.begun.set()
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
            self.begun.set()
            self._emit(
                events.TurnEnded(
                    agent_id=self._memory.agent_id,
                    turn_id=self.id,
                    status=self._status,
                    problem=self._problem,
                    usage=self._usage,
                    retryable=self._retryable,
                )
            )
        return self.reply()

    async def settled(self) -> None:
        """Returns when nothing of this turn is about to be written: a cancellation is quicker."""
        await self._journal.settled()

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
            steps=list(self._runner.steps),
            citations=found,
            usage=self._usage,
            agent_id=self._memory.agent_id,
            turn_id=self.id,
            status=self._status,
            problem=self._problem,
            found=not (self._declined or (self._runner.looked and not self._runner.hits)),
            model=self._model.name,
            retryable=self._retryable,
        )

    @property
    def _retryable(self) -> bool:
        spoken = self._received and self._request.kind == "message"
        return spoken and self._status in ("failed", "cancelled")

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
        answer, usage = await self._ask()
        go_on = await self._runner.carry_out(answer, usage, self._earlier)
        self._usage += self._runner.spent()
        step = self._pace.steps
        self._pace.steps += 1
        go_on = self._judge(go_on)
        await self._journal.commit(self._runner.take(), step)
        return go_on

    async def _ask(self) -> tuple[Answer, Usage]:
        while True:
            material, window = await self._keeper.window(self._schemas)
            self._usage += self._keeper.spent()
            self._name = material.agent.name
            self._runner.fit(window.page)
            history = material.history
            self._earlier = [hit for message in reversed(history) for hit in message.hits]
            try:
                answer = await self._listen(window)
            except ContextOverflowError as error:
                self._keeper.overflowed(window, error)
                continue
            self._keeper.answered()
            answer.identify({message.tool.id for message in history if message.tool})
            return answer, answer.usage

    async def _listen(self, window: Window) -> Answer:
        """The model's answer; what it costs counts even when it breaks off."""
        answer = Answer(self._tell)
        begun = time.perf_counter()
        stream = self._model.stream(window.messages, self._schemas)
        try:
            async for chunk in stream:
                answer.add(chunk)
            if answer.usage.prompt_tokens:
                self._keeper.reported(window, answer.usage.prompt_tokens)
            elif not self._model.offline:  # its server counts nothing
                answer.estimate(sum(self._keeper.parts(window).values()))
        finally:
            answer.usage.seconds = time.perf_counter() - begun
            self._usage += answer.usage
            if (close := getattr(stream, "aclose", None)) is not None:
                await close()
        self._declined = answer.declined
        return answer

    def _tell(self, kind: Progress, text: str) -> None:
        self._emit(
            TOLD[kind](
                agent_id=self._memory.agent_id, turn_id=self.id, step=self._pace.steps, text=text
            )
        )

    def _judge(self, go_on: bool) -> bool:
        """Whether the turn may go on; drafts the last warning, or the final note."""
        told = bool(self._capped)
        if go_on and not told:
            self._capped = self._pace.reached()
        if told or (go_on and self._pace.steps >= self._pace.limits.steps):
            self._status = "capped"
            self._problem = (
                f"The turn was ended after {self._capped}, so the answer may be incomplete. "
                "Send another message to let the agent go on."
            )
            self._runner.draft.append(NewMessage(kind="note", text=self._problem))
            return False
        if not go_on:
            return False
        if self._capped:
            text = (
                f"This turn is about to end ({self._capped}). Do not call anything else: finish "
                f"now, by telling the user with {SPEAKS} what you have, and what you could not do."
            )
            self._runner.draft.append(NewMessage(kind="alert", text=text))
        return True

    async def _close(self, note: NewMessage) -> None:
        await self._journal.close([*self._runner.take(), note], self._pace.steps)

    async def _fail(self, problem: str) -> None:
        """Back to what the user said, which can be sent again.

        Only the user sees the note of a failure: it would not help the agent.
        """
        self._status, self._problem = "failed", problem
        note = NewMessage(kind="note", text=problem, ok=False)
        self.rolled_back = await self._journal.roll_back([*self._runner.take(), note])


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
