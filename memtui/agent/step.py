"""One step of a turn: what the model answered is said, its calls are run, and both are drafted."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from memtui.agent import citations
from memtui.agent.answer import INNER, SPEAKS, Answer
from memtui.agent.journal import Journal
from memtui.agent.limits import Pace
from memtui.agent.ports import NewMessage
from memtui.agent.tools.base import Tool, ToolContext
from memtui.agent.tools.run import Outcome, execute, read_call
from memtui.api import events
from memtui.api.agents import Citation, Step, Usage
from memtui.api.search import Hit

PLAIN_NOTE = (
    "The model answered in plain text; it was delivered as the message. "
    f"(To the agent: speak to the user with {SPEAKS}.)"
)
EMPTY_ALERT = f"Your answer was empty. Call a function; to speak to the user, call {SPEAKS}."


class StepRunner:
    """Carries out the answers of one turn, one after the other.

    `draft` is what the step going on will leave in the history: only calls with their results.
    `hits` were shown in this turn, latest first.
    """

    def __init__(
        self, context: ToolContext, tools: Mapping[str, Tool], pace: Pace, journal: Journal
    ) -> None:
        self._context = context
        self._memory = context.memory
        self._tools = tools
        self._pace = pace
        self._journal = journal
        self._earlier: list[Hit] = []  # shown earlier and still in the context, latest first
        self._usage = Usage()
        self.draft: list[NewMessage] = []
        self.hits: list[Hit] = []
        self.looked = False
        self.steps: list[Step] = []

    async def carry_out(self, answer: Answer, usage: Usage, earlier: list[Hit]) -> bool:
        """Whether the turn goes on. `earlier` hits stand in the context that was answered."""
        self._earlier = earlier
        if answer.calls:
            return await self._run_calls(answer, usage)
        if answer.content:
            return await self._plain(answer, usage)
        return self._empty(answer, usage)

    def fit(self, page_tokens: int) -> None:
        """Let the tools show that much of a long text at once."""
        self._context = replace(self._context, page_tokens=page_tokens)

    def spent(self) -> Usage:
        """What the tools have used since this was asked last."""
        spent, self._usage = self._usage, Usage()
        return spent

    def take(self) -> list[NewMessage]:
        """The draft, which then begins anew."""
        draft, self.draft = self.draft, []
        return draft

    async def _plain(self, answer: Answer, usage: Usage) -> bool:
        """Weak models answer without a call: their text is the message, with a note, once."""
        text = answer.content
        cited, source_ids = await self._cite(text)
        self.draft.append(
            NewMessage(
                kind="assistant",
                text=text,
                thought=answer.reasoning,
                citations=cited,
                usage=usage,
                ms=usage.seconds * 1000,
                recall=text,
                source_ids=source_ids,
            )
        )
        self.steps.append(Step(thought=answer.reasoning, result=text))
        self._pace.went(True)
        history = await self._memory.in_context()
        if not any(message.kind == "note" and message.text == PLAIN_NOTE for message in history):
            self.draft.append(NewMessage(kind="note", text=PLAIN_NOTE))
        return False

    def _empty(self, answer: Answer, usage: Usage) -> bool:
        """Nothing, or only reasoning: a failure, unless the user was answered already."""
        if answer.reasoning:
            self.draft.append(NewMessage(kind="assistant", thought=answer.reasoning, usage=usage))
            self.steps.append(Step(thought=answer.reasoning, ok=False))
        if self._journal.said:
            return False
        self._pace.went(False, "the model answered nothing")
        counted = None if answer.reasoning else usage
        self.draft.append(NewMessage(kind="alert", text=EMPTY_ALERT, usage=counted))
        return True

    async def _run_calls(self, answer: Answer, usage: Usage) -> bool:
        """Runs the calls in order. Whether one of them wants the turn to go on."""
        calls = answer.calls[: self._pace.limits.calls]
        thought = "\n\n".join(filter(None, (answer.reasoning, answer.content)))
        outcomes: list[Outcome] = []
        for pending in calls:
            cut_off = answer.finish_reason == "length" and pending is answer.calls[-1]
            call, unreadable = read_call(
                pending.id, pending.name, pending.arguments, cut_off=cut_off
            )
            inner = call.arguments.pop(INNER, "")
            if isinstance(inner, str) and inner.strip():
                thought = "\n\n".join(filter(None, (thought, inner.strip())))
            self._context.emit(
                events.ToolCalled(
                    agent_id=self._memory.agent_id,
                    turn_id=self._context.turn_id,
                    step=self._pace.steps,
                    tool=call.name,
                    arguments=call.arguments,
                )
            )
            outcome = await execute(self._tools, call, unreadable, self._context)
            await self._record(outcome, thought, None if outcomes else usage)
            outcomes.append(outcome)
            thought = ""
        go_on = self._wants_more(outcomes)
        if more := len(answer.calls) - len(calls):
            text = f"{more} more calls of your answer were not carried out: at most {len(calls)}."
            self.draft.append(NewMessage(kind="alert", text=text))
            go_on = True
        return go_on

    async def _record(self, outcome: Outcome, thought: str, usage: Usage | None) -> None:
        """Takes a call and its result into the step's draft, and tells the world."""
        call = outcome.call
        self._context.emit(
            events.ToolReturned(
                agent_id=self._memory.agent_id,
                turn_id=self._context.turn_id,
                step=self._pace.steps,
                tool=call.name,
                ok=outcome.ok,
                result=outcome.text,
                hits=list(outcome.hits),
                total=outcome.total,
                ms=outcome.ms,
            )
        )
        self.hits[:0] = outcome.hits
        self.looked = self.looked or (outcome.ok and call.name == "archival_memory_search")
        cited, source_ids = await self._cite(outcome.said)
        self.draft += (
            NewMessage(
                kind="assistant",
                text=outcome.said,
                thought=thought,
                tool=call,
                citations=cited,
                usage=usage,
                ms=usage.seconds * 1000 if usage else 0.0,
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
                usage=outcome.usage,
                source_ids=tuple({hit.source_id for hit in outcome.hits if hit.source_id}),
            ),
        )
        if outcome.usage is not None:
            self._usage += outcome.usage
        self.steps.append(
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

    async def _cite(self, text: str) -> tuple[list[Citation], tuple[str, ...]]:
        """The references in what is said, and the sources that it may draw on."""
        if not text:
            return [], ()
        shown: list[Hit] = []
        cited: list[Citation] = []
        if "[" in text:
            shown = [*self.hits, *self._earlier, *await self._memory.shown()]
            cited = await asyncio.to_thread(citations.find, text, shown)
        passages = {citation.passage_id for citation in cited}
        sources = {hit.source_id for hit in self.hits if hit.source_id}
        sources |= {hit.source_id for hit in shown if hit.source_id and hit.passage_id in passages}
        sources |= citations.drawn_from(text, self._earlier)
        return cited, tuple(sorted(sources))
