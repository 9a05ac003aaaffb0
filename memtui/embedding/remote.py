"""Any provider's embedding model, through litellm."""

import asyncio
import logging
import os
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memtui.api.errors import ModelError
from memtui.api.plain import plain_line

if TYPE_CHECKING:
    from memtui.embedding.port import Array

BATCH = 64
"""Texts in one request; every provider that litellm knows takes that many."""

TIMEOUT = 30.0
"""Seconds for one attempt. litellm makes three with OpenAI's client, whatever it is told."""

WAITS = (3.0,)
"""Seconds before each further request after a rate limit or a server's error."""

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

    `api_base` is for a server of one's own. Requests run in threads: the first import of litellm
    takes seconds. All calls raise ModelError; the key is in none of its sentences.
    """

    def __init__(self, model: str, api_base: str = "", api_key: str = "") -> None:
        self.model = model
        self.slug = re.sub(r"[^a-z0-9]+", "_", model.lower()).strip("_")[:80] or "model"
        self.dimension = 0
        self._api_base = api_base
        self._api_key = api_key
        self._closed = False

    async def probe(self) -> int:
        """Ask the model for one vector, once, and count its numbers. Raises ModelError."""
        if not self.dimension:
            await self.embed(["dimension"])
        return self.dimension

    async def embed(self, texts: Sequence[str]) -> "Array":
        """float32 (len(texts), dimension), rows of length 1. Raises ModelError."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([await self._request(batch) for batch in batches])

    async def embed_query(self, text: str) -> "Array":
        """float32 (dimension,), length 1: a request of its own. Raises ModelError."""
        vector: Array = (await self.embed([text]))[0]
        return vector

    def set_threads(self, count: int) -> None:
        """Nothing: the work is done elsewhere."""

    async def close(self) -> None:
        self._closed = True

    async def _request(self, texts: Sequence[str]) -> "Array":
        for wait in (*WAITS, None):
            if self._closed:
                raise ModelError("The embedder was stopped. Try again.")
            try:
                reply = await asyncio.to_thread(self._call, texts)
            except Exception as error:  # noqa: BLE001 - litellm raises many unrelated kinds
                status = getattr(error, "status_code", 0)
                if wait is None or not (status == 429 or 500 < status < 600):
                    raise ModelError(self._sentence(error)) from None
                await asyncio.sleep(wait)
            else:
                return self._vectors(reply, len(texts))
        raise AssertionError

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
                f"{self.dimension} before: it is another model. Restart the engine."
            )
        self.dimension = int(vectors.shape[1])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        normalised: Array = vectors / np.maximum(lengths, 1e-12)
        return normalised

    def _place(self) -> str:
        return f"{self.model} at {self._api_base}" if self._api_base else self.model

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


def _names(error: BaseException | None) -> set[str]:
    """The class names of `error` and of everything that caused it."""
    names: set[str] = set()
    while error is not None and len(names) < 20:
        names.add(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names
