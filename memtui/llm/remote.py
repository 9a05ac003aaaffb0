"""Any provider's model, through litellm.

Retries and time-outs are our own: litellm's are not honoured everywhere.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from memtui.api.errors import ModelError
from memtui.llm import errors, inner, prompted, reading, windows
from memtui.llm.chunk import Chunk
from memtui.llm.errors import Failure, Target, explain
from memtui.llm.habits import Habits
from memtui.llm.loading import load_litellm
from memtui.llm.reading import AnswerReader, BrokenOffError

DEFAULT_WINDOW = 8192
"""Tokens, for a model whose context window is neither configured nor known to litellm."""

RETRIES = 4
"""Further attempts after a rate limit or a server's error; a connection that breaks has one."""

BACKOFF = 0.5
"""Seconds before the first further attempt; doubled for each that follows."""

ASK_AGAIN, MOST_ASKED = 10.0, 5
"""Seconds after which a server is asked again for a context window, and how often at most."""

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to be made."""

OPTIONAL = ("stream_options", "tool_choice", "stream", "stop")
"""Parameters that some servers refuse, and that can be left out."""

T = TypeVar("T")


class RemoteModel:
    """A model of any litellm provider, or of an OpenAI-compatible server at `api_base`.

    With an `api_base`, a name without a known provider is an OpenAI-compatible one, and a key
    from the environment is never sent there. `context_window` is in tokens (0: ask litellm, known
    after `prepare`; else DEFAULT_WINDOW), `idle_timeout` (between two pieces) and `max_wait` (for
    the whole answer, every attempt included) in seconds. `tools` says how they are offered.
    """

    offline = False

    def __init__(
        self,
        model: str,
        *,
        api_base: str = "",
        api_key: str = "",
        context_window: int = 0,
        idle_timeout: float = 60.0,
        max_wait: float = 120.0,
        tools: str = "auto",
    ) -> None:
        self.name = model
        self.idle_timeout = idle_timeout
        self.max_wait = max_wait
        self._api_base = api_base
        self._api_key = api_key
        self._window = context_window
        self._certain = bool(context_window)
        self._asked: list[float] = []  # when its server was asked for the window
        self._target = Target(model, api_base, api_key)
        self._without: set[str] = set()  # what this server refuses, or does not do
        self._answers_whole = False  # it was asked for an answer in one piece, and gave it
        self._habits = Habits(tools)

    @property
    def context_window(self) -> int:
        return self._window or DEFAULT_WINDOW

    @property
    def window_known(self) -> bool:
        return bool(self._window)

    async def prepare(self) -> None:
        litellm = await asyncio.to_thread(load_litellm)
        if not self._certain:
            await self._find_window(litellm)

    async def _find_window(self, litellm: Any) -> None:
        """litellm knows it, or the server at the configured address says it: perhaps only once
        the model is loaded, so it is asked again now and then.
        """
        ollama = self.name.startswith(("ollama/", "ollama_chat/"))
        if not self._window and not ollama:  # for Ollama's, litellm would ask some server itself
            with contextlib.suppress(Exception):  # litellm raises plain Exception for "unknown"
                info = litellm.get_model_info(self._litellm_name(litellm))
                self._window = int(info.get("max_input_tokens") or info.get("max_tokens") or 0)
                self._certain = bool(self._window)
        here = os.environ.get("OLLAMA_API_BASE", "http://localhost:11434") if ollama else ""
        now = time.monotonic()
        lately = self._asked and now - self._asked[-1] < ASK_AGAIN
        base = self._api_base or here
        if self._certain or not base or lately or len(self._asked) >= MOST_ASKED:
            return
        self._asked.append(now)
        window, self._certain = await windows.ask(self.name, base, self._api_key)
        self._window = window or self._window

    async def has_provider(self) -> bool:
        """Whether litellm would know whom to call: a provider's model, or a server of one's own."""
        litellm = await asyncio.to_thread(load_litellm)
        try:
            litellm.get_llm_provider(self._litellm_name(litellm))
        except Exception:  # noqa: BLE001 litellm raises anything
            return False
        return True

    async def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[Chunk, None]:
        """See `ChatModel.stream`."""
        await self.prepare()
        if not self._answers_whole:
            self._without.discard("stream")
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.max_wait
        attempts, broken, started = 0, False, False
        while True:
            try:
                async with aclosing(self._answer(messages, tools, deadline)) as chunks:
                    async for chunk in chunks:
                        started = started or bool(
                            chunk.content or chunk.reasoning or chunk.tool_calls
                        )
                        yield chunk
                return
            except ModelError:
                raise
            except Exception as error:  # noqa: BLE001 litellm raises anything
                if not started and self._give_way(error):
                    continue
                failure = explain(error, self._target, started)
            if failure.no_tools and tools and not started and self._habits.refuse():
                continue
            delay = self._delay(failure, attempts, broken)
            if delay is None or clock() + delay >= deadline:
                raise failure.error
            attempts, broken = attempts + failure.retry, broken or failure.broken
            if started:
                yield Chunk(restart=True)
                started = False
            if failure.why:
                yield Chunk(waiting=f"{failure.why}: trying again in {max(1.0, delay):.0f} s.")
            await asyncio.sleep(delay)

    def _delay(self, failure: Failure, attempts: int, broken: bool) -> float | None:
        """Seconds to wait before the next attempt; None: there is none."""
        if failure.broken and not broken:
            return 0.0
        if failure.retry and attempts < RETRIES:
            return BACKOFF * 2**attempts if failure.after is None else failure.after
        return None

    async def _answer(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]], deadline: float
    ) -> AsyncGenerator[Chunk, None]:
        """One attempt. Raises ModelError when it is no use to try again, and else anything."""
        native = self._habits.tools == "native"
        reader = AnswerReader([] if native else [tool["function"]["name"] for tool in tools])
        response: Any = None
        try:
            response = await self._within(self._call(messages, tools), deadline, reader)
            if response is None:
                raise UnprocessableError
            if hasattr(response, "__anext__"):
                while True:
                    raw = await self._within(anext(response, None), deadline, reader)
                    if raw is None:
                        break
                    if (chunk := reader.take(self._priced(reading.piece(raw), raw))) != Chunk():
                        yield chunk
                # litellm makes up a finish reason for a stream that has none
                finish = getattr(response, "received_finish_reason", "stop") or getattr(
                    response, "intermittent_finish_reason", None
                )
            else:
                chunk = reading.whole(response)
                finish = chunk.finish_reason
                yield reader.take(self._priced(chunk, response))
            if (chunk := reader.end()) != Chunk():
                yield chunk
        finally:
            await _close(response)
        self._conclude(reader, finish)
        if tools:
            self._habits.saw(called=reader.called, thought=reader.thought)

    def _conclude(self, reader: AnswerReader, finish: str | None) -> None:
        """Raises what an answer that came to its end still has wrong with it."""
        if finish == "content_filter":
            raise errors.filtered(self._target)
        if not reader.bears:
            if "stream" in self._without:
                raise errors.garbage(self._target)
            self._without.add("stream")  # it may be that this server answers in one piece
            raise NotStreamedError
        if finish:
            self._without.discard("finish")
        elif "finish" in self._without and not reader.called:
            finish = "stop"  # this server never says why it ends
        try:
            reader.check(finish)
        except BrokenOffError:
            self._without |= {"finish"} if finish is None else set()
            raise
        self._answers_whole = "stream" in self._without

    async def _within(self, work: Awaitable[T], deadline: float, reader: AnswerReader) -> T:
        """Raises ModelError when it takes longer than the settings allow."""
        limit = deadline
        if reader.bears:
            limit = min(limit, asyncio.get_running_loop().time() + self.idle_timeout)
        timer = asyncio.timeout_at(limit)
        try:
            async with timer:
                return await work
        except TimeoutError:
            if not timer.expired():
                raise
            if limit < deadline:
                raise errors.idle(self._target, self.idle_timeout) from None
            raise errors.too_slow(self._target, self.max_wait, reader.bears) from None

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """Both as they go to the provider, which may know no tools, or none that think."""
        if tools and self._habits.prompted:
            return prompted.rewrite(messages, tools), ()
        if tools and self._habits.inner:
            return inner.move(messages), inner.offer(tools)
        return messages, tools

    async def _call(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> Any:
        import httpx

        litellm = load_litellm()
        options: dict[str, Any] = {}
        if tools and self._habits.prompted and "stop" not in self._without:
            options["stop"] = [f"\n{prompted.RESULT}"]
        messages, tools = self.sent(messages, tools)
        if tools:
            options["tools"] = list(tools)
            if "tool_choice" not in self._without:
                options["tool_choice"] = "auto"
        if not self._without & {"stream_options", "stream"}:
            options["stream_options"] = {"include_usage": True}
        if self._api_base:
            options["api_base"] = self._api_base
        if key := self._api_key or ("none" if self._api_base else ""):
            options["api_key"] = key
        return await litellm.acompletion(
            model=self._litellm_name(litellm),
            messages=list(messages),
            stream="stream" not in self._without,
            num_retries=0,
            max_retries=0,
            timeout=httpx.Timeout(self.max_wait + self.idle_timeout, connect=CONNECT_TIMEOUT),
            **options,
        )

    def _give_way(self, error: Exception) -> bool:
        """Whether to ask again without an optional parameter that the server refuses."""
        if isinstance(error, NotStreamedError):
            return True
        if isinstance(error, UnprocessableError) and "tool_choice" not in self._without:
            self._without |= {"stream_options", "tool_choice"}
            return True
        for parameter in OPTIONAL:
            if parameter not in self._without and errors.rejects(error, parameter):
                self._without.add(parameter)
                return True
        return False

    def _priced(self, chunk: Chunk, raw: Any) -> Chunk:
        """With what its tokens cost, by the price list that litellm brings along."""
        if chunk.usage is None:
            return chunk
        litellm, cost = load_litellm(), 0.0
        with contextlib.suppress(Exception):  # litellm raises anything for a model it has not
            cost = sum(litellm.cost_per_token(self._litellm_name(litellm), usage_object=raw.usage))
        return replace(chunk, usage=chunk.usage.model_copy(update={"cost": cost}))

    def _litellm_name(self, litellm: Any) -> str:
        provider, slash, _ = self.name.partition("/")
        known = slash and provider in {str(getattr(p, "value", p)) for p in litellm.provider_list}
        return self.name if known or not self._api_base else f"openai/{self.name}"


class UnprocessableError(Exception):
    """The server refused the request with the status 422; litellm does not say why."""


class NotStreamedError(Exception):
    """Nothing came where a stream was asked for."""


async def _close(response: Any) -> None:
    """Hang up: the provider must not go on generating for nobody. Takes 0.05 s at most."""
    if hasattr(response, "aclose"):
        closing = asyncio.ensure_future(_hang_up(response))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.wait({closing}, timeout=0.05)


async def _hang_up(response: Any) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(response.aclose(), 1.0)


_closing: set[asyncio.Future[None]] = set()
