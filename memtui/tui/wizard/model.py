"""The language model: what is found on this machine, a name, or none."""

from typing import TYPE_CHECKING, ClassVar

from textual.suggester import SuggestFromList

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.wizard.choices import ChoiceStep, Way
from memtui.tui.wizard.draft import Tried
from memtui.tui.wizard.field import Field

if TYPE_CHECKING:
    from memtui.api.setup import ModelAnswer, Wrong

PORTS: dict[str, int] = {}
"""Where tests have their servers; every other kind is looked for where it usually is."""

_TOOLS = {
    "native": (True, "calls tools by itself"),
    "prompt": (True, "takes no tools: memtui describes them in the prompt"),
    "unused": (False, "was offered a tool and did not call it: as an agent it may disappoint"),
}


class ModelStep(ChoiceStep):
    NAME: ClassVar = "model"
    TITLE: ClassVar = "Which language model?"
    LEAD: ClassVar = (
        "An agent thinks with it. Without one, the offline reader answers with quotations from "
        "your documents, and nothing leaves this machine."
    )
    TESTS: ClassVar = True
    FIELDS: ClassVar = (
        ("llm.model", "Model", "offline, openai/gpt-4o-mini, ollama_chat/llama3.1 …"),
        ("llm.api_base", "Address", "only for a server of your own: http://localhost:8000/v1"),
        ("llm.api_key", "Key", "none"),
        ("llm.context_window", "Window", "tokens; when it is empty, the provider is asked"),
    )
    _asked = ""

    def ways(self) -> list[Way]:
        ways = [Way("none", "the offline reader", {"llm.model": "offline", "llm.api_base": ""})]
        found = self.draft.found
        for server in found.servers if found is not None else ():
            for name in server.models:
                if "embed" in name:  # which only the next step can use
                    continue
                here = f"{server.name} at {server.api_base.removeprefix('http://')}"
                ways.append(Way(name.partition("/")[2], here, {
                    "llm.model": name, "llm.api_base": server.api_base}))  # fmt: skip
        for key in found.keys if found is not None else ():
            ways.append(Way(f"{key.provider}/…", f"{key.variable} is in the environment", {
                "llm.model": f"{key.provider}/", "llm.api_base": ""}))  # fmt: skip
        return [*ways, Way("another", "any litellm name, or an OpenAI-compatible server", {})]

    def is_chosen(self, way: Way) -> bool:
        model = self.draft.get("llm.model").strip()
        if way.title.endswith("/…"):
            local = self.draft.get("llm.api_base").strip()
            return not local and model.startswith(way.title.removesuffix("…"))
        if way.values:
            return super().is_chosen(way)
        return not any(self.is_chosen(other) for other in self._shown if other.title != "another")

    def waiting(self) -> list[str]:
        if self.draft.found is None:
            return ["looking for Ollama, LM Studio, llama.cpp and vLLM on this machine …"]
        if not self.draft.found.servers:
            return ["no Ollama, LM Studio, llama.cpp or vLLM runs on its usual port here"]
        return []

    def begin(self) -> None:
        super().begin()
        self.memtui.do(self._discover(), "discover")  # again each time: one may run by now

    async def _discover(self) -> None:
        from memtui.api.setup import Found

        try:
            self.draft.found = await (await self.client()).discover(PORTS)
        except MemtuiError:
            self.draft.found = Found()
            raise
        finally:
            if self.here:
                self.show_ways()

    def changed(self, key: str) -> None:
        super().changed(key)
        if key == "llm.model":
            provider, slash, _ = self.draft.get("llm.model").partition("/")
            known = {one.provider for one in self.draft.found.keys} if self.draft.found else set()
            if slash and provider in known and provider != self._asked:
                self._asked = provider
                self.memtui.do(self._suggest(provider), "models")

    async def _suggest(self, provider: str) -> None:
        """The provider's models, completed as one types; → takes what is seen."""
        from memtui.api.setup import Endpoint

        names = await (await self.client()).models_at(Endpoint(model=f"{provider}/"))
        if self.here:
            clean = [plain_line(name, 200) for name in names]
            self.query(Field).first().input.suggester = SuggestFromList(clean)

    async def probe(self) -> "tuple[Tried | None, Wrong | None]":
        from memtui.api.setup import ModelTrial

        model = self.draft.get("llm.model").strip()
        if model == "offline":
            return Tried(((True, "the offline reader needs nothing, and nobody"),)), None
        answer = await (await self.client()).try_model(
            ModelTrial(
                model=model,
                api_base=self.draft.get("llm.api_base").strip(),
                api_key=self.draft.key_for("llm.api_key"),
                context_window=int(self.draft.get("llm.context_window").strip()),
            )
        )
        if answer.wrong is not None:
            return None, answer.wrong
        return Tried(lines(answer)), None


def lines(answer: "ModelAnswer") -> tuple[tuple[bool, str], ...]:
    said = plain_line(answer.text, 120)
    window = f"context window of {fmt.count(answer.window)} tokens"
    if not answer.window_known:
        window += ", assumed: nobody says. Set it above if you know better"
    return (
        (bool(said), f"“{said}” after {fmt.duration(answer.seconds)}" if said else "said nothing"),
        *([_TOOLS[answer.tools]] if answer.tools else []),
        (answer.window_known, window),
    )
