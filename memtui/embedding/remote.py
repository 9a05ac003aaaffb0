"""Any provider's embedding model, through litellm."""

import asyncio
import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memtui.api.errors import MemtuiError, ModelError, UnavailableError
from memtui.api.plain import plain_line
from memtui.embedding.slugs import slug_of

if TYPE_CHECKING:
    from memtui.embedding.port import Array

BATCH = 64
"""Texts in one request; every provider that litellm knows takes that many."""

BATCH_CHARACTERS = 100_000
"""In one request, unless a single text is longer: some providers limit its tokens."""

TIMEOUT = 30.0
"""Seconds for one attempt. litellm makes three with OpenAI's client, whatever it is told."""

WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further request after a rate limit or a server's error, when it does not
say how many. A question has one such attempt."""

LONGEST_WAIT = 60.0
"""Seconds that a provider is given when it asks for time."""

_TOO_LONG = re.compile(r"too (long|large|many)|maximum|max_|token|context|exceed", re.IGNORECASE)

SHORTEST = 500
"""Characters of a text that no model finds too long."""

_importing = threading.Lock()


def load_litellm() -> Any:
    """Import litellm (3–6 s): no network, no telemetry, nothing printed, no `.env` file read."""
    with _importing:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        os.environ.setdefault("LITELLM_LOG", "WARNING")
        os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
        import litellm

        litellm.telemetry = False
        litellm.suppress_debug_info = True
        litellm.drop_params = True
        for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
            # The null handler keeps logging's last resort, stderr, out of it.
            logging.getLogger(name).handlers = [logging.NullHandler()]
        return litellm


class LitellmEmbedder:
    """An embedding model by its litellm name, e.g. `openai/text-embedding-3-small`.

    `api_base` is for a server of one's own, `dimension` what the model is known to give, 0 when
    that is to be asked; at most `concurrency` requests of bulk work go at the same time. Requests
    run in threads: the first import of litellm takes seconds. Calls raise ModelError, and
    UnavailableError for what may pass; the key is in none of their sentences.
    """

    def __init__(
        self,
        model: str,
        api_base: str = "",
        api_key: str = "",
        dimension: int = 0,
        concurrency: int = 4,
    ) -> None:
        self.model = model
        self.slug = slug_of(model)
        self.dimension = dimension
        self.at_once = BATCH * concurrency
        self.tokens = 0
        self._api_base = api_base
        self._api_key = api_key
        self._closed = False
        self._slots = asyncio.Semaphore(concurrency)
        self._resume_at = 0.0  # when the provider takes requests again (monotonic)

    async def probe(self) -> int:
        """Ask the model for one vector, once, and count its numbers."""
        if not self.dimension:
            await self.embed_query("dimension")
        return self.dimension

    async def embed(self, texts: Sequence[str]) -> "Array":
        """float32 (len(texts), dimension), rows of length 1."""
        import numpy as np

        made = np.zeros((len(texts), self.dimension), dtype=np.float32)
        batches = _batches(texts)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._request([texts[i] for i in batch], WAITS, bulk=True))
                    for batch in batches
                ]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        for batch, task in zip(batches, tasks, strict=True):
            if made.shape[1] != self.dimension:
                made = np.zeros((len(texts), self.dimension), dtype=np.float32)
            made[batch] = task.result()
        return made

    async def embed_query(self, text: str) -> "Array":
        """float32 (dimension,), length 1: a request of its own, which waits for no others."""
        vector: Array = (await self._request([text], WAITS[:1], bulk=False))[0]
        return vector

    def set_threads(self, count: int) -> None:
        """Nothing: the work is done elsewhere."""

    async def close(self) -> None:
        self._closed = True

    async def _request(self, texts: Sequence[str], waits: Sequence[float], bulk: bool) -> "Array":
        for wait in (*waits, None):
            if self._closed:
                raise ModelError("The embedder was stopped. Try again.")
            try:
                async with self._slots if bulk else contextlib.nullcontext():
                    if bulk:
                        await asyncio.sleep(self._resume_at - time.monotonic())
                    reply = await asyncio.to_thread(self._call, texts)
            except Exception as error:  # noqa: BLE001 - litellm raises many unrelated kinds
                if (parts := _shorter(texts, error)) is not None:
                    return await self._in_parts(parts, bulk)
                if wait is None or not _may_pass(error):
                    raise self._error(error) from None
                asked = _retry_after(error)
                pause = wait if asked is None else min(asked, LONGEST_WAIT)
                if getattr(error, "status_code", 0) == 429:  # it holds for all of them
                    self._resume_at = max(self._resume_at, time.monotonic() + pause)
                if not bulk:
                    pause = min(pause, wait)  # somebody waits for the answer
                await asyncio.sleep(pause)
            else:
                return self._vectors(reply, len(texts))
        raise AssertionError

    async def _in_parts(self, parts: Sequence[Sequence[str]], bulk: bool) -> "Array":
        import numpy as np

        return np.concatenate([await self._request(part, WAITS, bulk) for part in parts])

    def _call(self, texts: Sequence[str]) -> Any:
        litellm = load_litellm()
        options: dict[str, Any] = {}
        if self._api_base:
            options["api_base"] = self._api_base
        if self._api_key:
            options["api_key"] = self._api_key
        elif self._api_base and "OPENAI_API_KEY" not in os.environ:
            options["api_key"] = "none"  # own servers want none, the library wants one
        return litellm.embedding(
            model=self.model,
            # Providers refuse empty texts, and with them the whole batch.
            input=[text.encode("utf-8", "replace").decode() or " " for text in texts],
            timeout=TIMEOUT,
            encoding_format="float",
            **options,
        )

    def _vectors(self, reply: Any, count: int) -> "Array":
        import numpy as np

        try:
            items = sorted(reply["data"], key=lambda item: int(item["index"]))
            vectors = np.array([item["embedding"] for item in items], dtype=np.float32)
        except (KeyError, TypeError, ValueError):
            vectors = np.zeros((0, 0), dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
            raise ModelError(
                f"The answer of {self._place()} is not what an embedding model answers. Check "
                "that embedding.model names one, and embedding.api_base."
            )
        if self.dimension not in (0, vectors.shape[1]):
            raise ModelError(
                f"{self.model} now gives vectors of {vectors.shape[1]} numbers, and gave "
                f"{self.dimension} before: it is another model. Run `memtui reindex`."
            )
        self.dimension = int(vectors.shape[1])
        with contextlib.suppress(KeyError, TypeError, ValueError):
            self.tokens += int(reply["usage"]["prompt_tokens"])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        normalised: Array = vectors / np.maximum(lengths, 1e-12)
        return normalised

    def _place(self) -> str:
        return f"{self.model} at {self._api_base}" if self._api_base else self.model

    def _error(self, error: Exception) -> MemtuiError:
        kind = UnavailableError if _may_pass(error) else ModelError
        return kind(self._sentence(error))

    def _sentence(self, error: Exception) -> str:
        place, text, name = self._place(), str(error), type(error).__name__
        status = getattr(error, "status_code", 0)
        causes = _names(error)
        if "LLM Provider NOT provided" in text:
            return (
                f"{self.model!r} names no provider that memtui knows. Write it as provider/model, "
                f"e.g. `memtui configure --set embedding.model=openai/{self.model}`."
            )
        if status in (401, 403) or "api_key" in text:
            return (
                f"The embedding model {place} refused the key, or there is none. Set it with "
                "`memtui configure --set embedding.api_key=…`."
            )
        if "Timeout" in name:
            return (
                f"The embedding model {place} did not answer within {TIMEOUT:g} seconds. Try "
                "again, or choose another with `memtui configure --set embedding.model=…`."
            )
        if causes & {"ConnectError", "APIConnectionError", "ConnectionRefusedError"}:
            return (
                f"No connection to the embedding model {place}. Start its server, or check the "
                "network and embedding.api_base with `memtui configure --show`."
            )
        if status == 404:
            return (
                f"The embedding model {place} is not known there. Choose another with "
                "`memtui configure --set embedding.model=…`, or check embedding.api_base."
            )
        if status == 429:
            return f"The embedding model {place} gets too many requests. Try again in a minute."
        return (
            f"The embedding model {place} answered with an error: {self._quote(text)}. Check "
            "embedding.model and embedding.api_base with `memtui configure --show`."
        )

    def _quote(self, text: str) -> str:
        """What a server said: one line, without the key or anything that looks like one."""
        if self._api_key:
            text = text.replace(self._api_key, "…")
        return plain_line(re.sub(r"\b(sk|pk|key|gsk|xai)[-_][\w*-]{6,}", "…", text), 200).rstrip(
            "."
        )


def _batches(texts: Sequence[str]) -> list[list[int]]:
    """The places of the texts for each request. Texts of about the same length go together:
    servers pad each to the longest of its batch."""
    batches: list[list[int]] = []
    room = 0
    for place in sorted(range(len(texts)), key=lambda i: -len(texts[i])):
        size = len(texts[place])
        if not batches or len(batches[-1]) == BATCH or room < size:
            batches.append([])
            room = BATCH_CHARACTERS
        batches[-1].append(place)
        room -= size
    return batches


def _shorter(texts: Sequence[str], error: Exception) -> list[Sequence[str]] | None:
    """What to ask for instead when the model found `texts` too long: each half of them, or the
    beginning of the only one. None for another error, or when nothing is left to shorten."""
    status = getattr(error, "status_code", 0)
    if status not in (400, 413, 422) or not _TOO_LONG.search(str(error)):
        return None
    if len(texts) > 1 and sum(map(len, texts)) > SHORTEST:
        return [texts[: len(texts) // 2], texts[len(texts) // 2 :]]
    if len(texts[0]) > SHORTEST:
        return [[texts[0][: len(texts[0]) // 2]]]
    return None


def _may_pass(error: Exception) -> bool:
    """Whether the same request may be answered some time later."""
    status = getattr(error, "status_code", 0) or 0
    # litellm gives a lost connection the status 500, and a missing key too.
    return status in (408, 429) or (status >= 500 and "api_key" not in str(error))


def _retry_after(error: Exception) -> float | None:
    """The seconds that a provider asks for."""
    headers = getattr(error, "litellm_response_headers", None) or {}
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(headers["retry-after"])) if "retry-after" in headers else None
    return None


def _names(error: BaseException | None) -> set[str]:
    """The class names of `error` and of everything that caused it."""
    names: set[str] = set()
    while error is not None and len(names) < 20:
        names.add(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names
