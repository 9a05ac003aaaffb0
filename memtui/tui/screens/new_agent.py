"""A new agent: its name, persona, human, model and sources, chosen in one form."""

from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList, Select, Static
from textual.widgets.option_list import Option

from memtui import config
from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.form import Form

if TYPE_CHECKING:
    from memtui.api.agents import Template
    from memtui.api.library import Source
    from memtui.tui.session import Session

_SHOWN = 600  # characters of a persona or a human that are shown


class Ticked(OptionList):
    """Rows that Enter or Space ticks and unticks; the tick is a sign, not a colour."""

    BINDINGS = bindings("ticked")
    HELP = "Your sources. Space or Enter ticks those that the agent can search."

    def __init__(self, rows: list[tuple[str, Content]], *, id: str) -> None:
        super().__init__(id=id, compact=True, markup=False)
        self.rows = rows
        self.selected: list[str] = []
        for row in rows:
            self.add_option(Option(self._line(*row), id=row[0]))

    def _line(self, key: str, text: Content) -> Content:
        sign = ("[x] ", "$success") if key in self.selected else ("[ ] ", "$muted")
        return Content.styled(*sign) + text

    def on_focus(self) -> None:
        if self.highlighted is None and self.rows:
            self.highlighted = 0

    def toggle(self, index: int) -> None:
        key, text = self.rows[index]
        if key in self.selected:
            self.selected.remove(key)
        else:
            self.selected.append(key)
        self.replace_option_prompt_at_index(index, self._line(key, text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.toggle(event.option_index)


class NewAgentForm(Form[str]):
    """Returns the id of the agent that was made."""

    CSS_PATH: ClassVar = [Form.CSS_PATH, "agents.tcss"]
    AUTO_FOCUS = "#agent-name"

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session
        self.sources = list(session.store.sources)
        self.texts: dict[str, dict[str, str]] = {"persona": {}, "human": {}}
        self.ready = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = Content("new agent")
            box.border_subtitle = Content("enter make · tab next field · esc close")
            yield Label("Name", markup=False)
            yield Input(placeholder="two words are made up when it is empty", id="agent-name",
                        compact=True)  # fmt: skip
            for field, label in (
                ("persona", "Persona: who it is"),
                ("human", "Human: who you are"),
            ):
                yield Label(label, markup=False)
                yield Select[str]([], id=f"agent-{field}", compact=True, allow_blank=True)
                yield Static("", id=f"agent-{field}-text", classes="template", markup=False)
            yield Label("Language model", markup=False)
            yield Select[str]([], id="agent-model", compact=True, allow_blank=True)
            yield Label("Sources", id="agent-sources-label", markup=False)
            yield Ticked([(s.id, _named(s)) for s in self.sources], id="agent-sources")
            yield Static("", id="agent-wrong", classes="wrong", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Make", id="make", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        for name in ("#agent-sources", "#agent-sources-label"):
            self.query_one(name).display = bool(self.sources)
        self._read()

    @work(exit_on_error=False)
    async def _read(self) -> None:
        try:
            settings = config.load()
        except config.ConfigError:
            settings = config.Config({})
        try:
            personas, humans, models = await self.session.choices()
        except MemtuiError as error:
            self.say_wrong("agent", str(error))
            self.query_one("#agent-wrong").scroll_visible(animate=False)
            return
        self._offer("persona", personas, settings.text("agent.persona"))
        self._offer("human", humans, settings.text("agent.human"))
        usual = f"the configured one ({settings.text('llm.model')})"
        select = self.query_one("#agent-model", Select)
        select.set_options(
            [(safe.line(usual, "", 60), ""), *((safe.line(m.name, "", 60), m.name) for m in models)]
        )
        select.value = ""
        self.ready = True

    def _offer(self, field: str, templates: "list[Template]", usual: str) -> None:
        self.texts[field] = {template.name: template.text for template in templates}
        select = self.query_one(f"#agent-{field}", Select)
        select.set_options([(safe.line(name, "", 50), name) for name in self.texts[field]])
        if usual in self.texts[field]:
            select.value = usual

    @on(Select.Changed)
    def chosen(self, event: Select.Changed) -> None:
        field = str(event.select.id).removeprefix("agent-")
        if field in self.texts:
            text = self.texts[field].get(str(event.value), "")
            shown = safe.line(text, "$muted", _SHOWN)
            self.query_one(f"#agent-{field}-text", Static).update(shown)

    async def finish(self) -> None:
        from memtui.api.agents import NewAgent

        new = NewAgent(
            name=self.query_one("#agent-name", Input).value.strip() or None,
            persona=self._value("persona"),
            human=self._value("human"),
            model=self._value("model"),
            source_ids=self.query_one(Ticked).selected,
        )
        try:
            made = await self.session.add_agent(new)
        except MemtuiError as error:
            self.say_wrong("agent", str(error))
            self.query_one("#agent-wrong").scroll_visible(animate=False)
            return
        self.dismiss(made.id)

    def _value(self, field: str) -> str | None:
        value: Any = self.query_one(f"#agent-{field}", Select).value
        return value if isinstance(value, str) and value else None


def _named(source: "Source") -> Content:
    size = fmt.count(source.passages, "passage")
    return safe.line(source.name, "", 50) + Content.styled(f"  {size}", "$muted")
