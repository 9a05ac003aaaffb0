"""A block of core memory edited in place. Nothing that was typed is lost: it stays as a draft."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain
from memtui.tui import safe
from memtui.tui.actions import bindings

if TYPE_CHECKING:
    from memtui.api.agents import Block
    from memtui.api.client import Client
    from memtui.tui.mind.memory import MemoryTab

HINT = "^s saves · esc leaves"
HIDDEN = "It has characters that cannot be shown; saving leaves them out."
MEANWHILE = "It was changed meanwhile. ^s again puts this text in its place; esc, then h compares."


class BlockEditor(Vertical, can_focus=False):
    BINDINGS = bindings("block_editor")
    HELP = "The text of a memory block. ctrl+s saves it; esc leaves, and keeps what is not saved."

    def __init__(self, tab: "MemoryTab", block: "Block", draft: str | None) -> None:
        super().__init__(id="block-editor")
        self.tab = tab
        self.block = block
        self.shown = plain(block.value)
        self.draft = self.shown if draft is None else draft
        self.saving = False

    def compose(self) -> ComposeResult:
        yield Static("", id="block-head", markup=False)
        yield TextArea(self.draft, id="block-text", soft_wrap=True, show_line_numbers=False,
                       compact=True, highlight_cursor_line=False)  # fmt: skip
        yield Static("", id="block-note", markup=False)

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        area.move_cursor(area.document.end)
        self._head()
        self._note(HIDDEN if self.shown != self.block.value else "", "$warning")

    @property
    def target(self) -> Widget:
        return self.query_one(TextArea)

    @property
    def text(self) -> str:
        return self.query_one(TextArea).text

    def on_resize(self) -> None:
        self.call_after_refresh(self._head_if_there)

    def _head_if_there(self) -> None:
        if self.query(TextArea):  # it may have been left meanwhile
            self._head()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._head()
        self._note(self._over(), "$error")

    def _over(self) -> str:
        """What to do about a text that is too long, with the numbers."""
        over = len(self.text) - self.block.limit
        if over <= 0:
            return ""
        return (
            f"{len(self.text):,} characters are {over:,} more than the {self.block.limit:,} there "
            "is room for. Shorten it, or press esc and then s to give the block more room: "
            "the text is kept."
        )

    def _head(self) -> None:
        from memtui.tui.mind.memory import fill_gauge

        length, limit = len(self.text), self.block.limit
        figures = f" {length:,} of {limit:,}"
        width = self.query_one("#block-head").size.width
        cells = 16 if width >= 50 else 6
        room = max(4, width - cells - len(figures) - 1)
        name = safe.line(self.block.label, "bold $primary", 60).truncate(room, ellipsis=True)
        head = name.pad_right(max(0, room - name.cell_length)) + Content(" ")
        style = "$error" if length > limit else "$muted"
        head += fill_gauge(length, limit, cells) + Content.styled(figures, style)
        self.query_one("#block-head", Static).update(head, layout=False)

    def _note(self, sentence: str, style: str) -> None:
        note = safe.text(sentence, style, 600) if sentence else Content("")
        hint = Content.styled(HINT, "$muted")
        self.query_one("#block-note", Static).update(
            Content("\n").join([note, hint]) if sentence else hint
        )

    def keep(self) -> None:
        """What is not saved stays as a draft."""
        key = (self.tab.agent_id, self.block.label)
        if self.text != self.shown:
            self.tab.drafts[key] = self.text
        else:
            self.tab.drafts.pop(key, None)

    def action_leave(self) -> None:
        self.keep()
        self.tab.back()

    def action_save(self) -> None:
        if self._over():
            self._note(self._over(), "$error")
        elif self.text == self.shown:
            self.action_leave()
        elif not self.saving:
            self.saving = True
            self.tab.ask(self._save)

    async def _save(self, client: "Client", agent_id: str) -> str | None:
        from memtui.api.blocks import BlockChange

        text = self.text
        try:
            blocks = (await client.remembered(agent_id)).blocks
            now = next((one for one in blocks if one.label == self.block.label), None)
            if now is not None and now.value != self.block.value:
                self.block = now  # the next ctrl+s is meant
                self._note(MEANWHILE, "$warning")
                return None
            await client.change_block(agent_id, self.block.label, BlockChange(value=text))
        except MemtuiError as error:
            if self.is_attached:
                self._note(str(error), "$error")
                return None
            self.tab.drafts[agent_id, self.block.label] = text
            raise
        finally:
            self.saving = False
        self.tab.drafts.pop((agent_id, self.block.label), None)
        if self.is_attached:
            self.tab.back()
        return "Saved. The agent sees it from its next step on."
