"""All agents: what each said last, what it is made of, and what can be done with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from memtui.api.errors import MemtuiError
from memtui.tui import format as fmt
from memtui.tui.agent_dealings import file_name
from memtui.tui.screens.modal import Modal
from memtui.tui.widgets.agents import AgentFilter, AgentRows, preview
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.agents import AgentDetail, AgentOverview, Message
    from memtui.tui.app import MemtuiApp
    from memtui.tui.session import Session

PAUSE = 0.08
"""Seconds the cursor rests on an agent before it is previewed."""

AGING = 30.0
"""Seconds after which the list says again how long ago something was said."""


class Agents(Modal[str]):
    """Returns the id of the agent that is to be opened.

    Keys that are pressed before the agents are there wait for them.
    """

    CLICK_CLOSES = True
    CSS_PATH: ClassVar = [Modal.CSS_PATH, Path(__file__).with_name("agents.tcss")]
    AUTO_FOCUS = ""

    def __init__(self, app: "MemtuiApp") -> None:
        super().__init__()
        self.memtui = app
        self.agents: list[AgentOverview] = []
        self.looked: dict[str, tuple[AgentDetail, list[Message]]] = {}
        self._resting: Timer | None = None

    @property
    def session(self) -> "Session":
        return self.memtui.session

    def compose(self) -> ComposeResult:
        with Vertical(classes="box agents") as box:
            box.border_title = Content("agents")
            box.border_subtitle = Content(
                "enter open · n new · r rename · c copy · e export · d delete · esc"
            )
            yield AgentFilter(placeholder="/ to filter", id="agent-filter", compact=True)
            with Horizontal(id="agents-body"):
                yield AgentRows(self.session.leaving, self.memtui.store)
                with VerticalScroll(id="agent-preview", can_focus=False):
                    yield Static("reading …", id="agent-looked", classes="text", markup=False)

    def on_mount(self) -> None:
        self.query_one(AgentFilter).can_focus = False
        self.query_one(AgentRows).can_focus = False
        self.memtui.agents_changed.subscribe(self, lambda _: self.read())
        self.set_interval(AGING, self.query_one(AgentRows).redraw)
        self.read()

    @work(exclusive=True, group="read", exit_on_error=False)
    async def read(self) -> None:
        """The agents as they are now; the cursor stays where it was."""
        try:
            self.agents = await self.session.overview()
        except MemtuiError as error:
            self._say(str(error), "$error")
            self._early = None
            return
        self.looked.clear()
        rows = self.query_one(AgentRows)
        self._show()
        if not rows.can_focus:
            self.query_one(AgentFilter).can_focus = rows.can_focus = True
            if rows.rows:
                rows.choose(rows.key(rows.rows[0]))
            self.set_focus(rows)
        self.look()

    def _show(self) -> None:
        words = self.query_one(AgentFilter).value.casefold().split()
        rows = self.query_one(AgentRows)
        rows.show(
            [
                one for one in self.agents
                if all(word in f"{one.name} {one.persona} {one.said}".casefold() for word in words)
            ]
        )  # fmt: skip
        if rows.current is None and rows.rows:
            rows.choose(rows.key(rows.rows[0]))
        if not rows.rows:
            self._say("No agent is like that." if words else "There is no agent. n makes one.")

    # the preview

    @on(AgentRows.Moved)
    def moved(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(PAUSE, self.look)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def look(self) -> None:
        """Show the agent under the cursor; an answer that comes too late is not shown."""
        one = self.query_one(AgentRows).current
        if one is None:
            return
        if one.id not in self.looked:
            try:
                self.looked[one.id] = await self.session.look_at(one.id)
            except MemtuiError as error:
                self._say(str(error), "$error")
                return
        detail, messages = self.looked[one.id]
        width = self.query_one("#agent-preview").scrollable_content_region.width
        leaves = one.id in self.session.leaving
        self._say(preview(detail, messages, leaves, max(20, width)))
        self.query_one("#agent-preview").scroll_home(animate=False)

    def _say(self, text: str | Content, style: str = "$muted") -> None:
        content = Content.styled(text, style) if isinstance(text, str) else text
        self.query_one("#agent-looked", Static).update(content)

    # what the keys do

    @on(Rows.Chosen)
    def chosen(self, event: Rows.Chosen) -> None:
        self.session.leaving.pop(event.row.id, None)
        self.dismiss(event.row.id)

    @on(Input.Changed)
    def filtered(self) -> None:
        if self.query_one(AgentRows).can_focus:
            self._show()
            self.moved()

    def _current(self) -> "AgentOverview | None":
        return self.query_one(AgentRows).current

    def action_filter(self) -> None:
        self.set_focus(self.query_one(AgentFilter))

    def action_new(self) -> None:
        from memtui.tui.screens.new_agent import NewAgentForm

        def made(agent_id: str | None) -> None:
            if agent_id is not None:
                self.dismiss(agent_id)

        self.app.push_screen(NewAgentForm(self.session), made)

    def action_rename(self) -> None:
        one = self._current()
        if one is None:
            return
        agent_id = one.id

        async def rename(name: str) -> None:
            await self.session.rename_agent(agent_id, name)

        self._ask("rename", f"Another name for {one.name}", one.name, "Rename", rename)

    def action_fork(self) -> None:
        one = self._current()
        if one is None:
            return
        agent_id = one.id

        async def fork(name: str) -> str:
            return f"Made {(await self.session.fork_agent(agent_id, name)).name}."

        label = "A name for the copy; without one, two words are made up"
        self._ask("copy an agent", label, "", "Copy", fork)

    def action_export(self) -> None:
        one = self._current()
        if one is None:
            return
        agent_id = one.id

        async def export(typed: str) -> str:
            return await self.session.export_agent(agent_id, typed)

        label = f"File for the conversation of {one.name} (.md, or .jsonl)"
        self._ask("export", label, file_name(one.name), "Export", export)

    def _ask(self, title: str, label: str, value: str, done: str, work: Any) -> None:
        from memtui.tui.screens.ask import Ask

        def answered(sentence: str | None) -> None:
            if sentence:
                self.memtui.tell(sentence)

        self.app.push_screen(Ask(title, label, value, done, work), answered)

    def action_delete(self) -> None:
        from memtui.tui.screens.confirm import Confirm

        one = self._current()
        if one is None or one.id in self.session.leaving:
            return
        text = (
            f"Delete {one.name} with its {fmt.count(one.archival, 'memory', 'memories')} and "
            f"{fmt.count(one.recall, 'message')}? Its sources stay. It is deleted when you leave "
            "memtui; until then u keeps it."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.session.leaving[one.id] = one
                self._marked(one.id)

        self.app.push_screen(Confirm("delete an agent", text, "Delete"), answered)

    def action_keep(self) -> None:
        one = self._current()
        if one is not None and one.id in self.session.leaving:
            del self.session.leaving[one.id]
            self._marked(one.id)

    def _marked(self, agent_id: str) -> None:
        self.query_one(AgentRows).redraw()
        self.look()
        open_one = self.memtui.store.agent
        if open_one is not None and open_one.id == agent_id and agent_id in self.session.leaving:
            self.memtui.close_agent()
