"""What the tabs of the mind have in common."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.containers import Vertical
from textual.widget import Widget

from memtui.api.errors import MemtuiError, UnavailableError

if TYPE_CHECKING:
    from memtui.api.client import Client
    from memtui.tui.app import MemtuiApp
    from memtui.tui.store import Store


class MindTab(Vertical, can_focus=False):
    """Subclasses say what they `read` from the engine and `fill` themselves from it."""

    HEARS: ClassVar[set[str]] = set()
    """The parts of the store that it is drawn from."""

    def __init__(self, store: "Store", name: str) -> None:
        super().__init__(id=f"mind-{name}", classes="mind-tab")
        self.store = store
        self.stale = True
        self.agent_id = ""  # whose data is shown
        self.ready = False  # its widgets are there
        self._asked = 0

    def on_mount(self) -> None:
        self.ready = True
        if self.display:
            self.look()
            self.take_focus()

    @property
    def memtui(self) -> "MemtuiApp":
        return cast("MemtuiApp", self.app)

    @property
    def target(self) -> Widget:
        raise NotImplementedError

    def take_focus(self) -> None:
        """Unless it has gone elsewhere meanwhile."""
        if self.memtui.main.awaited and self.target.is_attached:
            self.screen.set_focus(self.target)

    async def read(self, client: "Client", agent_id: str) -> Any:
        raise NotImplementedError

    def fill(self, found: Any) -> None:
        """`found` is what `read` returned; None: no agent is open."""
        raise NotImplementedError

    def failed(self, sentence: str) -> None:
        """It could not be read."""

    def another_agent(self) -> bool:
        agent = self.store.agent
        return (agent.id if agent else "") != self.agent_id

    def look(self) -> None:
        """Read it anew, when something has changed; an answer that comes too late is dropped."""
        if not self.stale or not self.ready:
            return
        self.stale = False
        agent = self.store.agent
        self.agent_id = agent.id if agent else ""
        self._asked += 1
        if agent is None:
            self.fill(None)
        else:
            self.memtui.do(self._read(agent.id, self._asked), self.id or "")

    async def _read(self, agent_id: str, asked: int) -> None:
        try:
            found = await self.read(await self.memtui.session.client(), agent_id)
        except UnavailableError:
            raise
        except MemtuiError as error:
            if asked == self._asked and self.is_attached:
                self.failed(str(error))
            return
        if asked == self._asked and self.is_attached:
            self.fill(found)

    def ask(
        self, work: "Callable[[Client, str], Awaitable[str | None]]", then: bool = True
    ) -> None:
        """Run `work` with the client and the id of the agent whose data is shown; tell the sentence
        it returns."""
        self.memtui.do(self.asked(work, then), "mind")

    def asked(
        self, work: "Callable[[Client, str], Awaitable[str | None]]", then: bool = True
    ) -> Coroutine[Any, Any, None]:
        shown = self.agent_id

        async def run() -> None:
            agent_id = shown or self.memtui.session.agent().id
            if sentence := await work(await self.memtui.session.client(), agent_id):
                self.memtui.tell(sentence)
            if then:
                self.stale = True
                self.look()

        return run()
