"""The prompt: several lines, a history, and completion of commands, sources and paths."""

from collections.abc import Mapping
from typing import cast

from textual import events
from textual.document._document import Document
from textual.message import Message
from textual.widgets import TextArea

from memtui.tui.actions import bindings, keys


class Prompt(TextArea):
    BINDINGS = bindings("prompt")
    HELP = (
        "Your message. Enter sends it, ctrl+j begins a new line, / lists the commands, @ the "
        "sources; @/ and @~ complete paths."
    )

    class Sent(Message):
        """Enter: `text` is to be sent."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Edited(Message):
        """The text has changed, by the user or by the history; or, while something is completed,
        the place of the cursor in it."""

        def __init__(self, text: str, cursor: int) -> None:
            super().__init__()
            self.text = text
            self.cursor = cursor

    class Completion(Message):
        """Up, down or tab while the completion is open: `step` -1, 1, or 0 to take it."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Scroll(Message):
        """Page up or down, meant for the conversation."""

        def __init__(self, pages: int) -> None:
            super().__init__()
            self.pages = pages

    def __init__(self, keymap: Mapping[str, str] | None = None) -> None:
        super().__init__(
            id="prompt",
            soft_wrap=True,
            show_line_numbers=False,
            compact=True,
            highlight_cursor_line=False,
            placeholder="Message, or / for commands",
        )
        self.sent: list[str] = []
        self._keys = keys("prompt", keymap or {})
        self.completing = False
        self.takes = False  # Enter takes the completion
        self._at: int | None = None  # where in the history; None: the draft
        self._draft = ""

    async def _on_key(self, event: events.Key) -> None:
        """All keys in the order they were typed: a binding with priority would run before the
        letters that wait in this widget's queue, and Enter would send half of a quick message;
        one that is found at the end of the focus chain would run after the letters that follow.
        """
        top = self.app.screen
        if (there := top.focused or top) is not self:  # where a key before this one has led
            event.stop()
            event.prevent_default()
            there._forward_event(events.Key(event.key, event.character))
            return
        run = self._keys.get(event.key)
        if run is not None:
            place, _, name = run.rpartition(".")
            getattr(self.screen if place else self, f"action_{name}")()
        elif event.is_printable or not await self.app._check_bindings(event.key):
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def remember(self, earlier: list[str], fresh: bool = True) -> None:
        """The agent's earlier messages are the history; not `fresh`: still older ones."""
        if fresh:
            self.sent, self._at = [], None
        elif self._at is not None:
            self._at += len(earlier)
        self.sent = [*earlier, *self.sent]

    def put(self, text: str) -> None:
        """Replace the text, with the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)
        self.screen.set_focus(self)

    def recall(self, text: str) -> None:
        """Put an earlier message here; down brings back what stood here."""
        if self._at is None:
            self._draft = self.text
        if text in self.sent:
            self._at = len(self.sent) - 1 - self.sent[::-1].index(text)
        else:
            self._at = 0
        self.put(text)

    def fill_in(self, start: int, end: int, text: str) -> None:
        """Put `text` in place of what is between two indexes, and the cursor behind it."""
        if text.endswith(" ") and self.text[end : end + 1] == " ":
            end += 1
        document = cast(Document, self.document)
        at, to = (document.get_location_from_index(index) for index in (start, end))
        self.replace(text, at, to, maintain_selection_offset=False)

    @property
    def cursor_index(self) -> int:
        return cast(Document, self.document).get_index_from_location(self.cursor_location)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self.text, self.cursor_index))

    def on_text_area_selection_changed(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        if self.completing:
            self.post_message(self.Edited(self.text, self.cursor_index))

    def action_undo(self) -> None:
        """ctrl+z: with nothing to undo, what it means everywhere else."""
        before = self.text
        self.undo()
        if not before and not self.text:
            self.app.call_later(self.app.run_action, "suspend")

    def action_send(self) -> None:
        if self.completing and self.takes:
            self.post_message(self.Completion(0))
            return
        text = self.text.strip()
        if not text:
            return
        if not self.sent or self.sent[-1] != text:
            self.sent.append(text)
        self._at = None
        self.text = ""
        self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        self.insert("\n")

    def action_tab(self) -> None:
        if self.completing:
            self.post_message(self.Completion(0))
        else:
            self.app.action_focus_next()

    def action_up(self) -> None:
        if self.completing:
            self.post_message(self.Completion(-1))
        elif self.cursor_at_first_line and self.cursor_location[0] == 0:
            self._recall(-1)
        else:
            self.action_cursor_up()

    def action_down(self) -> None:
        if self.completing:
            self.post_message(self.Completion(1))
        elif self.cursor_at_last_line:
            self._recall(1)
        else:
            self.action_cursor_down()

    def _recall(self, step: int) -> None:
        if not self.sent or (self._at is None and step > 0):
            return
        if self._at is None:
            self._draft, self._at = self.text, len(self.sent)
        at = self._at + step
        if at < 0:
            return
        if at >= len(self.sent):
            self._at = None
            self.put(self._draft)
        else:
            self._at = at
            self.put(self.sent[at])

    def action_page_up(self) -> None:
        self.post_message(self.Scroll(-1))

    def action_page_down(self) -> None:
        self.post_message(self.Scroll(1))

    async def _on_paste(self, event: events.Paste) -> None:
        """Pasted text keeps its lines; it is never sent by itself."""
        event.stop()
        event.prevent_default()
        self.insert(event.text.replace("\r\n", "\n").replace("\r", "\n"))
