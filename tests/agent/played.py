"""A turn against a script, with its invariants checked."""

from typing import Any

from memtui.agent.loop import run_turn
from memtui.api.agents import TurnReply, TurnRequest
from memtui.api.events import Event

from .fakes import FixedClock, Script, Scripted, Store, check_history, check_request


class Played:
    """A turn against a script, with its invariants checked."""

    def __init__(self, store: Store | None = None, **more: Any) -> None:
        self.store = store or Store()
        self.events: list[Event] = []
        self.more = more
        self.model = Scripted([])

    async def turn(self, *scripts: Script, text: str = "Hi", kind: str = "message") -> TurnReply:
        self.events.clear()
        self.model = Scripted(list(scripts))
        request = TurnRequest(kind=kind, text=text)  # type: ignore[arg-type]
        reply = await run_turn(
            self.store, self.model, self.events.append, request, clock=FixedClock(), **self.more
        )
        check_history(self.store.rows)
        for sent in self.model.requests:
            check_request(sent)
        assert self.kinds()[0] == "turn.started"
        assert self.kinds()[-1] == "turn.ended"
        assert self.events[-1].status == reply.status  # type: ignore[union-attr]
        return reply

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    def rows(self) -> list[str]:
        return [row.kind for row in self.store.rows]
