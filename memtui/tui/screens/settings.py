"""All settings, made from their declarations: find one by typing, and change it."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from memtui import config
from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from memtui.tui.app import MemtuiApp

_WIDTH = 32
_KINDS: dict[type, str] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false",
}  # fmt: skip


class SettingsScreen(Modal[None]):
    """The search above, the settings below it, and under them the one that is looked at."""

    CSS_PATH: ClassVar = [
        Modal.CSS_PATH,
        Path(__file__).with_name("settings.tcss"),
    ]
    BINDINGS = bindings("settings")
    AUTO_FOCUS = "#settings-search"

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.wanted = query
        self.now = config.Config({})
        self.shown: list[str | None] = []  # the keys of the rows; None for a heading
        self.chosen = ""

    @property
    def memtui(self) -> "MemtuiApp":
        return cast("MemtuiApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box large") as box:
            box.border_title = Content("settings")
            box.border_subtitle = Content("enter change · ^r default · esc close")
            yield Input(self.wanted, placeholder="Type to find a setting", id="settings-search",
                        compact=True)  # fmt: skip
            yield OptionList(id="settings-list", compact=True, markup=False)
            with Vertical(id="settings-one"):
                yield Static("", id="settings-help", markup=False)
                yield Input("", id="settings-value", compact=True, select_on_focus=False)
                yield Static("", id="settings-wrong", classes="wrong", markup=False)

    def on_mount(self) -> None:
        self._read()
        self._fill()

    def _read(self) -> None:
        try:
            self.now = config.load()
        except config.ConfigError as error:
            self._say(str(error))

    # the list

    def _keys(self) -> list[str]:
        """Those that are found, in the order of their declarations."""
        words = self.query_one("#settings-search", Input).value.casefold().split()
        known = [*config.SETTINGS, *(key for key in self.now.entries if key.startswith("models."))]
        return [
            key
            for key in known
            if all(word in f"{key} {config.declared(key).help}".casefold() for word in words)
        ]

    def _fill(self) -> None:
        options = self.query_one("#settings-list", OptionList)
        options.clear_options()
        self.shown = []
        table = ""
        for key in self._keys():
            if key.rpartition(".")[0] != table:
                table = key.rpartition(".")[0]
                self.shown.append(None)
                options.add_option(Option(safe.line(table, "$primary", 60), disabled=True))
            self.shown.append(key)
            options.add_option(Option(self._line(key)))
        if not self.shown:
            options.add_option(Option(Content.styled("no such setting", "$muted"), disabled=True))
            self._show("")
        else:
            at = self.shown.index(self.chosen) if self.chosen in self.shown else 1
            options.highlighted = at
            self._show(self.shown[at] or "")

    def _value(self, key: str) -> str:
        """For the eyes: of a secret only whether there is one."""
        if config.declared(key).secret:
            return "saved" if self.now.has(key) else ""
        return self.now.masked(key)

    def _line(self, key: str) -> Content:
        origin = self.now.entries[key].origin if key in self.now.entries else "default"
        own = origin != "default"
        name = safe.line(key.rpartition(".")[2], "", _WIDTH - 4)
        value = safe.line(self._value(key) or "–", "$accent" if own else "$muted", 60)
        gap = " " * max(1, _WIDTH - 2 - name.cell_length)
        where = f"  {origin}" if origin.startswith("environment") else ""
        return Content.assemble("  ", name, gap, value, (where, "$faint"))

    @on(Input.Changed, "#settings-search")
    def searched(self) -> None:
        self._fill()

    @on(Input.Submitted, "#settings-search")
    def action_to_list(self) -> None:
        if self.query_one("#settings-search").has_focus:
            self.set_focus(self.query_one("#settings-list"))

    # the one that is looked at

    @on(OptionList.OptionHighlighted)
    def looked_at(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self.shown) and (key := self.shown[event.option_index]):
            self._show(key)

    def _show(self, key: str) -> None:
        changed, self.chosen = key != self.chosen, key
        self.query_one("#settings-one").display = bool(key)
        if not key:
            return
        setting = config.declared(key)
        takes = f"one of {', '.join(setting.choices)}" if setting.choices else _KINDS[
            type(setting.default)]  # fmt: skip
        default = str(setting.default).lower() if isinstance(setting.default, bool) else (
            f"{setting.default}")  # fmt: skip
        if setting.minimum is not None:
            takes += f", at least {setting.minimum:g}"
        origin = self.now.entries[key].origin if key in self.now.entries else "default"
        lines = [
            Content.styled(key, "bold $foreground") + Content.styled(f"  {takes}", "$muted"),
            safe.text(setting.help, "$foreground"),
            safe.line(
                f"default: {default or 'none'} · now from: {fmt.path(origin)}", "$muted", 300
            ),
        ]
        self.query_one("#settings-help", Static).update(Content("\n").join(lines))
        value = self.query_one("#settings-value", Input)
        value.password = setting.secret
        value.placeholder = "a new one; never shown" if setting.secret else ""
        if changed or not value.has_focus:
            value.value = "" if setting.secret else self.now.masked(key)
            self._say("")

    @on(OptionList.OptionSelected)
    def to_value(self) -> None:
        value = self.query_one("#settings-value", Input)
        self.set_focus(value)
        value.cursor_position = len(value.value)

    @on(Input.Changed, "#settings-value")
    def value_typed(self) -> None:
        self._say("")

    @on(Input.Submitted, "#settings-value")
    def value_given(self, event: Input.Submitted) -> None:
        setting = config.declared(self.chosen)
        text = event.value.strip()
        if setting.secret and not text:
            self._say("Write the new one. ^r removes the one that is saved.")
            return
        self._change(text)

    def action_default(self) -> None:
        if self.chosen:
            default = config.declared(self.chosen).default
            self._change(str(default).lower() if isinstance(default, bool) else str(default))

    def _change(self, text: str) -> None:
        key = self.chosen
        try:
            config.parse(config.declared(key), text)
        except config.ConfigError as error:
            self._say(str(error))
            return
        if key == "ui.keymap":
            from memtui.tui.keymap import parse_keymap

            if wrong := parse_keymap(text)[1]:
                self._say(" ".join(wrong))
                return
        if key == "ui.theme":
            from memtui.tui.theme_files import unknown

            if sentence := unknown(text):
                self._say(sentence)
                return
        self.memtui.do(self._save(key, text), "settings")

    async def _save(self, key: str, text: str) -> None:
        from memtui.tui.wizard.opening import settings_changed

        try:
            await self.memtui.save_settings({key: text})
        except (config.ConfigError, OSError) as error:
            self._say(str(error))
            return
        if self.is_attached:
            self._read()
            self.set_focus(self.query_one("#settings-list"))
            self._fill()
        try:
            await settings_changed(self.memtui)
        except MemtuiError as error:
            self._say(f"It is saved, but: {error}")

    def _say(self, sentence: str) -> None:
        if self.is_attached:
            wrong = self.query_one("#settings-wrong", Static)
            wrong.display = bool(sentence)
            wrong.update(safe.text(sentence, "$error", 600))

    def action_close(self) -> None:
        """From the value back to the list, from there out."""
        if self.query_one("#settings-value").has_focus:
            value = self.query_one("#settings-value", Input)
            value.value = "" if value.password else self.now.masked(self.chosen)
            self.set_focus(self.query_one("#settings-list"))
        else:
            self.dismiss(None)
