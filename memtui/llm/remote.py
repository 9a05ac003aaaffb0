"""Any provider's model, through litellm.

litellm takes seconds to import, so that happens once, in a thread, on `prepare` or the first call.
Retries and time-outs are our own: litellm's are not honoured everywhere.
"""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from memtui.api.agents import Usage
from memtui.api.errors import ModelError
from memtui.llm.chunk import Chunk, ToolCallPart
from memtui.llm.errors import Target, explain, garbage, rejects, too_slow
from memtui.llm.lighten import lighten
from memtui.llm.thinking import ThinkingSplitter

DEFAULT_WINDOW = 8192
"""Tokens, for a model whose context window is neither configured nor known to litellm."""

RETRIES = {429: 4, 500: 2}
"""Further attempts after a rate limit, and after a server's error, before the first token."""

BACKOFF = 0.5
"""Seconds before the first further attempt; doubled for each that follows."""

_import = threading.Lock()
_prepared = False


def load_litellm() -> Any:
    """Import litellm quietly: no network, no telemetry, nothing printed. Takes 5–10 s once."""
    global _prepared
    with _import:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        os.environ.setdefault("LITELLM_LOG", "WARNING")
        import litellm

        if not _prepared:
            litellm.telemetry = False
            litellm.suppress_debug_info = True
            litellm.disable_hf_tokenizer_download = True
            litellm.disable_aiohttp_transport = True  # httpx closes its connections on cancel
            litellm.drop_params = True
            for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
                logger = logging.getLogger(name)
                # The null handler keeps logging's last resort, stderr, out of it.
                logger.handlers = [logging.NullHandler()]
                logger.setLevel(logging.WARNING)
            for name in ("httpx", "httpcore", "openai"):
                logging.getLogger(name).setLevel(logging.WARNING)  # they log addresses with keys
            lighten(litellm)
            _warm(litellm)
            _prepared = True
        return litellm


def _warm(litellm: Any) -> None:
    """Do now what litellm would import during the first call, where it held up the event loop
    for 3 s. The answer is made up by litellm: nothing is sent.
    """
    with contextlib.suppress(Exception):
        import httpcore  # noqa: F401
        import openai.resources.chat.completions  # noqa: F401

        tool = {"type": "function", "function": {"name": "x", "parameters": {"type": "object"}}}
        for _ in litellm.completion(
            model="openai/x",
            messages=[{"role": "user", "content": "x"}],
            tools=[tool],
            stream=True,
            api_key="none",
            mock_response="x",
        ):
            pass


async def prepare() -> None:
    """Import litellm in a thread, so that the first call need not wait for it."""
    await asyncio.to_thread(load_litellm)


class RemoteModel:
    """A model of any litellm provider, or of an OpenAI-compatible server at `api_base`.

    With an `api_base`, a name without a known provider is an OpenAI-compatible one, and a key
    from the environment is never sent there. `context_window` is in tokens (0: ask litellm, known
    after `prepare`; else DEFAULT_WINDOW), `idle_timeout` and `max_wait` (to the first token) in
    seconds.
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
    ) -> None:
        self.name = model
        self.idle_timeout = idle_timeout
        self.max_wait = max_wait
        self._api_base = api_base
        self._api_key = api_key
        self._window = context_window
        self._target = Target(model, api_base, api_key)
        self._without: set[str] = set()  # optional parameters this server has refused

    @property
    def context_window(self) -> int:
        return self._window or DEFAULT_WINDOW

    async def prepare(self) -> None:
        litellm = await asyncio.to_thread(load_litellm)
        if not self._window:
            with contextlib.suppress(Exception):  # litellm raises plain Exception for "unknown"
                info = litellm.get_model_info(self._litellm_name(litellm))
                self._window = int(info.get("max_input_tokens") or info.get("max_tokens") or 0)

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
        splitter = ThinkingSplitter()
        response, raw = await self._open(list(messages), list(tools))
        something = False
        try:
            while raw is not None:
                chunk = _chunk(raw, splitter)
                if chunk != Chunk():
                    something = something or _bears(chunk)
                    yield chunk
                raw = await self._next(response)
            content, reasoning = splitter.end()
            if content or reasoning:
                something = True
                yield Chunk(content=content, reasoning=reasoning)
            if not something:
                raise garbage(self._target)
        finally:
            await _close(response)

    async def _next(self, response: Any) -> Any | None:
        """The next raw chunk of an answer that has begun; None at its end."""
        try:
            return await asyncio.wait_for(anext(response, None), self.idle_timeout)
        except TimeoutError:
            raise too_slow(self._target, self.idle_timeout, started=True) from None
        except Exception as error:  # noqa: BLE001 litellm raises anything
            raise explain(error, self._target, started=True).error from None

    async def _open(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]
    ) -> tuple[Any, Any | None]:
        """Call until the first chunk that bears something; returns the stream and that chunk."""
        deadline = asyncio.get_running_loop().time() + self.max_wait
        attempt = 0
        while True:
            response: Any = None
            try:
                async with asyncio.timeout_at(deadline):
                    response = await self._call(messages, tools)
                    while (raw := await anext(response, None)) is not None and not _begins(raw):
                        pass
                    return response, raw
            except TimeoutError:
                await _close(response)
                raise too_slow(self._target, self.max_wait, started=False) from None
            except asyncio.CancelledError:
                await _close(response)
                raise
            except Exception as error:  # noqa: BLE001 litellm raises anything
                await _close(response)
                if self._give_way(error):
                    continue
                failure = explain(error, self._target, started=False)
            delay = min(BACKOFF * 2**attempt, 8.0) if failure.after is None else failure.after
            limit = RETRIES[429 if "429" in str(failure.error) else 500]
            late = asyncio.get_running_loop().time() + delay >= deadline
            if not failure.retry or attempt >= limit or late:
                raise failure.error from None
            attempt += 1
            await asyncio.sleep(delay)

    async def _call(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Any:
        litellm = load_litellm()
        options: dict[str, Any] = {}
        if tools:
            options["tools"] = tools
            if "tool_choice" not in self._without:
                options["tool_choice"] = "auto"
        if "stream_options" not in self._without:
            options["stream_options"] = {"include_usage": True}
        if self._api_base:
            options["api_base"] = self._api_base
        if key := self._api_key or ("none" if self._api_base else ""):
            options["api_key"] = key
        return await litellm.acompletion(
            model=self._litellm_name(litellm),
            messages=messages,
            stream=True,
            num_retries=0,
            max_retries=0,
            timeout=self.max_wait + self.idle_timeout,
            **options,
        )

    def _give_way(self, error: Exception) -> bool:
        """Whether to ask again without an optional parameter that the server refuses."""
        for parameter in ("stream_options", "tool_choice"):
            if parameter not in self._without and rejects(error, parameter):
                self._without.add(parameter)
                return True
        return False

    def _litellm_name(self, litellm: Any) -> str:
        provider, slash, _ = self.name.partition("/")
        known = slash and provider in {str(getattr(p, "value", p)) for p in litellm.provider_list}
        return self.name if known or not self._api_base else f"openai/{self.name}"


async def _close(response: Any) -> None:
    """Hang up: the provider must not go on generating for nobody."""
    if response is not None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(response.aclose(), 1.0)


def _delta(raw: Any) -> Any | None:
    choices = getattr(raw, "choices", None)
    return choices[0].delta if choices else None


def _begins(raw: Any) -> bool:
    """Whether this is the first chunk to bear anything (the role chunk does not)."""
    delta = _delta(raw)
    return bool(
        delta is None
        or delta.content
        or getattr(delta, "reasoning_content", None)
        or getattr(delta, "tool_calls", None)
        or raw.choices[0].finish_reason
    )


def _bears(chunk: Chunk) -> bool:
    return bool(chunk.content or chunk.reasoning or chunk.tool_calls or chunk.usage)


def _chunk(raw: Any, splitter: ThinkingSplitter) -> Chunk:
    """A litellm chunk as ours. Raises ModelError when it is not shaped like one."""
    try:
        usage = getattr(raw, "usage", None)
        delta = _delta(raw)
        content, reasoning = splitter.feed(delta.content or "") if delta else ("", "")
        parts = [
            ToolCallPart(
                index=part.index or 0,
                id=part.id or "",
                name=part.function.name or "",
                arguments=part.function.arguments or "",
            )
            for part in (getattr(delta, "tool_calls", None) or [])
        ]
        return Chunk(
            content=content,
            reasoning=(getattr(delta, "reasoning_content", None) or "") + reasoning,
            tool_calls=tuple(parts),
            usage=usage
            and Usage(
                prompt_tokens=usage.prompt_tokens or 0,
                completion_tokens=usage.completion_tokens or 0,
            ),
            finish_reason=raw.choices[0].finish_reason if raw.choices else None,
        )
    except (AttributeError, TypeError, IndexError):
        raise ModelError("The model sent a piece of an answer that makes no sense.") from None
