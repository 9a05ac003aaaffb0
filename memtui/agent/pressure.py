"""Memory pressure: the agent is warned once, then whole old turns are folded into a summary.

Proactively, before the window overflows; and again when the provider says that it has. Then its
window is smaller than was thought, which is remembered with the model's calibration.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from memtui.agent.calibration import Calibration
from memtui.agent.context import DEFAULT_WINDOW, Material, Window, compose, gather, reserve
from memtui.agent.journal import Journal
from memtui.agent.ports import ChatModel, Clock, Emit, Memory, NewMessage
from memtui.agent.summary import Summary, summarise
from memtui.agent.tokens import NOTHING, Features, add, dot, message_features, tools_features
from memtui.api.agents import MEMORY_WARNING, Message, Usage
from memtui.api.errors import ContextOverflowError
from memtui.api.events import ContextChanged, ContextCompacted, Problem

PRESSURE = 0.75
"""The share of the window at which the agent is warned, unless configured."""
RETRIES = 3
"""How often a request that overflowed is made again, smaller each time."""


class Keeper:
    """Keeps one conversation within the window of its model."""

    def __init__(
        self,
        memory: Memory,
        model: ChatModel,
        emit: Emit,
        clock: Clock,
        journal: Journal,
        calibration: Calibration | None = None,
        pressure: float = PRESSURE,
    ) -> None:
        self._memory = memory
        self._model = model
        self._emit = emit
        self._clock = clock
        self._journal = journal
        self._calibration = calibration or Calibration()
        self._pressure = pressure
        self._overflows = 0
        self._usage = Usage()

    @property
    def size(self) -> int:
        size = self._model.context_window or DEFAULT_WINDOW
        return min(size, self._calibration.limit or size)

    @property
    def known(self) -> bool:
        """Whether somebody stated the size, or a refusal taught it."""
        return self._model.window_known or bool(self._calibration.limit)

    def compose(self, material: Material) -> Window:
        """Raises ModelError when the window is too small for the agent."""
        scale = self._calibration.scale(self._memory.agent_id)
        zone = self._clock.now().tzinfo
        window = compose(material, self.size, scale, zone)
        if (added := self._added(window)) != NOTHING:
            extra = max(0.0, scale.extra + dot(scale.weights, added))
            window = compose(material, self.size, replace(scale, extra=extra), zone)
            window.parts["tools"] = add(window.parts["tools"], self._added(window))
        return window

    def _added(self, window: Window) -> Features:
        """What the form in which this model takes messages and tools makes them longer by."""
        messages, tools = self._model.sent(window.messages, window.tools)
        if messages is window.messages and tools is window.tools:
            return NOTHING
        before = add(*map(message_features, window.messages), tools_features(window.tools))
        after = add(*map(message_features, messages), tools_features(tools))
        return tuple(now - then for now, then in zip(after, before, strict=True))

    def parts(self, window: Window) -> dict[str, int]:
        """The tokens of each part; their sum is what the request is expected to have."""
        return self._calibration.parts(self._memory.agent_id, window.parts)

    async def window(self, tools: Sequence[dict[str, Any]]) -> tuple[Material, Window]:
        """What to send now. Warns the agent and makes room before, as far as needed."""
        self._say_if_guessed()
        folded = warned = False
        while True:
            material = await gather(self._memory, tools)
            window = self.compose(material)
            if window.evict and not folded:
                folded = True
                await self._fold(material, window, window.evict)
            elif self._presses(material, window):
                await self._journal.commit([NewMessage(kind="alert", text=MEMORY_WARNING)])
                warned = True
            else:
                break
        self._emit(
            ContextChanged(
                agent_id=self._memory.agent_id,
                parts=self.parts(window),
                window=window.size,
                warned=warned,
            )
        )
        return material, window

    def spent(self) -> Usage:
        """What the summaries have used since this was asked last."""
        spent, self._usage = self._usage, Usage()
        return spent

    def reported(self, window: Window, prompt_tokens: int) -> None:
        """The provider counted the request made of `window`."""
        counted = add(*window.parts.values())
        self._calibration.report(self._memory.agent_id, counted, prompt_tokens)

    def answered(self) -> None:
        """A request was answered: it was not too long."""
        self._overflows = 0

    def overflowed(self, window: Window, error: ContextOverflowError) -> None:
        """The provider refused the request made of `window` as too long: the next is smaller.

        Raises the error, with what was tried, after RETRIES of them.
        """
        self._overflows += 1
        if self._overflows > RETRIES:
            raise ContextOverflowError(
                f"{error} The conversation was shortened {RETRIES} times, to about "
                f"{window.size:,} tokens, and was still refused."
            )
        sent = sum(self.parts(window).values())
        limit = min(window.size, error.window) if error.window else window.size // 2
        if sent <= limit and error.window:  # it counts more than is thought
            limit = limit * 4 // 5
        self._calibration.limit = limit
        self._emit(
            Problem(
                agent_id=self._memory.agent_id,
                text=f"{self._model.name} has a smaller context window than the {window.size:,} "
                f"tokens it was taken to have: from now on {limit:,} are used. "
                "Set its true size with `memtui configure --set llm.context_window=…`.",
            )
        )

    async def fold(self, tools: Sequence[dict[str, Any]]) -> ContextCompacted | None:
        """Fold all before the user's last turn into the summary; None when there is nothing."""
        material = await gather(self._memory, tools)
        rows = [one for one in material.history if one.kind != "summary"]
        turns = [one.turn_id for one in rows if one.kind == "user"] or [one.turn_id for one in rows]
        first = next((n for n, one in enumerate(rows) if one.turn_id == turns[-1]), 0)
        old = [one.id for one in rows[:first]]
        return await self._fold(material, self.compose(material), old) if old else None

    async def _fold(
        self, material: Material, window: Window, evicted: Sequence[int]
    ) -> ContextCompacted:
        gone = set(evicted)
        rows = [one for one in material.history if one.id in gone]
        former = [one for one in material.history if one.kind == "summary"]
        summary = await self._summarise(rows, former, window)
        self._usage += summary.usage
        new = [NewMessage(kind="summary", text=summary.text, usage=summary.usage)]
        told = ContextCompacted(
            agent_id=self._memory.agent_id,
            messages=len(rows),
            summary=summary.text,
            parts=self.parts(window),
        )
        if summary.problem:
            told.problem = (
                "The older part of the conversation was summarised without the model, by quoting "
                f"from it. {summary.problem}"
            )
            new.append(NewMessage(kind="note", text=told.problem, ok=False))
        ids = [one.id for one in (*former, *rows)]
        # a turn of its own: what happens to the turn going on does not happen to the summary
        await self._journal.settle(self._memory.fold(secrets.token_hex(6), new, ids))
        self._emit(told)
        return told

    async def _summarise(
        self, rows: Sequence[Message], former: Sequence[Message], window: Window
    ) -> Summary:
        return await summarise(
            self._model,
            rows,
            "\n".join(one.text for one in former),
            window.size - reserve(window.size),
            window.summary,
            self._calibration.scale(self._memory.agent_id),
            self._clock.now().tzinfo,
        )

    def _presses(self, material: Material, window: Window) -> bool:
        """Whether to warn: above the share, once until the next summary, and only while there is
        more than a summary would leave, which small windows with large prompts never are below.
        """
        summary = max((one.id for one in material.history if one.kind == "summary"), default=0)
        if self._model.offline or any(
            one.kind == "alert" and one.text == MEMORY_WARNING and one.id > summary
            for one in material.history
        ):
            return False
        threshold = max(self._pressure * window.size, window.base + window.room / 2)
        return sum(self.parts(window).values()) > threshold

    def _say_if_guessed(self) -> None:
        if self.known or self._calibration.told_guess:
            return
        self._calibration.told_guess = True
        self._emit(
            Problem(
                agent_id=self._memory.agent_id,
                text=f"The context window of {self._model.name} is not known, and its server does "
                f"not say: {self.size:,} tokens are assumed. Set it with "
                "`memtui configure --set llm.context_window=…`.",
            )
        )
