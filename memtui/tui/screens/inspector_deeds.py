"""What can be done with the hit under the cursor. Each starts a worker or a modal."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain, plain_line
from memtui.tui import format as fmt
from memtui.tui.inspector.board import Answer, Board, as_hit
from memtui.tui.inspector.hits import HitRow, HitRows
from memtui.tui.inspector.passage import PassagePane, Shown
from memtui.tui.inspector.question import Question
from memtui.tui.inspector.said import ANSWER, place
from memtui.tui.screens.own import OwnScreen

if TYPE_CHECKING:
    from memtui.api.library import Passage as PassageData
    from memtui.api.search import Hit
    from memtui.tui.conversation import Block

NOTHING = "Choose a hit first."


class InspectorDeeds(OwnScreen):
    """The screen has the question and the hits; `shown` is what is read."""

    found: HitRows
    beside: HitRows
    pane: PassagePane
    block: "Block | None"
    question: Question
    hits: "list[Hit]"
    outcome: str
    shown: Shown | None = None
    seeing = False  # the passage as the agent saw it
    _steps = 0  # neighbours to go yet

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers: dict[str, Answer] = {}  # listed among the pinned hits, by their keys

    @property
    def board(self) -> Board:
        return self.store.board

    def agent_name(self) -> str:
        return plain_line(self.store.agent.name, 40) if self.store.agent else ""

    def put(self, hits: "list[Hit]") -> None:
        raise NotImplementedError

    def follow(self) -> None:
        raise NotImplementedError

    def end_comparison(self) -> None:
        raise NotImplementedError

    def _fill(self) -> None:
        raise NotImplementedError

    def _draw(self) -> None:
        raise NotImplementedError

    def _problem(self, sentence: str) -> None:
        raise NotImplementedError

    # reading

    def focused_row(self) -> HitRow | None:
        """The hit under the cursor, of the list that has the focus."""
        return (self.beside if self.beside.has_focus else self.found).current

    def chosen_place(self) -> "Hit | PassageData | None":
        """What the keys are about: what is read, else the hit under the cursor."""
        self.follow()
        row = self.focused_row()
        if self.has_class("-compare"):
            return row.hit if row is not None else None
        if self.shown is not None:
            return self.shown.place
        return row.hit if row is not None else None

    def read(self, shown: Shown | None) -> None:
        """Show this in the pane, as it is or as the agent saw it."""
        self.shown = shown
        self._steps = 0
        if shown is None:
            self.pane.empty()
        elif self.seeing:
            self._see(shown)
        else:
            self.pane.show(shown)

    def action_neighbour(self, step: int) -> None:
        """The passage before or after the one that is read; quick presses add up."""
        self.follow()
        if self.shown is None or self.has_class("-compare"):
            return
        if self._on_answer():
            self.memtui.tell("An answer stands alone: there are no passages beside it.")
            return
        going = self._steps != 0
        self._steps += step
        self.add_class("-reading")
        if not going:
            self.do(self._turn(), "neighbour")

    async def _turn(self) -> None:
        client = await self.session.client()
        try:
            while self._steps and (shown := self.shown) is not None:
                step = 1 if self._steps > 0 else -1
                found = await client.passage(shown.ids[-1 if step > 0 else 0], context=1)
                if self.shown is not shown:
                    return  # another hit was chosen meanwhile
                near = found.after[:1] if step > 0 else found.before[-1:]
                self._steps -= step
                if not near:
                    end = "last" if step > 0 else "first"
                    self.memtui.tell(f"This is the {end} passage there.")
                    return
                self._turn_to(near[0], self._steps)
        finally:
            self._steps = 0

    def _turn_to(self, passage: "PassageData", steps: int) -> None:
        hit = next((hit for hit in self.hits if hit.passage_id == passage.id), None)
        self.read(Shown(hit or passage, (passage.id,), hit))
        self._steps = steps

    def action_seen(self) -> None:
        """The passage as the agent saw it, and back."""
        if self.has_class("-compare"):
            self.end_comparison()
            self.call_after_refresh(self.action_seen)
            return
        self.follow()
        if self._on_answer() and not self.seeing:
            self.memtui.tell("The agent wrote this itself: it is no passage that it was shown.")
            return
        self.seeing = not self.seeing
        if self.seeing and (self.store.agent is None or self.shown is None):
            self.seeing = False
            self.memtui.tell(NOTHING if self.store.agent else "No agent is open. F3, then F9.")
            return
        if self.seeing:
            self.add_class("-reading")
        self.read(self.shown)

    def _on_answer(self) -> bool:
        return self.shown is not None and self.shown.place.scope == ANSWER

    def _see(self, shown: Shown) -> None:
        if self._on_answer():
            self.pane.show(shown)
            return
        self.pane.say("as the agent saw it", "reading …")
        self.run_worker(self._read_seen(shown), group="seen", exclusive=True, exit_on_error=False)

    async def _read_seen(self, shown: Shown) -> None:
        try:
            client = await self.session.client()
            from memtui.api.search import SeenRequest

            agent = self.session.agent()
            turn = self.block.turn if self.block is not None else ""
            request = self.question.request(agent.id)
            seen = await client.seen(
                agent.id, SeenRequest(passage_ids=list(shown.ids), turn_id=turn, search=request)
            )
        except MemtuiError as error:
            if self.shown is shown and self.seeing:
                self.pane.say("as the agent saw it", str(error), "$error")
            return
        if self.shown is shown and self.seeing:
            self.pane.see(seen, self.agent_name())

    # pins

    def _pinned_hit(self) -> "Hit | None":
        self.follow()
        row = self.focused_row()
        if self.has_class("-compare") or self.shown is None:
            return row.hit if row is not None else None
        if self.shown.hit is None:
            self.memtui.tell("Only hits can be pinned; this passage was not found itself.")
        return self.shown.hit

    def action_pin(self) -> None:
        hit = self._pinned_hit()
        if hit is not None:
            answer = self._answers.get(hit.passage_id)
            if answer is not None:
                pinned = self.board.toggle_answer(answer)
            else:
                pinned = self.board.toggle(hit, self.question.text)
            self.memtui.tell(f"{'Pinned' if pinned else 'No longer pinned'}: {place(hit)}.")
            self._redraw()

    def _redraw(self) -> None:
        shown, steps = self.shown, self._steps
        self._fill()
        self._draw()
        if shown is not None and self.hits and self.shown is None:
            self.shown, self._steps = shown, steps

    def action_pin_answer(self) -> None:
        """The answer under the cursor, else the one that this search led to, else the last."""
        self.follow()
        if self._on_answer() and not self.has_class("-compare"):
            self.action_pin()
            return
        turn = self.block.turn if self.block is not None else ""
        said = [item for item in self.store.items if item.kind == "agent" and not item.live]
        mine = [item for item in said if turn and item.turn == turn] or said[-1:]
        if not mine:
            self.memtui.tell("The agent has not answered anything yet.")
            return
        answer = mine[-1]
        asked = [
            item.text for item in self.store.items[: self.store.items.index(answer)]
            if item.kind == "you"
        ]  # fmt: skip
        pinned = self.board.toggle_answer(
            Answer(
                f"{answer.turn}:{answer.key}",
                asked[-1] if asked else "",
                self.agent_name(),
                answer.text,
                tuple(answer.citations),
            )
        )
        text = plain_line(answer.text, 60)
        self.memtui.tell(f"{'Pinned' if pinned else 'No longer pinned'}: the answer “{text}”")
        self._draw()

    def action_pins(self) -> None:
        """The pinned hits and answers, in place of what was found."""
        if not len(self.board):
            self.memtui.tell("Nothing is pinned yet: p pins a hit, a the answer.")
            return
        self._answers = dict(self.board.answers)
        answers = [as_hit(answer) for answer in self._answers.values()]
        self.put([*(pin.hit for pin in self.board.pins.values()), *answers])
        self.outcome = "the pinned ones; Enter in the query searches again"
        self._problem("")
        self._fill()
        self._draw()

    def action_export(self) -> None:
        from memtui.tui.screens.write_to import WriteTo

        if not len(self.board):
            self.memtui.tell("Nothing is pinned yet: p pins a hit, a the answer.")
            return
        hits = fmt.count(len(self.board.pins), "hit")
        answers = fmt.count(len(self.board.answers), "answer")
        text = f"{hits} and {answers}, with what they cite, as Markdown."

        def named(path: Path | None) -> None:
            if path is not None:
                self.do(self._export(path), "export")

        self.app.push_screen(WriteTo("export what is pinned", text, "pinned.md"), named)

    async def _export(self, path: Path) -> None:
        from memtui.api import files
        from memtui.tui.inspector.export import markdown

        async def pieces() -> AsyncIterator[bytes]:
            yield markdown(self.board).encode()

        size = await files.save(pieces(), path)
        self.memtui.tell(f"Wrote {size:,} bytes to {fmt.path(str(path))}.")

    # the text

    def _quoted(self) -> tuple[str, str] | None:
        """The text that is read, and where it comes from."""
        found = self.chosen_place()
        if found is None:
            self.memtui.tell(NOTHING)
            return None
        return self.pane.text if self.seeing else plain(found.text), _label(found)

    def action_copy(self) -> None:
        quoted = self._quoted()
        if quoted is not None:
            self.app.copy_to_clipboard("\n".join(filter(None, quoted)))
            self.memtui.tell(fmt.copied("it"))

    def action_insert(self) -> None:
        """As a quote into the message, after what is there."""
        quoted = self._quoted()
        if quoted is None:
            return
        text, label = quoted
        lines = [f"> {line}".rstrip() for line in text.splitlines()]
        self.memtui.main.insert_quote("\n".join([*lines, f"> — {label}"]) + "\n\n")
        self.dismiss(None)

    def action_open(self) -> None:
        found = self.chosen_place()
        if found is None:
            self.memtui.tell(NOTHING)
            return

        async def show() -> None:
            from memtui.api import viewer

            await viewer.show(found.document_path, found.page)
            self.memtui.tell(f"Opening {fmt.path(plain_line(found.document_path or '', 200))}.")

        self.do(show(), "viewer")

    # the agent's own archive

    def action_archive(self) -> None:
        quoted = self._quoted()
        if quoted is None:
            return
        text, label = quoted

        async def store() -> None:
            agent = self.session.agent()
            client = await self.session.client()
            await client.store(agent.id, f"{text}\n({label})")
            name = plain_line(agent.name, 40)
            self.memtui.tell(f"{name} has it in its own archive now. /undo takes it out again.")

        self.do(store(), "archive")

    def action_delete(self) -> None:
        from memtui.tui.screens.confirm import Confirm

        found, agent = self.chosen_place(), self.store.agent
        if found is None or agent is None:
            self.memtui.tell(NOTHING)
            return
        if found.scope != f"agent_{agent.id}":
            self.memtui.tell(
                f"Only what {plain_line(agent.name, 40)} archived itself can be deleted here. "
                "Sources are deleted in their pane (F2).",
                "warning",
            )
            return
        text = f"Delete this memory of {agent.name}? /undo brings it back.\n\n{found.text[:600]}"
        passage_id = _id(found)

        def answered(yes: bool | None) -> None:
            if yes:
                self.do(self._forget(agent.id, passage_id), "delete")

        self.app.push_screen(Confirm("delete a memory", text, "Delete"), answered)

    async def _forget(self, agent_id: str, passage_id: str) -> None:
        client = await self.session.client()
        await client.forget(agent_id, passage_id)
        self.hits = [hit for hit in self.hits if hit.passage_id != passage_id]
        self.board.pins.pop(passage_id, None)
        self._fill()
        self._draw()
        self.memtui.tell("Deleted. /undo brings it back.")


def _id(found: "Hit | PassageData") -> str:
    return str(getattr(found, "passage_id", None) or getattr(found, "id", ""))


def _label(found: "Hit | PassageData") -> str:
    """`[birds p. 2]`, as replies cite it; of a neighbour the document and the page."""
    if hasattr(found, "passage_id"):
        return place(cast("Hit", found))
    name = found.document or found.source or ""
    page = fmt.page(found.page, found.page_end, found.page_label)
    return plain_line(" ".join(filter(None, (name, page))), 300)
