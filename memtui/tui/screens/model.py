"""Choose the language model: three fields, and the commands that do the same."""

import shlex
from collections.abc import Awaitable, Callable, Mapping

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from memtui import config
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal

_FIELDS = (
    ("llm.model", "Model", "offline, or a litellm name: openai/gpt-4o-mini, ollama/llama3.1 …"),
    ("llm.api_base", "Address, if not the provider's own", "http://localhost:11434"),
    ("llm.api_key", "Key", "kept in a file only you can read"),
)

Write = Callable[[Mapping[str, str]], Awaitable[None]]


class Model(Modal[bool]):
    """True when a configuration was saved."""

    BINDINGS = bindings("form")
    AUTO_FOCUS = "Input"

    def __init__(self, write: Write) -> None:
        """`write` saves settings. Raises ConfigError or OSError."""
        super().__init__()
        self.write = write

    def compose(self) -> ComposeResult:
        try:
            now = config.load()
        except config.ConfigError:
            now = config.Config({})
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = Content("language model")
            box.border_subtitle = Content("enter save · tab next field · esc close")
            yield Static(
                "Until you choose one, memtui uses the offline reader: it quotes your documents "
                "and nothing leaves this machine.",
                markup=False,
                classes="text",
            )
            for key, label, example in _FIELDS:
                secret = config.declared(key).secret
                value = "" if secret else now.text(key)
                yield Label(label, markup=False)
                if secret and now.text(key):
                    example = f"unchanged ({now.masked(key)})"
                yield Input(
                    value, placeholder=example, password=secret, id=key.replace(".", "-"),
                    compact=True,
                )  # fmt: skip
            yield Static("", id="model-wrong", classes="wrong", markup=False)
            yield Label("The same from a shell", markup=False)
            yield Static("", id="model-commands", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Save", id="save", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one("#model-wrong").display = False
        self.show_commands()

    def changes(self) -> dict[str, str]:
        """What Save would write; an empty key leaves the saved one alone."""
        values = {
            key: self.query_one("#" + key.replace(".", "-"), Input).value.strip()
            for key, _, _ in _FIELDS
        }
        if not values["llm.api_key"]:
            del values["llm.api_key"]
        return values

    @on(Input.Changed)
    def show_commands(self) -> None:
        parts = [
            f"--set {key}={'…' if config.declared(key).secret else shlex.quote(value)}"
            for key, value in self.changes().items()
            if value
        ]
        command = "\n  ".join(["memtui configure", *parts])
        self.query_one("#model-commands", Static).update(safe.text(command, "$secondary", 2000))

    @on(Input.Submitted)
    def submitted(self) -> None:
        self.save()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self.save()
        else:
            self.dismiss(None)

    @work(exit_on_error=False)
    async def save(self) -> None:
        changes = self.changes()
        wrong = self.query_one("#model-wrong", Static)
        if not changes["llm.model"]:
            sentence = "Name a model, or write offline for the offline reader."
        else:
            try:
                await self.write(changes)
            except (config.ConfigError, OSError) as error:
                sentence = str(error)
            else:
                self.dismiss(True)
                return
        wrong.display = True
        wrong.update(safe.text(sentence, "$error", 600))
