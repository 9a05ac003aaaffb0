"""`python -m tests.benchmarks.hello`: Textual's hello world, a `Static` and an `Input`."""

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

FRAME = "type here"
"""In its first frame, and in no other text that Textual prints."""


class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("Hello, world!")
        yield Input(placeholder=f"Please {FRAME}")


if __name__ == "__main__":
    Hello().run()
