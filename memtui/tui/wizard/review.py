"""The last step: what will be written, and where; then it is."""

from collections.abc import Iterator
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from memtui import config, paths
from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.wizard.step import Step

_NAMES = {
    "model": "the language model", "embeddings": "the embeddings", "archive": "the archival memory",
}  # fmt: skip
_KEPT = (
    "a new one, kept in the system's keyring, or else in a file that only you can read; never in "
    "the configuration file"
)
_COLOURS = {"+": "$success", "-": "$error", " ": "$muted"}


class ReviewStep(Step):
    NAME: ClassVar = "review"
    TITLE: ClassVar = "Save this?"
    LEAD: ClassVar = "Until now nothing was written. The lines with + are added, those with - go."

    def above(self) -> Iterator[Widget]:
        yield Static("", id="difference", markup=False)
        yield Static("", id="notes", markup=False)
        yield Static("", id="unsaved", markup=False)

    def begin(self) -> None:
        self.query_one("#unsaved").display = False
        where = safe.line(fmt.path(str(paths.config_file())), "$muted", 200)
        try:
            lines = self.draft.difference()
        except config.ConfigError as error:
            self.fail(str(error))
            lines = []
        shown = [safe.line(line, _COLOURS.get(line[:1], ""), 300) for line in lines]
        if not shown:
            shown = [Content.styled("stays as it is", "$muted")]
        self.query_one("#difference", Static).update(Content("\n").join([where, *shown]))
        notes = [safe.text(text, style) for text, style in self._notes()]
        self.query_one("#notes", Static).update(Content("\n").join(notes))

    def _notes(self) -> Iterator[tuple[str, str]]:
        draft = self.draft
        for key, value in draft.changes().items():
            if config.declared(key).secret and value:
                yield f"{key}: {_KEPT}", "$foreground"
        for key in draft.outdated():
            yield f"{key}: the saved one was for another place and is removed", "$warning"
        for kind, name in draft.texts:
            yield f"{kind} {name}: saved with your text", "$foreground"
        for step in draft.untried():
            yield f"{_NAMES[step]} has not been tested", "$warning"
        for step, tried in draft.tried.items():
            if step != "model":
                yield from ((text, "$warning") for ok, text in tried.lines if not ok)
        for name in draft.overridden():
            yield f"{name} is set in this terminal and wins here", "$warning"

    def fail(self, sentence: str) -> None:
        shown = self.query_one("#unsaved", Static)
        shown.display = True
        shown.update(safe.text(sentence, "$error", 600))

    async def save(self) -> bool:
        """Write everything; False, and why is seen, when that cannot be."""
        from memtui.api.agents import Template

        try:
            client = await self.client()
            for (kind, name), text in self.draft.texts.items():
                await client.add_template(f"{kind}s", Template(name=name, text=text))
            await self.memtui.save_settings(self.draft.to_save())
            await client.reload()
        except (MemtuiError, config.ConfigError, OSError) as error:
            if self.here:
                self.fail(str(error))
            return False
        return True
