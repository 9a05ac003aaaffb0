"""What every step is: words, fields of the draft, and perhaps something to try."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from memtui import config
from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.wizard.draft import STEP_KEYS, Draft, Tried
from memtui.tui.wizard.field import Field, as_setting

if TYPE_CHECKING:
    from memtui.api.client import Client
    from memtui.api.setup import Wrong
    from memtui.tui.app import MemtuiApp


class Step(VerticalScroll, can_focus=False):
    """Shows the draft and writes every change into it at once: nothing is lost on the way."""

    NAME: ClassVar = ""
    TITLE: ClassVar = ""
    LEAD: ClassVar = ""
    TESTS: ClassVar = False
    FIELDS: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """Key, label, and what stands in the empty field."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(id=f"step-{self.NAME}", classes="step")
        self.draft = draft
        self.testing = False

    @property
    def memtui(self) -> "MemtuiApp":
        return cast("MemtuiApp", self.app)

    async def client(self) -> "Client":
        return await self.memtui.session.client()

    @property
    def here(self) -> bool:
        """Whether it can be drawn: it is neither gone nor about to be."""
        return self.is_attached and not self._pruning

    # what is seen

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(self.TITLE, "bold $foreground"), classes="title", markup=False)
        if self.LEAD:
            yield Static(Content.styled(self.LEAD, "$muted"), classes="lead", markup=False)
        yield from self.above()
        for key, label, example in self.FIELDS:
            secret = config.declared(key).secret
            yield Field(key, label, self.draft.get(key), self.example(key, example), secret)
        yield Static("", id="tried", markup=False)

    def above(self) -> Iterator[Widget]:
        """What stands above the fields."""
        return iter(())

    def example(self, key: str, example: str) -> str:
        if key in self.draft.has_secret:
            return "one is saved; leave this empty to keep it"
        return example

    def on_mount(self) -> None:
        self.show_wrong()
        self.show_tried()
        self.begin()

    def begin(self) -> None:
        """Once it is there."""

    def show_wrong(self) -> None:
        for one in self.query(Field):
            one.say(self.draft.wrong.get(one.key, ""))

    def show_tried(self) -> None:
        shown = self.query_one("#tried", Static)
        tried = self.draft.tried.get(self.NAME)
        shown.display = tried is not None or self.testing
        if tried is not None:
            marks = {True: ("✓ ", "$success"), False: ("! ", "$warning")}
            lines = [Content.styled(*marks[ok]) + safe.line(text) for ok, text in tried.lines]
            shown.update(Content("\n").join(lines))

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        key = event.input.name
        if key is not None:
            event.stop()
            self.draft.put(key, as_setting(key, event.value))
            self.show_wrong()
            self.show_tried()
            self.changed(key)

    def changed(self, key: str) -> None:
        """A value of the draft has changed."""

    def fill(self, key: str, value: str) -> None:
        """As if it had been typed."""
        for one in self.query(Field):
            if one.key == key:
                one.input.value = value

    def gather(self) -> None:
        """Into the draft what stands here now: a key press may be quicker than what it says."""
        for one in self.query(Field):
            self.draft.put(one.key, as_setting(one.key, one.input.value))

    def complete(self) -> bool:
        """Whether the step may be left; otherwise the field that keeps us has the focus."""
        self.gather()
        first = self.draft.check(self.NAME)
        self.show_wrong()
        self.focus_key(first)
        return not first

    def focus_key(self, key: str) -> None:
        for one in self.query(Field):
            if one.key == key:
                self.screen.set_focus(one.input)

    # trying it out

    async def test(self) -> None:
        """Try the step's values. What comes of it is in the draft, and shown while we are seen."""
        if not self.complete():
            return
        self.draft.tried.pop(self.NAME, None)
        for key in STEP_KEYS[self.NAME]:  # what an earlier try has said
            self.draft.wrong.pop(key, None)
        self.show_wrong()
        before = [self.draft.get(key) for key in STEP_KEYS[self.NAME]]
        self.testing, began = True, time.monotonic()
        ticking = self.set_interval(0.25, lambda: self._wait(time.monotonic() - began))
        self._wait(0)
        try:
            tried, wrong = await self.probe()
        except MemtuiError as error:
            tried, wrong = Tried(((False, str(error)),)), None
        finally:
            ticking.stop()
            self.testing = False
        if before != [self.draft.get(key) for key in STEP_KEYS[self.NAME]]:
            tried, wrong = None, None  # typed meanwhile: this is about something else
        if wrong is not None:
            key = wrong.key if wrong.key in STEP_KEYS[self.NAME] else STEP_KEYS[self.NAME][0]
            self.draft.wrong[key] = wrong.sentence
        if tried is not None:
            self.draft.tried[self.NAME] = tried
        if self.here:
            self.show_wrong()
            self.show_tried()
            if wrong is not None:
                self.focus_key(key)
            self.query_one("#tried").scroll_visible(animate=False)

    def _wait(self, seconds: float) -> None:
        if self.here:
            shown = self.query_one("#tried", Static)
            shown.display = True
            shown.update(
                Content.styled(
                    f"{fmt.spinner(seconds)} trying it … {fmt.elapsed(seconds)}, esc stops",
                    "$muted",
                )
            )

    async def probe(self) -> "tuple[Tried | None, Wrong | None]":
        raise NotImplementedError

    def stopped(self) -> None:
        """The test was cancelled."""
        self.testing = False
        self.show_tried()
