"""Settings that are not saved yet, tried out: what they lead to, or what is wrong with which."""

import asyncio
import re
import shutil
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain
from memtui.api.setup import (
    ArchiveAnswer,
    EmbeddingAnswer,
    Endpoint,
    ModelAnswer,
    ModelTrial,
    Place,
    Wrong,
)
from memtui.api.system import about
from memtui.archive import Archive
from memtui.config import Config, Entry
from memtui.embedding import is_local
from memtui.engine import indexes

if TYPE_CHECKING:
    from memtui.engine.engine import Engine
    from memtui.llm.remote import RemoteModel

LONGEST = 90.0
"""Seconds for an answer. A model on this machine may have to be loaded first."""

SAMPLES = 16
"""Passages that are embedded to see how fast that goes; each of about 1,000 characters."""

_HELLO = [{"role": "user", "content": "Say hello in one short sentence."}]
_CALL = [
    {"role": "system", "content": "You speak only by calling the function send_message."},
    {"role": "user", "content": "Say hello."},
]
_TOOL = {
    "type": "function",
    "function": {
        "name": "send_message",
        "description": "Sends a message to the user.",
        "parameters": {
            "type": "object",
            "properties": {"message": {"type": "string"}},
            "required": ["message"],
        },
    },
}
_ADVICE = re.compile(r"`memtui configure --set (?P<key>[\w.]+)=\S*`")


class Trials:
    """Nothing of it is saved, and what serves is not touched."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._settings = engine.settings

    async def models(self, endpoint: Endpoint) -> list[str]:
        """The names of models there; none when it does not say."""
        from memtui.llm import listing

        if endpoint.api_base:
            key = self._key("llm", endpoint)
            return await listing.served(endpoint.model, endpoint.api_base, key)
        provider = f"{endpoint.model.partition('/')[0]}/"
        names = await listing.known(f"{provider}x")
        return [name if "/" in name else provider + name for name in names]

    async def model(self, trial: ModelTrial) -> ModelAnswer:
        from memtui.llm.remote import RemoteModel

        def made(tools: str) -> "RemoteModel":
            return RemoteModel(
                trial.model,
                api_base=trial.api_base,
                api_key=self._key("llm", trial),
                key_of=trial.model,
                context_window=trial.context_window,
                max_wait=LONGEST,
                tools=tools,
            )

        model = made(trial.tools)
        try:
            await model.prepare()
            began = time.perf_counter()
            text, _ = await _ask(model, _HELLO, [])
            seconds = time.perf_counter() - began
        except MemtuiError as error:
            return ModelAnswer(wrong=beside(error, "llm.model"))
        answer = ModelAnswer(
            text=plain(text, 300).strip(),
            seconds=seconds,
            window=model.context_window,
            window_known=model.window_known,
        )
        if trial.tools == "prompt":
            answer.tools = "prompt"
            return answer
        try:
            _, called = await _ask(made("native"), _CALL, [_TOOL])
            answer.tools = "native" if called else "unused"
        except MemtuiError as error:
            if trial.tools == "native":
                answer.wrong = beside(error, "llm.tools")
            answer.tools = "prompt"
        return answer

    async def embedding(self, endpoint: Endpoint) -> EmbeddingAnswer:
        settings = self._with(
            {
                "embedding.model": endpoint.model,
                "embedding.api_base": endpoint.api_base,
                "embedding.api_key": self._key("embedding", endpoint),
            }
        )
        embedder = indexes.embedder_of(settings)
        try:
            dimension = await embedder.probe()
            await embedder.embed_query("Hello!")  # the first one takes longer than all others
            began = time.perf_counter()
            await embedder.embed_query("How are you today?")
            query = time.perf_counter() - began
            began = time.perf_counter()
            await embedder.embed(_samples())
            rate = SAMPLES / max(1e-6, time.perf_counter() - began)
            change = await self._reindex(settings, indexes.wanted(settings, embedder), rate)
            return EmbeddingAnswer(
                dimension=dimension, milliseconds=query * 1000, rate=rate, reindex=change
            )
        except MemtuiError as error:
            return EmbeddingAnswer(wrong=beside(error, "embedding.model"))
        finally:
            await embedder.close()

    async def archive(self, place: Place) -> ArchiveAnswer:
        parts = self._engine.parts
        token = place.token
        if token is None:
            ours = place.uri in ("", self._settings.text("archive.uri"))
            token = self._settings.text("archive.token") if ours else ""
        settings = self._with(
            {"archive.uri": place.uri, "archive.token": token, "archive.database": place.database}
        )
        spec = indexes.wanted(settings, parts.embedder)
        missing: Path | None = None  # the outermost folder that is made for this
        try:
            if spec.local and spec.same_place(parts.spec):
                archive: Archive = await parts.archive()  # only one may have it open
            else:
                archive = parts.another(spec, settings)
                missing = _first_missing(settings.archive_uri())
            version, collections = await asyncio.to_thread(archive.look)
            change = await self._reindex(settings, spec, 0.0)
        except MemtuiError as error:
            return ArchiveAnswer(wrong=beside(error, "archive.uri"))
        finally:
            if missing is not None:
                await asyncio.to_thread(shutil.rmtree, missing, ignore_errors=True)
        return ArchiveAnswer(version=version, collections=collections, reindex=change)

    async def _reindex(self, settings: Config, spec: indexes.Spec, rate: float) -> str:
        """What is to be indexed anew when these settings hold; `rate` is in passages a second."""
        parts = self._engine.parts
        if spec.same(parts.spec):
            return ""
        total, _ = await asyncio.to_thread(parts.record.passages.totals)
        if not total:
            return ""
        rate = rate or (indexes.threads(settings) * 15.0 if is_local(spec.model) else 0.0)
        took = f", {about(total / rate)}" if rate else ""
        return (
            f"All {total:,} passages are then to be indexed anew{took}: run "
            "`memtui reindex` (/reindex in the app). Until that is done, search goes on with what "
            "there is."
        )

    def _key(self, table: str, endpoint: Endpoint) -> str:
        """A saved key goes nowhere else than where it was saved for."""
        if endpoint.api_key is not None:
            return endpoint.api_key
        saved = self._settings
        provider = saved.text(f"{table}.model").partition("/")[0]
        same = (provider, saved.text(f"{table}.api_base")) == (
            endpoint.model.partition("/")[0],
            endpoint.api_base,
        )
        return saved.text(f"{table}.api_key") if same else ""

    def _with(self, changes: dict[str, str]) -> Config:
        entries = {key: Entry(value, "being tried") for key, value in changes.items()}
        return Config({**self._settings.entries, **entries})


def _first_missing(uri: str) -> Path | None:
    """The outermost folder that would have to be made for Milvus Lite there."""
    path = Path(uri)
    if "://" in uri or path.exists():
        return None
    return next((one for one in reversed([path, *path.parents]) if not one.exists()), None)


async def _ask(
    model: "RemoteModel", messages: list[dict[str, Any]], tools: list[dict[str, Any]]
) -> tuple[str, bool]:
    """What it says, and whether it called a tool."""
    text, called = "", False
    async with aclosing(model.stream(messages, tools)) as answer:
        async for chunk in answer:
            text = "" if chunk.restart else text + chunk.content
            called = called or bool(chunk.tool_calls)
    return text, called


def beside(error: MemtuiError, key: str) -> Wrong:
    """The error for a person who has the settings before him. `key` unless it names another."""
    sentence = str(error)
    named = _ADVICE.search(sentence)
    if named:
        key = named["key"]
    elif found := re.search(r"\b(archive|embedding|llm)\.(token|database|api_\w+|uri)", sentence):
        key = found[0]
    elif re.search(r"\bkey\b", sentence) and "." in key:
        key = f"{key.partition('.')[0]}.api_key"
    sentence = re.sub(r" with " + _ADVICE.pattern, " here", sentence)
    sentence = re.sub(r" with `memtui configure --show`", " here", sentence)
    sentence = sentence.replace("; text search works meanwhile", "")
    sentence = sentence.replace(" Send the message again", " Try again")
    return Wrong(key=key, sentence=sentence)


def _samples() -> list[str]:
    words = "The agent reads what is loaded and remembers where in which document it stood. "
    return [f"{number}. {words * 12}" for number in range(SAMPLES)]
