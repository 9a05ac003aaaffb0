"""The language model an agent names: the offline reader, the configured one, a `[models.NAME]`.

Their modules are imported when one is asked for: the engine's first answer does not wait for them.
"""

import os
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from memtui import config
from memtui.agent.calibration import Calibration
from memtui.api.errors import ModelError, NotFoundError, UsageError
from memtui.api.history import ModelName
from memtui.llm.chunk import ChatModel
from memtui.search import terms

if TYPE_CHECKING:
    from memtui.llm.offline import OfflineReader


@dataclass(frozen=True)
class _Settings:
    """What makes a remote model; equal settings share one."""

    model: str
    api_base: str
    api_key: str
    key_of: str
    context_window: int
    idle_timeout: float
    max_wait: float
    table: str
    tools: str


class Models:
    """Makes the models from the settings, once each, and again when the settings change."""

    def __init__(self, settings: config.Config) -> None:
        self.settings = settings
        self._made: dict[_Settings, ChatModel] = {}
        self._offline: ChatModel | None = None
        self._calibrations: dict[ChatModel, Calibration] = {}

    def get(self, name: str | None) -> ChatModel:
        """The model behind an agent's `model`; None is the configured one."""
        table = "llm"
        if name in self.settings.models():
            table, name = f"models.{name}", None
        model = name or self.settings.text(f"{table}.model")
        if model == "offline":
            return self._reader()
        wanted = _Settings(
            model,
            self.settings.text(f"{table}.api_base"),
            self.settings.text(f"{table}.api_key"),
            self.settings.text(f"{table}.model"),
            int(self.settings.number(f"{table}.context_window")),
            self.settings.number(f"{table}.idle_timeout"),
            self.settings.number(f"{table}.max_wait"),
            table,
            self.settings.text(f"{table}.tools"),
        )
        if wanted not in self._made:
            from memtui.llm.remote import RemoteModel

            self._made[wanted] = RemoteModel(**asdict(wanted))
        return self._made[wanted]

    def _reader(self) -> ChatModel:
        if self._offline is None:
            self._offline = offline_reader()
        return self._offline

    def calibration(self, model: ChatModel) -> Calibration:
        """What was learned of how it counts tokens, as long as the engine runs."""
        return self._calibrations.setdefault(model, Calibration())

    async def check(self, name: str) -> None:
        """Raises UsageError when `name` cannot be a model, NotFoundError when no provider has it.

        Only a name that is not in the settings takes litellm, and so some seconds, to judge.
        """
        if not name.strip() or not name.isprintable():
            raise UsageError("The name of a model is 'offline' or a litellm name like 'gpt-4o'.")
        if name in ("offline", self.name(), *self.settings.models()):
            return
        from memtui.llm.remote import RemoteModel

        model = self.get(name)
        if isinstance(model, RemoteModel) and not await model.has_provider():
            named = ", ".join(["offline", *self.settings.models()])
            raise NotFoundError(
                f"{name!r} names no model that memtui knows. Write a litellm name as "
                f"provider/model, or one of your own: {named}. For a server of your own, set "
                "llm.api_base first."
            )

    async def try_out(self, name: str) -> None:
        """Ask it for a word. Raises ModelError with the reason when it does not answer."""
        model = self.get(name)
        if model.offline:
            return
        try:
            answer = model.stream([{"role": "user", "content": "Answer with the word: yes"}], [])
            async with aclosing(answer):
                async for chunk in answer:
                    if not chunk.waiting:
                        break
        except ModelError as error:
            raise ModelError(f"{name} was not taken: it does not answer. {error}") from None

    async def choices(self) -> list[ModelName]:
        """Models to choose from, each once. Only the configured server is asked for its list."""
        from memtui.llm import listing

        settings, model = self.settings, self.name()
        found = [ModelName(name="offline", detail="quotes documents, no language model")]
        if model != "offline":
            found.append(ModelName(name=model, detail="configured"))
        for name in settings.models():
            found.append(ModelName(name=name, detail=settings.text(f"models.{name}.model")))
        base = settings.text("llm.api_base")
        if model != "offline" and base:
            served = await listing.served(model, base, settings.text("llm.api_key"))
            found += [ModelName(name=name, detail=f"at {base}") for name in served]
        if (model != "offline" and not base) or any(
            name.endswith("_API_KEY") for name in os.environ
        ):
            known = await listing.known(model)
            found += [ModelName(name=name, detail="its provider has a key") for name in known]
        first: dict[str, ModelName] = {}
        for one in found:
            first.setdefault(one.name, one)
        return list(first.values())

    def name(self) -> str:
        return self.settings.text("llm.model")

    async def prepare(self) -> None:
        """Import what the chosen model needs, in the background: it takes seconds and memory,
        so nobody pays who has chosen none."""
        tables = ["llm", *(f"models.{name}" for name in self.settings.models())]
        if any(self.settings.text(f"{table}.model") != "offline" for table in tables):
            from memtui.llm.loading import prepare

            await prepare()


def _all_terms(text: str) -> list[str]:
    return terms.index_terms(text).split()


def offline_reader() -> "OfflineReader":
    """The offline reader with the terms of the search."""
    from memtui.llm.offline import OfflineReader

    return OfflineReader(terms.query_terms, _all_terms)
