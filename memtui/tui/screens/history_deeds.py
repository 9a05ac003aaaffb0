"""The slash commands about the agent itself: its history, its memory, its prompt, its model."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memtui.api.plain import plain_line
from memtui.tui import commands
from memtui.tui import format as fmt
from memtui.tui.screens.source_deeds import SourceDeeds

if TYPE_CHECKING:
    from memtui.api.client import Client

MOST = 1000
"""Messages that are shown at once."""


class HistoryDeeds(SourceDeeds):
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
        async def export(client: "Client", agent_id: str) -> str | None:
            from memtui.api import files

            name = "".join(c if c.isalnum() else "-" for c in self._called())
            path, there = await asyncio.to_thread(files.target, rest or f"{name}.md")
            if there:
                self._ask_to_replace(path)
                return None
            return await self._export(path, client, agent_id)

        self._ask(export)

    def _ask_to_replace(self, path: Path) -> None:
        from memtui.tui.screens.confirm import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                self._ask(partial(self._export, path))

        text = f"{fmt.path(str(path))} exists already. Replace it with this conversation?"
        self.app.push_screen(Confirm("export", text, "Replace"), answered)

    async def _export(self, path: Path, client: "Client", agent_id: str) -> str:
        from memtui.api import files

        size = await files.save(client.export(agent_id, files.format_of(path)), path)
        return f"Wrote {size:,} bytes to {fmt.path(str(path))}."

    def _called(self) -> str:
        return self.store.agent.name if self.store.agent else ""

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
                window = await client.context(agent_id)
                self._read(
                    f"what {plain_line(window.model, 40)} is sent",
                    partial(raw_text, window.messages[-count:]),
                )

            self._ask(dump)

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

        async def choose(client: "Client", agent_id: str) -> str:
            self.memtui.tell(f"Trying {rest} …")
            await self.session.set_model(name)
            return f"{self._called()} uses {self.store.model} from now on."

        self._ask(choose)
