"""The slash commands about the agent itself: its history, its memory, its prompt, its model."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memtui.api.errors import MemtuiError
from memtui.api.plain import plain_line
from memtui.tui import commands
from memtui.tui import format as fmt
from memtui.tui.screens.deeds import Deeds

if TYPE_CHECKING:
    from memtui.api.client import Client

MOST = 1000
"""Messages that are shown at once."""


class HistoryDeeds(Deeds):
    """Each command asks the engine, which has the agent to itself or says that it is busy."""

    def _ask(self, work: Callable[["Client", str], Awaitable[str | None]]) -> None:
        """Run `work` with the client and the open agent's id; show the sentence it returns."""

        async def run() -> None:
            agent = self.session.agent()
            if sentence := await work(await self.session.client(), agent.id):
                self.memtui.tell(sentence)

        self.do(run(), "history")

    def _number(self, rest: str, name: str, otherwise: int) -> int | None:
        """How many messages a command is about; a wrong number is told, and then None."""
        if not rest:
            return otherwise
        if rest.isascii() and rest.isdigit() and 1 <= int(rest[:9]) <= MOST:
            return int(rest)
        self.wrong(f"/{name} takes a whole number from 1 to {MOST:,}: /{name} 3", f"/{name} {rest}")
        return None

    def _text(self, rest: str, name: str, what: str) -> bool:
        """Whether there is one; else what the command expects is told."""
        if not rest:
            self.wrong(f"/{name} expects the new {what} after it: /{name} TEXT", f"/{name} ")
        return bool(rest)

    # the history

    def say_retry(self, _rest: str) -> None:
        self.action_retry()

    def action_retry(self) -> None:
        self.do(self.session.retry(), "turn")

    def say_pop(self, rest: str) -> None:
        if (count := self._number(rest, "pop", 3)) is not None:

            async def pop(client: "Client", agent_id: str) -> str:
                return (await client.pop(agent_id, count)).text + " /undo brings them back."

            self._ask(pop)

    def say_rethink(self, rest: str) -> None:
        if self._text(rest, "rethink", "thought"):

            async def rethink(client: "Client", agent_id: str) -> str:
                return (await client.rethink(agent_id, rest)).text

            self._ask(rethink)

    def say_rewrite(self, rest: str) -> None:
        if self._text(rest, "rewrite", "reply"):

            async def rewrite(client: "Client", agent_id: str) -> str:
                return (await client.rewrite(agent_id, rest)).text

            self._ask(rewrite)

    def say_undo(self, _rest: str) -> None:
        async def undo(client: "Client", agent_id: str) -> str:
            return "Undone: " + " ".join(one.text for one in await client.undo(agent_id))

        self._ask(undo)

    def say_summarize(self, _rest: str) -> None:
        async def summarize(client: "Client", agent_id: str) -> str:
            return (await client.summarize(agent_id)).text

        self._ask(summarize)

    def say_heartbeat(self, _rest: str) -> None:
        self.do(self.session.event("heartbeat"), "turn")

    def say_memorywarning(self, _rest: str) -> None:
        self.do(self.session.event("alert"), "turn")

    def say_save(self, _rest: str) -> None:
        async def saved(client: "Client", agent_id: str) -> str:
            found = await client.saved(agent_id)
            if found.at is None:
                return "Nothing was said yet. All that will be is saved when it happens."
            at = found.at.astimezone()
            messages = fmt.count(found.messages, "message")
            return f"All {messages} are saved; the last change was at {at:%H:%M:%S on %Y-%m-%d}."

        self._ask(saved)

    def say_fork(self, rest: str) -> None:
        async def fork(client: "Client", agent_id: str) -> str:
            before = self.session.agent().name
            copy = await client.fork(agent_id, rest or None)
            await self.memtui.open_something(copy.id)
            return f"This is {copy.name}, a copy of {before}. F9 goes back."

        self._ask(fork)

    def say_export(self, rest: str) -> None:
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in self._called())
        path = Path(rest or f"{name}.md").expanduser().absolute()
        if not path.exists() or path.is_dir():
            self._export(path)
            return
        from memtui.tui.screens.confirm import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                self._export(path)

        text = f"{fmt.path(str(path))} exists already. Replace it with this conversation?"
        self.app.push_screen(Confirm("export", text, "Replace"), answered)

    def _called(self) -> str:
        return self.store.agent.name if self.store.agent else ""

    def _export(self, path: Path) -> None:
        async def export(client: "Client", agent_id: str) -> str:
            from memtui.api import files

            format = files.format_of(path)
            size = await files.save(client.export(agent_id, format), path)
            return f"Wrote {size:,} bytes to {fmt.path(str(path))}."

        self._ask(export)

    # looking

    def say_dump(self, rest: str) -> None:
        from memtui.tui.screens.dump import dump_text

        if (count := self._number(rest, "dump", 0)) is not None:

            async def dump(client: "Client", agent_id: str) -> None:
                messages = await client.messages(agent_id, limit=count or MOST, context=not count)
                what = "last messages" if count else "messages in the context"
                title = f"{what} of {plain_line(self._called(), 40)}"
                self._read(title, partial(dump_text, messages))

            self._ask(dump)

    def say_dumpraw(self, rest: str) -> None:
        from memtui.tui.screens.dump import raw_text

        if (count := self._number(rest, "dumpraw", MOST)) is not None:

            async def dump(client: "Client", agent_id: str) -> None:
                rows = await client.messages(agent_id, limit=MOST, context=True)
                raw = [row.model_dump(mode="json") for row in rows]
                self._read("what the model is sent", partial(raw_text, raw[-count:]))

            self._ask(dump)

    def say_memory(self, _rest: str) -> None:
        self.action_memory()

    def action_memory(self) -> None:
        from memtui.tui.screens.reading import memory_text

        async def memory(client: "Client", agent_id: str) -> None:
            remembered = await client.remembered(agent_id)
            self._read("memory", partial(memory_text, self.store, remembered))

        self._ask(memory)

    def _read(self, title: str, make: Callable[[int], Any]) -> None:
        from memtui.tui.screens.reading import Reading

        self.app.push_screen(Reading(title, make))

    # what the agent is made of

    def say_systemswap(self, rest: str) -> None:
        if self._text(rest, "systemswap", "system prompt"):

            async def compare(client: "Client", agent_id: str) -> None:
                from memtui.tui.screens.compare import Compare

                before = await client.system(agent_id)

                async def swap(client: "Client", agent_id: str) -> str:
                    await client.set_system(agent_id, rest)
                    return "The system prompt was exchanged. /undo brings the old one back."

                def answered(yes: bool | None) -> None:
                    if yes:
                        self._ask(swap)

                screen = Compare("system prompt", before, rest, "Exchange")
                self.app.push_screen(screen, answered)

            self._ask(compare)

    def say_model(self, rest: str) -> None:
        if not rest:
            self.action_model()
            return
        name = None if rest == commands.DEFAULT_MODEL else rest

        async def choose() -> None:
            self.memtui.tell(f"Trying {rest} …")
            await self.session.set_model(name)
            self.memtui.tell(f"{self._called()} uses {self.store.model} from now on.")

        if self.store.agent is None:
            raise MemtuiError("No agent is open. F9 opens one or makes a new one.")
        self.do(choose(), "history")
