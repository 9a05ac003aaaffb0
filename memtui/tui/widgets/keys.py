"""The line of keys at the bottom."""

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = ("command_palette", "help", "back")
"""The way out, and whoever sees the others finds all."""

AROUND = 3  # cells: between the key and its word, and on both sides


class Keys(Footer):
    """Those that fit: none is cut, and the last of the others give way to the palette and help."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)

    def compose(self) -> ComposeResult:
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        over = sum(map(_width, keys)) - self.app.size.width
        for key in reversed([key for key in keys if key.action not in ALWAYS]):
            if over <= 0:
                break
            over -= _width(key)
            keys.remove(key)
        yield from keys

    async def on_resize(self) -> None:
        if self._bindings_ready:
            await self.recompose()


def _width(key: FooterKey) -> int:
    return len(key.key_display) + len(key.description) + AROUND
