"""Who a new agent is, and what it knows about the user: chosen, read and edited."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, TextArea
from textual.widgets.option_list import Option

from memtui.api.plain import plain
from memtui.tui import safe
from memtui.tui.wizard.step import Step

if TYPE_CHECKING:
    from memtui.api.agents import Template

KINDS = (("persona", "personas"), ("human", "humans"))


class AgentStep(Step):
    _at: "tuple[str, str] | None" = None
    NAME: ClassVar = "agent"
    TITLE: ClassVar = "Who is a new agent?"
    LEAD: ClassVar = (
        "Its persona, and what it knows about you to begin with. It edits both as it learns. "
        "Enter chooses; what you write on the right becomes yours."
    )

    def above(self) -> Iterator[Widget]:
        with Horizontal(id="agent-both"):
            yield OptionList(id="templates", compact=True, markup=False)
            yield TextArea(
                "", id="template-text", soft_wrap=True, compact=True, tab_behavior="focus"
            )

    def begin(self) -> None:
        self._templates: dict[tuple[str, str], Template] = {}
        self._rows: list[tuple[str, str] | None] = []
        self._at = None
        self.query_one("#templates", OptionList).add_option(
            Option(Content.styled("reading …", "$muted"), disabled=True)
        )
        self.screen.set_focus(self.query_one("#templates"))
        self.memtui.do(self._read(), "templates")

    async def _read(self) -> None:
        client = await self.client()
        for kind, plural in KINDS:
            for template in await client.templates(plural):
                self._templates[kind, template.name] = template
        if self.here:
            self._fill()

    def _fill(self) -> None:
        options = self.query_one("#templates", OptionList)
        at = options.highlighted
        options.clear_options()
        self._rows = []
        for kind, plural in KINDS:
            self._rows.append(None)
            options.add_option(Option(Content.styled(plural, "$muted"), disabled=True))
            for key in self._templates:
                if key[0] == kind:
                    self._rows.append(key)
                    options.add_option(Option(self._line(key)))
        chosen = ("persona", self.draft.get("agent.persona"))
        options.highlighted = at if at else self._rows.index(chosen) if chosen in self._rows else 1

    def _line(self, key: tuple[str, str]) -> Content:
        kind, name = key
        on = self.draft.get(f"agent.{kind}") == name
        mark = ("● ", "$accent") if on else ("○ ", "$muted")
        edited = Content.styled(" edited", "$accent") if key in self.draft.texts else Content("")
        return Content.styled(*mark) + safe.line(name, "", 24) + edited

    @on(OptionList.OptionHighlighted, "#templates")
    def seen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        key = self._rows[event.option_index] if event.option_index < len(self._rows) else None
        if key is not None and key != self._at:
            self._at = key
            text = self.draft.texts.get(key, self._templates[key].text)
            self.query_one("#template-text", TextArea).text = plain(text, 20_000)

    @on(OptionList.OptionSelected, "#templates")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if key := self._rows[event.option_index]:
            self.draft.put(f"agent.{key[0]}", key[1])
            self._fill()

    @on(TextArea.Changed)
    def edited(self, event: TextArea.Changed) -> None:
        event.stop()
        self.gather()

    def gather(self) -> None:
        if self._at is None:
            return
        text = self.query_one("#template-text", TextArea).text
        before = self._at in self.draft.texts
        if text == plain(self._templates[self._at].text, 20_000):
            self.draft.texts.pop(self._at, None)
        else:
            self.draft.texts[self._at] = text
        if before != (self._at in self.draft.texts):
            options = self.query_one("#templates", OptionList)
            index = self._rows.index(self._at)
            options.replace_option_prompt_at_index(index, self._line(self._at))
