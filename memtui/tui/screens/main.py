"""The main screen: sources, conversation, mind. Draws the store; `deeds` has what keys do."""

import time
from collections.abc import Iterable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from memtui.tui import commands, safe
from memtui.tui import format as fmt
from memtui.tui.actions import bindings
from memtui.tui.conversation import Item, said_by_user
from memtui.tui.early import hand_over
from memtui.tui.layout import LEAST, NARROW
from memtui.tui.mind.pane import MindPane
from memtui.tui.screens.prompt_deeds import PromptDeeds
from memtui.tui.screens.transcript_deeds import TranscriptDeeds
from memtui.tui.widgets.find import FindBar
from memtui.tui.widgets.panes import NAMES, Pane, Tab, Tabs
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.rows import Rows
from memtui.tui.widgets.sources import Sources, SourcesDetail, SourcesFilter
from memtui.tui.widgets.status import NewerMark, Status, gauge, header
from memtui.tui.widgets.transcript import Transcript


class MainScreen(TranscriptDeeds, PromptDeeds):
    BINDINGS = bindings("main")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__(id="main")
        self.early: list[events.Event] = []  # keys and pastes that wait for their widget
        self.awaited = False  # something is being made that is to have the focus
        self._ticks = 0
        self._remembered = ""  # id of the agent whose messages are the prompt's history
        self._ticker: Timer | None = None

    def compose(self) -> ComposeResult:
        """The shell that the first frame shows, of a few cheap widgets; `fill` brings the rest."""
        yield Tabs(id="tabs")
        with Horizontal(id="panes", classes="-shell"):
            yield Pane("sources")
            yield Pane(
                "chat",
                Static("", id="empty", markup=False),
                Horizontal(Static("❯", id="sign"), id="input"),
            )
            yield MindPane(self.store)
        yield Static("", id="too-small", markup=False)

    def on_mount(self) -> None:
        self._arrange()

    async def fill(self, draft: str) -> None:
        """After the first frame: all that it did not need, with `draft` in the prompt."""
        from memtui.tui.widgets.completion import Completion
        from memtui.tui.widgets.keys import Keys

        prompt, chat = Prompt(self.memtui.keymap_text), self.query_one("#chat")
        with self.app.batch_update():
            self.query_one("#panes").remove_class("-shell")
            chat.mount(
                Static("", id="trouble", markup=False),
                Transcript(self.store),
                NewerMark(),
                before="#empty",
            )
            chat.mount(
                Status(self.store),
                Completion(self.store),
                Static("", id="editing", markup=False),
                before="#input",
            )
            chat.mount(FindBar())
            self.query_one("#sources").mount(
                SourcesFilter(), Sources(self.store), SourcesDetail(self.store)
            )
            self.query_one(MindPane).fill()
            self.query_one(Tabs).fill(self.pane)
            self.query_one("#input").mount(prompt)
            await self.mount(Keys())
        prompt.text = draft
        prompt.move_cursor(prompt.document.end)
        self.set_focus(prompt)  # now: `focus()` would wait, and keys be lost
        self.filled = True
        self._ticker = self.set_interval(0.25, self._tick)
        self.draw({"chat", "mind", "sources", "state", "context"})

    def _forward_event(self, event: events.Event) -> None:
        """What nobody has the focus for is meant for the prompt, now or as soon as it is there."""
        key = event.key if isinstance(event, events.Key) else ""
        if key == "backspace" and self.early:
            self.early.pop()
        elif _is_text(event) or (key and key not in self.active_bindings):
            if self.awaited:
                self.early.append(event)
            else:
                prompt = self.query_one(Prompt)
                self.set_focus(prompt)
                prompt._forward_event(event)
        else:
            super()._forward_event(event)

    def await_focus(self) -> None:
        """Keys wait until something has the focus: what they are meant for is being made."""
        self.awaited = True
        self.set_focus(None)

    def watch_focused(self, focused: Widget | None) -> None:
        if focused is not None and self.awaited:
            self.awaited = False
            early, self.early = self.early, []
            hand_over(early, focused)

    # drawing

    def draw(self, parts: set[str]) -> None:
        """Draw the parts of the store that have changed."""
        if not self.filled:
            return
        if "sources" in parts or "state" in parts:
            self.query_one(Sources).update()
            self._sources_title()
        if "chat" in parts:
            self.query_one(Transcript).update()
            self._remember()
            self.chat_changed()
        if parts & {"mind", "memory", "window"}:
            self.query_one(MindPane).draw(parts)
        if parts & {"state", "chat"}:
            self._draw_state()
        if parts & {"context", "state"}:
            self._mind_title()

    def _remember(self) -> None:
        """What was said to the agent that was opened is the prompt's history."""
        agent = self.store.agent
        if agent is not None and agent.id != self._remembered:
            self._remembered = agent.id
            self.query_one(Prompt).remember(self._typed(self.store.items))

    @staticmethod
    def _typed(items: Iterable[Item]) -> list[str]:
        return [commands.typed(text) for text in said_by_user(items)]

    def _sources_title(self) -> None:
        pane = self.query_one("#sources", Pane)
        attached = len(self.store.agent.sources) if self.store.agent else 0
        total = len(self.store.sources)
        text = f"{attached} of {fmt.count(total)} attached" if total else ""
        pane.note(Content.styled(text, "$muted"))

    def _mind_title(self) -> None:
        pane = self.query_one("#mind", Pane)
        pane.note(gauge(self.store, max(8, pane.size.width - 4)))

    def _draw_state(self) -> None:
        chat = self.query_one("#chat", Pane)
        chat.name_it(header(self.store, chat.size.width - 4))
        trouble = self.query_one("#trouble", Static)
        trouble.display = bool(self.store.trouble)
        if self.store.trouble:
            trouble.update(safe.text(self.store.trouble, "", 600))
        self.query_one(Status).tick(time.monotonic())
        empty = self.query_one("#empty", Static)
        empty.display = not self.store.items
        self.query_one(Transcript).display = bool(self.store.items)
        if not self.store.items:
            empty.update(self._empty())

    def _empty(self) -> Content:
        if not self.store.connected:
            if self.store.trouble:
                return Content("")
            return Content.styled("starting the engine …", "$muted")
        if self.store.agent is None:
            back = ", or takes a deletion back" if self.session.leaving else ""
            here = " The sources are all still here." if self.store.sources else ""
            return Content.styled(f"No agent is open. F9 makes one{back}.{here}", "$muted")
        if self.store.turn is not None:
            return Content("")
        hints = ["Write a message below."]
        if not self.store.sources:
            hints = ["Nothing is loaded yet: ^l loads a file or a folder."]
        elif not self.store.agent.sources:
            hints = ["No source is attached: /attach chooses one."]
        if self.store.model in ("", "offline"):
            hints.append(
                "No language model is configured: the offline reader quotes your documents. "
                "F10 chooses a model."
            )
        return Content.styled("\n".join(hints), "$muted")

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % 8 == 0 and self.store.connected and self.store.indexing():
            self.do(self.memtui.refresh_store({"sources"}), "refresh")
        if self.store.turn is not None or self.query_one(Status).has_text:
            self.query_one(Status).tick(time.monotonic())

    # the panes

    def _arrange(self) -> None:
        """Which panes are seen: all, or one of them when narrow or maximised."""
        width, height = self.app.size
        narrow = width < NARROW
        self.set_class(self.maximised, "-maximised")
        small = width < LEAST[0] or height < LEAST[1]
        self.set_class(small, "-too-small")
        if small:
            self.query_one("#too-small", Static).update(
                f"memtui needs {LEAST[0]}×{LEAST[1]} cells, this is {width}×{height}."
            )
        for name in NAMES:
            self.query_one(f"#{name}").display = not (narrow or self.maximised) or name == self.pane
        self.query_one(Tabs).mark(self.pane)

    def on_resize(self) -> None:
        self._arrange()
        if self.filled:
            self.call_after_refresh(self.draw, {"state", "context"})

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget is not self.focused:
            return  # a busy widget tells late of a focus that has gone on to another
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane) and node.id and node.id != self.pane:
                self.pane = node.id
                self._arrange()

    def show_pane(self, name: str) -> None:
        self.pane = name
        self._arrange()
        if not self.filled:
            return
        if name == "chat":
            transcript = self.query_one(Transcript)
            prompt = self.query_one(Prompt)
            target = transcript if prompt.has_focus and transcript.display else prompt
            self.set_focus(target)
        elif name == "sources":
            self.set_focus(self.query_one(Sources))
        else:
            self.query_one(MindPane).focus_shown()

    @on(Tab.Pressed)
    def tab_pressed(self, event: Tab.Pressed) -> None:
        self.show_pane(event.pane)

    @on(Pane.Pressed)
    def pane_pressed(self, event: Pane.Pressed) -> None:
        if not self.query_one(f"#{event.pane}").has_pseudo_class("focus-within"):
            self.show_pane(event.pane)

    # what the widgets say

    @on(Transcript.Older)
    def older_wanted(self) -> None:
        async def read() -> None:
            if not self.session.paging:
                self.remember_older(await self.session.older())

        self.do(read())

    def remember_older(self, items: list[Item]) -> None:
        self.query_one(Prompt).remember(self._typed(items), fresh=False)

    @on(Transcript.Newer)
    def newer(self, event: Transcript.Newer) -> None:
        self.query_one(NewerMark).tell(event.count)

    @on(NewerMark.Pressed)
    def newer_pressed(self) -> None:
        self.query_one(Transcript).to_end()

    @on(Transcript.Cited)
    def cited(self, event: Transcript.Cited) -> None:
        self.open_passage(event.passage_id)

    @on(Rows.Chosen, "#mind-list")
    def mind_chosen(self, event: Rows.Chosen) -> None:
        self.open_row(event.row)

    @on(Rows.Chosen, "#hits-list")
    def found_chosen(self, event: Rows.Chosen) -> None:
        self.open_row(event.row)


def _is_text(event: events.Event) -> bool:
    """Whether it would be written into a text field, were there one."""
    if isinstance(event, events.Key):
        return event.is_printable
    return isinstance(event, events.Paste)
