"""What can be done with the conversation itself: find in it, edit a message and send it again."""

from textual import on
from textual.content import Content
from textual.widgets import Input, Static

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain
from memtui.tui import commands, safe
from memtui.tui import format as fmt
from memtui.tui.conversation import Item
from memtui.tui.finding import Finding
from memtui.tui.screens.mind_deeds import MindDeeds
from memtui.tui.widgets.find import FindBar, FindField
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.transcript import Transcript

STRIDE = 300
"""Older messages that are read at once on the way to one that was found."""


class TranscriptDeeds(MindDeeds):
    _of = ""  # id of the agent that all of this is about
    _finding: Finding | None = None
    _going = False  # a worker reads older messages, to show a place in them
    _editing: Item | None = None
    _draft = ""  # what was in the prompt before

    def remember_older(self, items: list[Item]) -> None:
        raise NotImplementedError

    def chat_changed(self) -> None:
        """The conversation is another one, or there is more of it."""
        agent = self.store.agent
        if (agent.id if agent else "") != self._of:
            self._of = agent.id if agent else ""
            if self._editing is not None:
                self._give_up_editing()
            if self._finding is not None:
                text, self._finding = self._finding.text, None
                self._find(text)
        elif self._finding is not None:
            self._look(self._finding)

    def action_escape(self) -> None:
        if self.filled and self.query_one(FindBar).display:
            self.find_left()
        elif self._editing is not None and not self.query_one(Prompt).completing:
            self._give_up_editing()
        else:
            super().action_escape()

    # find

    def action_find_text(self) -> None:
        """Open the line to type in; when it is open, type anew."""
        if not self.shows_conversation():
            return
        bar, field = self.query_one(FindBar), self.query_one(FindField)
        bar.display = True
        self.set_focus(field)
        field.select_all()
        self._find(field.value)

    @on(Input.Changed, "#find-field")
    def find_typed(self, event: Input.Changed) -> None:
        if self.query_one(FindBar).display:
            self._find(event.value)

    def _find(self, text: str) -> None:
        if self._finding is not None and self._finding.text == text:
            return
        try:
            self._finding = Finding(text)
        except ValueError:
            self._finding = None
        self.query_one(Transcript).mark(self._finding)
        self.query_one(FindBar).tell("")
        if self._finding is not None:
            self._look(self._finding)

    def _look(self, finding: Finding) -> None:
        finding.stale = True
        if not finding.looking:
            finding.looking = True
            self.do(self._look_through(finding), "find")

    async def _look_through(self, finding: Finding) -> None:
        """What is here first, then what only the engine has; again when more has come."""
        while finding.stale and finding is self._finding:
            finding.stale = False
            await finding.look(self.store.items)
            self._found(finding)
            oldest = self.store.oldest
            if oldest is not None and finding.wants(oldest) and finding is self._finding:
                try:
                    finding.told(oldest, await self.session.find(finding.text, oldest))
                except MemtuiError as error:
                    finding.asked, finding.trouble = oldest, str(error)
                self._found(finding)
        finding.looking = False

    def _found(self, finding: Finding) -> None:
        if finding is not self._finding:
            return
        transcript = self.query_one(Transcript)
        before = finding.place
        finding.arrange(self.store.items, self.store.oldest)
        if finding.place is None and not finding.stepped:
            finding.choose_near(self.store.items, transcript.top)
        if finding.place != before:
            transcript.mark(finding)
            self._go(finding)
        self._tell(finding)

    def _tell(self, finding: Finding) -> None:
        bar, at = self.query_one(FindBar), finding.at
        total = fmt.count(finding.total)
        if self._going:
            bar.tell(f"reading older messages … {fmt.count(len(self.store.items))}")
        elif finding.total and at is not None:
            bar.tell(f"{fmt.count(at + 1)} of {total}")
        elif finding.total:
            bar.tell(f"{total} further up: ↑ goes there")
        elif not finding.wants(self.store.oldest):
            bar.tell("not found", "$warning")
        else:
            bar.tell("looking …")
        if finding.trouble:
            bar.tell("older messages were not looked through", "$warning")

    @on(FindField.Step)
    def find_step(self, event: FindField.Step) -> None:
        finding = self._finding
        if finding is not None and finding.total:
            finding.step(event.step)
            self.query_one(Transcript).mark(finding)
            self._go(finding)
            self._tell(finding)

    def _go(self, finding: Finding) -> None:
        """Show the chosen place; what it is in is read first, if it is not here yet."""
        if finding.place is not None and self.store.item(finding.place.key) is not None:
            self.query_one(Transcript).reveal(finding.place)
        elif self._ahead(finding) and not self._going:
            self._going = True
            self.do(self._read_older(), "find")

    async def _read_older(self) -> None:
        """Until the chosen place is among what was read, or nothing is looked for any more."""
        try:
            while self._finding is not None and self._ahead(self._finding):
                self._tell(self._finding)
                self.remember_older(await self.session.older(STRIDE))
        finally:
            self._going = False
            if self._finding is not None:
                self._tell(self._finding)
        if self._finding is not None:
            self._go(self._finding)
            self._look(self._finding)

    def _ahead(self, finding: Finding) -> bool:
        """Whether the chosen place is in messages that are not read yet."""
        place = finding.place
        return place is not None and not self.store.item(place.key) and bool(self.store.oldest)

    @on(FindField.Left)
    def find_left(self) -> None:
        """Close the line. What was found stays in view, its message chosen."""
        finding, self._finding = self._finding, None
        bar, transcript = self.query_one(FindBar), self.query_one(Transcript)
        bar.display = False
        transcript.mark(None)
        place = finding.place if finding is not None else None
        if place is None or self.store.item(place.key) is None:
            self.set_focus(self.query_one(Prompt))
            return
        self.set_focus(transcript)
        transcript.cursor = place.key
        transcript.refresh()

    # edit and send again

    def say_edit(self, _rest: str) -> None:
        said = [item for item in self.store.items if item.kind == "you"]
        self._edit(said[-1] if said else None)

    @on(Transcript.Edit)
    def edit_wanted(self, event: Transcript.Edit) -> None:
        self._edit(event.item)

    def _edit(self, item: Item | None) -> None:
        """Put the text of a message into the prompt; sent, it replaces what followed."""
        prompt = self.query_one(Prompt)
        if item is None:
            self.memtui.tell("There is no message of yours to edit yet.", "warning")
        elif item.state == "failed":  # the engine has not heard of it
            self.store.remove_item(item)
            self.draw({"chat", "state"})
            prompt.put(plain(commands.typed(item.text)))
        elif item.state == "queued" or item.turn in ("", "mine"):
            self.memtui.tell("This message is not sent yet. Esc takes it back.", "warning")
        else:
            if self._editing is None:
                self._draft = prompt.text
            self._editing = item
            prompt.put(plain(commands.typed(item.text)))
            self._show_editing()

    def _show_editing(self) -> None:
        line = self.query_one("#editing", Static)
        line.display = self._editing is not None
        if self._editing is not None:
            what = safe.line(self._editing.text, "", 40)
            line.update(
                Content("editing “") + what + Content("”: what followed is replaced. ")
                + Content.styled("esc gives up", "$muted")
            )  # fmt: skip

    def _give_up_editing(self) -> None:
        self._editing = None
        self._show_editing()
        self.query_one(Prompt).put(self._draft)

    def said(self, text: str) -> None:
        item = self._editing
        if item is None or commands.parse(text) is not None:
            super().said(text)
        elif self.store.turn is not None:
            self.wrong("The agent works. Wait, or stop it, and send this again.", text)
        else:
            self._give_up_editing()
            self.query_one(Transcript).to_end()
            self.do(self._resend(item, commands.message(text)), "turn")

    async def _resend(self, item: Item, text: str) -> None:
        """What is refused goes back into the prompt, when nothing else is written there."""
        agent_id = self._of
        try:
            await self.session.edit(item.turn, text)
        except MemtuiError:
            prompt = self.query_one(Prompt)
            if not prompt.text:
                prompt.put(commands.typed(text))
                if self._of == agent_id:  # of another agent there is nothing to replace
                    self._editing, self._draft = item, ""
                    self._show_editing()
            raise
