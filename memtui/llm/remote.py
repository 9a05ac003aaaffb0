"""Any provider's model, through litellm.

Retries and time-outs are our own: litellm's are not honoured everywhere.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from memtui.api.errors import ModelError
from memtui.llm import errors, inner, loading, prompted, reading, windows
from memtui.llm.chunk import Chunk
from memtui.llm.errors import Failure, explain
from memtui.llm.habits import Habits
from memtui.llm.provider import NotStreamedError, Provider
from memtui.llm.reading import AnswerReader, BrokenOffError

DEFAULT_WINDOW = 8192
"""Tokens, for a model whose context window is neither configured nor known to litellm."""

RETRIES = 4
"""Further attempts after a rate limit or a server's error; a connection that breaks has one."""

BACKOFF = 0.5
"""Seconds before the first further attempt; doubled for each that follows."""

ASK_AGAIN, MOST_ASKED = 10.0, 5
"""Seconds after which a server is asked again for a context window, and how often at most."""

T = TypeVar("T")


class RemoteModel:
    """A model of any litellm provider, or of an OpenAI-compatible server at `api_base`.

    With an `api_base`, a name without a known provider is an OpenAI-compatible one, and a key
    from the environment is never sent there. `api_key` goes to the provider of the model `key_of`
    alone, where that is known. `context_window` is in tokens (0: ask litellm, known
    after `prepare`; else DEFAULT_WINDOW), `idle_timeout` (between two pieces) and `max_wait` (for
    the whole answer, every attempt included) in seconds. `tools` says how they are offered,
    `table` where all this is set, for the sentences about it.
    """

    offline = False

    def __init__(
        self,
        model: str,
        *,
        api_base: str = "",
        api_key: str = "",
        key_of: str = "",
        context_window: int = 0,
        idle_timeout: float = 60.0,
        max_wait: float = 120.0,
        table: str = "llm",
        tools: str = "auto",
    ) -> None:
        self.name = model
        self.idle_timeout = idle_timeout
        self.max_wait = max_wait
        self._api_base = api_base
        self._api_key = api_key
        self._window = context_window
        self._certain = self._looked = bool(context_window)
        self._asked: list[float] = []  # when its server was asked for the window
        self._provider = Provider(model, api_base, api_key, key_of, table)
        self._answers_whole = False  # it was asked for an answer in one piece, and gave it
        self._habits = Habits(tools)

    @property
    def context_window(self) -> int:
        return self._window or DEFAULT_WINDOW

    @property
    def window_known(self) -> bool:
        return bool(self._window)

    async def prepare(self) -> None:
        litellm = await loading.prepare()
        if not self._certain:
            await self._find_window(litellm)

    async def _find_window(self, litellm: Any) -> None:
        """litellm knows it, or the server at the configured address says it: perhaps only once
        the model is loaded, so it is asked again now and then.
        """
        ollama = self.name.startswith(("ollama/", "ollama_chat/"))
        if not self._looked and not ollama:  # for Ollama's, litellm would ask some server itself
            self._looked = True  # its list does not change, and what is not in it takes long
            with contextlib.suppress(Exception):  # litellm raises plain Exception for "unknown"
                info = litellm.get_model_info(self._provider.litellm_name(litellm))
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
        litellm = await loading.prepare()
        try:
            litellm.get_llm_provider(self._provider.litellm_name(litellm))
        except Exception:  # noqa: BLE001 litellm raises anything
            return False
        return True

    async def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[Chunk, None]:
        """See `ChatModel.stream`."""
        await self.prepare()
        if not self._answers_whole:
            self._provider.without.discard("stream")
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
                if not started and self._provider.give_way(error):
                    continue
                failure = explain(error, self._provider.target, started)
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
        native, ended = self._habits.tools == "native", False
        reader = AnswerReader([] if native else [tool["function"]["name"] for tool in tools])
        response: Any = None
        try:
            stop = [f"\n{prompted.RESULT}"] if tools and self._habits.prompted else []
            call = self._provider.call(
                *self.sent(messages, tools), stop, self.max_wait + self.idle_timeout
            )
            response = await self._within(call, deadline, reader)
            if hasattr(response, "__anext__"):
                while True:
                    raw = await self._within(anext(response, None), deadline, reader)
                    if raw is None:
                        ended = True
                        break
                    if (chunk := reader.take(reading.piece(raw))) != Chunk():
                        yield chunk
                if (usage := reading.usage_of(response)) is not None:
                    yield reader.take(Chunk(usage=self._provider.priced(usage)))
                # litellm makes up a finish reason for a stream that has none
                finish = getattr(response, "received_finish_reason", "stop") or getattr(
                    response, "intermittent_finish_reason", None
                )
            else:
                chunk = reading.whole(response)
                finish = chunk.finish_reason
                yield reader.take(chunk)
                if (usage := getattr(response, "usage", None)) is not None:
                    yield reader.take(Chunk(usage=self._provider.priced(usage)))
            if (chunk := reader.end()) != Chunk():
                yield chunk
        finally:
            if not ended:
                await _close(response)
        self._conclude(reader, finish)
        if tools:
            self._habits.saw(called=reader.called, thought=reader.thought)

    def _conclude(self, reader: AnswerReader, finish: str | None) -> None:
        """Raises what an answer that came to its end still has wrong with it."""
        if finish == "content_filter":
            raise errors.filtered(self._provider.target)
        if not reader.bears:
            if "stream" in self._provider.without:
                raise errors.garbage(self._provider.target)
            self._provider.without.add("stream")  # it may be that this server answers in one piece
            raise NotStreamedError
        if finish:
            self._provider.without.discard("finish")
        elif "finish" in self._provider.without and not reader.called:
            finish = "stop"  # this server never says why it ends
        try:
            reader.check(finish)
        except BrokenOffError:
            self._provider.without |= {"finish"} if finish is None else set()
            raise
        self._answers_whole = "stream" in self._provider.without

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
                raise errors.idle(self._provider.target, self.idle_timeout) from None
            raise errors.too_slow(self._provider.target, self.max_wait, reader.bears) from None

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        """See `ChatModel.sent`: the provider may know no tools, or none that think."""
        if tools and self._habits.prompted:
            return prompted.rewrite(messages, tools), ()
        if tools and self._habits.inner:
            return inner.move(messages), inner.offer(tools)
        return messages, tools


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
