"""The model that turns passages into vectors."""

from typing import TYPE_CHECKING, ClassVar

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.wizard.choices import ChoiceStep, Way
from memtui.tui.wizard.draft import Tried

if TYPE_CHECKING:
    from memtui.api.setup import Wrong


class EmbeddingsStep(ChoiceStep):
    NAME: ClassVar = "embeddings"
    TITLE: ClassVar = "What makes passages findable by meaning?"
    LEAD: ClassVar = (
        "The built-in model works offline and is made for English; others may be better for your "
        "language. Text is also found by its words, always."
    )
    TESTS: ClassVar = True
    FIELDS: ClassVar = (
        ("embedding.model", "Model", "builtin"),
        ("embedding.api_base", "Address", "only for a server of your own"),
        ("embedding.api_key", "Key", "none"),
    )

    def ways(self) -> list[Way]:
        ways = [
            Way("built in: MiniLM", "384 numbers a passage, on this machine", {
                "embedding.model": "builtin", "embedding.api_base": ""}),
        ]  # fmt: skip
        found = self.draft.found
        for key in found.keys if found is not None else ():
            if key.provider == "openai":
                ways.append(Way("OpenAI", f"with {key.variable} of the environment", {
                    "embedding.model": "openai/text-embedding-3-small",
                    "embedding.api_base": ""}))  # fmt: skip
        for server in found.servers if found is not None else ():
            for name in server.models:
                if "embed" in name:
                    values = {
                        "embedding.model": name.replace("ollama_chat/", "ollama/", 1),
                        "embedding.api_base": server.api_base,
                    }
                    title = name.partition("/")[2]
                    ways.append(Way(title, f"{server.name} on this machine", values))
        return [*ways, Way("another", "a litellm name, or the folder of an ONNX model", {})]

    async def probe(self) -> "tuple[Tried | None, Wrong | None]":
        from memtui.api.setup import Endpoint

        answer = await (await self.client()).try_embedding(
            Endpoint(
                model=self.draft.get("embedding.model").strip(),
                api_base=self.draft.get("embedding.api_base").strip(),
                api_key=self.draft.key_for("embedding.api_key"),
            )
        )
        if answer.wrong is not None:
            return None, answer.wrong
        lines = [
            (True, f"{answer.dimension:,} numbers in a vector"),
            (True, f"a question takes {fmt.milliseconds(answer.milliseconds)}, a load embeds "
                   f"about {speed(answer.rate)} passages a second"),
        ]  # fmt: skip
        if answer.reindex:
            lines.append((False, plain_line(answer.reindex, 400)))
        return Tried(tuple(lines)), None


def speed(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
