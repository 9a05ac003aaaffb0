"""The app: start-up, themes, keys, workers and their errors. `run_app` runs it."""

import asyncio
import contextlib
import signal
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.signal import Signal
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from memtui import config, paths
from memtui.api.errors import MemtuiError, NotFoundError, UnavailableError
from memtui.api.plain import plain, plain_line
from memtui.tui import attention, layout, palette, signs
from memtui.tui.actions import bindings, key_sign
from memtui.tui.asking import Asking
from memtui.tui.hang_up import hung_up
from memtui.tui.key_order import KeyOrder
from memtui.tui.keymap import parse_keymap
from memtui.tui.looks import Looks
from memtui.tui.mended import mend
from memtui.tui.screens.main import MainScreen
from memtui.tui.store import Store
from memtui.tui.told import Severity, Told
from memtui.tui.widgets.sources import going_on, loaded

if TYPE_CHECKING:
    from memtui.tui.session import Session, Spawn

mend()

TERMINATED = 128 + signal.SIGTERM
"""What a shell calls the status of a program that was asked to end."""

GONE = 2.0
"""Seconds between two looks whether the terminal is still there."""

FRAME = 1 / 12
"""Seconds between two drawings of what the engine sends."""


class MemtuiApp(KeyOrder, Looks):
    """`agent` is an agent's id: None opens the last used one, or the welcome when there is none.

    `persona`, `human` or `model` make a new agent. `draft` is put ready in the prompt. `choose`
    offers the existing agents first. `wizard` shows the wizard and nothing else.
    """

    TITLE = "memtui"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = layout.HORIZONTAL
    VERTICAL_BREAKPOINTS = layout.VERTICAL
    BINDINGS = bindings("app")

    def __init__(
        self,
        agent: str | None = None,
        persona: str | None = None,
        human: str | None = None,
        model: str | None = None,
        draft: str = "",
        choose: bool = False,
        wizard: bool = False,
    ) -> None:
        super().__init__()
        self.wizard = wizard
        self.wanted = agent
        self.template = {"persona": persona, "human": human, "model": model}
        self.draft = draft
        self.choose = choose
        self.store = Store()
        self.told = Told(self)
        self.agents_changed: Signal[None] = Signal(self, "agents changed")
        self.asking = Asking(self)
        self._drawn_at = 0.0
        self._drawing: Timer | None = None
        self._saving = asyncio.Lock()
        self._configure()

    @cached_property
    def session(self) -> "Session":
        return self.make_session(self._spawn, self.wake)

    def make_session(self, spawn: "Spawn", wake: Any) -> "Session":
        from memtui.tui.session import Session

        return Session(self.store, spawn, wake)

    def _configure(self) -> None:
        """Looks and keys. A configuration that cannot be read is told, and the app goes on."""
        try:
            settings = config.load()
        except config.ConfigError as error:
            self.problems.append(str(error))
            settings = config.Config({})
        self.dress(settings)
        self.notify_way = settings.text("ui.notify")
        keymap, wrong = parse_keymap(settings.text("ui.keymap"))
        self.problems += wrong
        self.keymap_text = keymap
        self.set_keymap(keymap)

    def follow(self, settings: config.Config) -> None:
        """The settings have changed: take those that are the app's own."""
        self.notify_way = settings.text("ui.notify")
        self._plain.enabled = bool(settings["ui.ascii"]) or signs.needed()
        if settings.text("ui.theme") in self.available_themes and not self.no_color:
            self.theme = settings.text("ui.theme")
        self.keymap_text = parse_keymap(settings.text("ui.keymap"))[0]
        self.set_keymap(self.keymap_text)

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    @property
    def main(self) -> MainScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    # start-up

    def on_mount(self) -> None:
        self.call_after_refresh(self._first_frame_shown)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if not self.is_headless:
            self.suit_terminal()
            with contextlib.suppress(NotImplementedError):  # not on Windows
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.terminate)
            self.set_interval(GONE, self._end_without_terminal)

    def terminate(self) -> None:
        """Give the terminal back as it was. An agent that was to be deleted stays."""
        self.exit(TERMINATED)

    def _end_without_terminal(self) -> None:
        """A closed terminal that sends no SIGHUP: its end would be read again and again."""
        if hung_up():
            self.terminate()

    async def _first_frame_shown(self) -> None:
        from memtui.tui import collector

        await self.main.fill(self.draft)
        await self.let_go()
        self.do(self._open(), "open")
        self.call_after_refresh(collector.spare)
        for problem in self.problems:
            self.tell(problem, "warning")
        self.watch_themes()

    async def _open(self) -> None:
        """Find or start the engine, and open what was asked for."""
        if self.wizard:
            self.open_wizard(self._configured)
            return
        new = any(self.template.values())
        fresh = not (self.wanted or new or self.draft) and not config.is_configured()
        known = paths.record_file().exists()
        if fresh and not known:
            self.main.welcome()  # nothing to wait for
            await self.session.client()
        elif self.choose and known and not new and not self.wanted:
            self.choose_agent()
        elif fresh and not await self.session.list_agents():
            self.main.welcome()
        else:
            await self.open_something(self.wanted)

    async def open_something(self, agent_id: str | None) -> None:
        """The agent `agent_id`, else the last used one, else a new one."""
        new = {name: value for name, value in self.template.items() if value}
        if agent_id is None and not new:
            agents = await self.session.list_agents()
            agent_id = agents[0].id if agents else None
        if agent_id is None:
            self.template = {}
            await self.open_new(**new)
        else:
            await self._show(agent_id)

    async def open_new(self, **wanted: Any) -> None:
        from memtui.api.agents import NewAgent

        client = await self.session.client()
        await self._show((await client.add_agent(NewAgent(**wanted))).id)

    async def _show(self, agent_id: str) -> None:
        """Open the agent; messages that wait were meant for the one before, if there is one."""
        while self.store.agent is not None and self.store.queue:
            self.main.take_back()
        await self.session.open_agent(agent_id)
        self.session.touch()
        self.do(self.session.read_window(), "window")
        if not self.greet_if_new():
            self.main.send_next()

    def open_wizard(self, left: Callable[[bool | None], None], *only: str) -> None:
        from memtui.tui.wizard.opening import open_wizard

        open_wizard(self, left, *only)

    def _configured(self, saved: bool | None) -> None:
        said = f"Saved {paths.config_file()}." if saved else "Nothing was changed."
        self.exit(0, message=Text(plain(said)))

    def greet_if_new(self) -> bool:
        """An agent that nobody has spoken with yet speaks first."""
        new = self.session.is_new()
        if new:
            self.do(self.session.greet(), "turn")
        return new

    @property
    def opening(self) -> bool:
        """Whether an agent is about to be open."""
        return self.store.agent is None and any(
            worker.group == "open" and not worker.is_finished for worker in self.workers
        )

    def choose_agent(self) -> None:
        """Show the agents; without a choice, the last used one if none is open, or the welcome."""
        from memtui.tui.screens.agents import Agents

        def chosen(agent_id: str | None) -> None:
            if agent_id is not None:
                self.do(self.open_something(agent_id), "open")
            elif self.store.agent is None:
                self.do(self._open_last(), "open")

        if self.opens(Agents):
            self.push_screen(Agents(self), chosen)

    async def _open_last(self) -> None:
        if agents := await self.session.list_agents():
            await self._show(agents[0].id)
        else:
            self.main.welcome()

    def close_agent(self) -> None:
        """The open one is gone, or is to go: open another, if there is one."""

        async def close() -> None:
            others = await self.session.list_agents()
            self.session.close_agent()
            self.main.draw({"chat", "mind", "sources", "state", "context"})
            if others:
                await self._show(others[0].id)

        self.do(close(), "open")

    # drawing what has come in, at most twelve times a second

    def wake(self) -> None:
        if self._drawing is None and self.is_running:
            wait = self._drawn_at + FRAME - time.monotonic()
            self._drawing = self.set_timer(max(0.001, wait), self._draw)

    def _draw(self) -> None:
        self._drawing = None
        if not self.screen_stack:
            return  # leaving
        self._drawn_at = time.monotonic()
        changes = self.session.drain()
        for sentence in changes.failures:
            self.told.remember(sentence, "error")
        while self.session.notices:
            self.tell(self.session.notices.pop(0), "warning")
        self.main.draw(changes.draw)
        if "agents" in changes.draw:
            self.agents_changed.publish(None)
        self.asking.look()
        for problem in changes.problems:
            self.tell(problem, "error")
        if changes.deleted and self.store.agent is not None:
            name = plain_line(self.store.agent.name, 60)
            self.tell(f"{name} was deleted from another terminal.", "warning")
            self.close_agent()
        for job in changes.ended_jobs:
            self.tell(*loaded(job, self.store))
            ended = job.ended_at or job.created_at
            seconds = (ended - job.created_at).total_seconds()
            attention.call(self, self.notify_way, loaded(job, self.store)[0], seconds)
        if changes.ask and self.store.connected:
            self.do(self.refresh_store(changes.ask), "refresh")
        if changes.ended:
            name = self.store.agent.name if self.store.agent else "The agent"
            attention.call(self, self.notify_way, f"{name} has answered.", changes.took)
            self.main.send_next()

    async def refresh_store(self, what: set[str]) -> None:
        await self.session.refresh(what)
        self.session.touch()

    def copy_to_clipboard(self, text: str) -> None:
        from memtui.tui import clipboard

        super().copy_to_clipboard(text)
        if clipboard.in_tmux() and not self.is_headless:
            self.do(clipboard.to_tmux(text), "copy")

    # workers, and the one place where their errors are shown

    def do(self, work: Coroutine[Any, Any, Any], group: str = "default") -> None:
        self.run_worker(self._watched(work), group=group, exit_on_error=False)

    def _spawn(self, work: Coroutine[Any, Any, None], group: str) -> object:
        return self.run_worker(work, group=group, exit_on_error=False)

    async def _watched(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except UnavailableError as error:
            self.store.trouble = str(error)
            self.session.touch()
        except (MemtuiError, config.ConfigError) as error:
            self.tell(str(error), "error")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error
        if event.state is not WorkerState.ERROR or error is None:
            return
        if isinstance(error, NotFoundError | MemtuiError):
            self.tell(str(error), "error")
            return
        log = paths.state_dir() / "app.log"
        try:
            paths.private_dir(log.parent)
            with log.open("a", encoding="utf-8") as file:
                file.write("".join(traceback.format_exception(error)))
            where = f" The details are in {log}."
        except OSError:
            where = ""
        self.tell(f"The app made a mistake ({type(error).__name__}) and goes on.{where}", "error")

    def tell(self, sentence: str, severity: Severity = "information") -> None:
        """Show a sentence; text from outside may be in it."""
        self.told.say(sentence, severity)

    # actions

    def opens(self, kind: type[Screen[Any]]) -> bool:
        """Whether a screen of that kind may be opened: none is, not even below others."""
        return not any(isinstance(screen, kind) for screen in self.screen_stack)

    def action_help_quit(self) -> None:
        """ctrl+c where nothing is chosen: Textual's own piles up its toasts."""
        known = (one.binding for one in self.active_bindings.values())
        key = next((key_sign(one.key) for one in known if one.id == "app.quit"), "ctrl+p, Quit,")
        self.tell(f"{key} leaves memtui.")

    def action_help(self) -> None:
        from memtui.tui.screens.reading import Help, here

        if self.opens(Help):
            self.push_screen(Help(self.keymap_text, *here(self.screen, self.focused)))

    def action_jump(self) -> None:
        from memtui.tui.screens.jump import Jump, go

        if self.opens(Jump):
            self.push_screen(Jump(self.screen), go)

    def action_problems(self) -> None:
        from memtui.tui.screens.problems import Problems

        if self.opens(Problems):
            self.push_screen(Problems(self.told))

    def action_debug(self) -> None:
        from memtui.tui.screens.report import Report

        if self.opens(Report):
            self.push_screen(Report(self))

    def action_command_palette(self) -> None:
        if self.opens(palette.Palette):
            self.push_screen(palette.Palette())

    def action_suspend(self) -> None:
        if self._driver is not None and self._driver.can_suspend:
            self.action_suspend_process()
        else:
            self.tell("This terminal cannot suspend a program.", "warning")

    async def action_quit(self) -> None:
        self.leave()

    def leave(self) -> None:
        """End the app, once the agents that were deleted are gone."""
        if self.session.leaving:
            self.tell(f"Deleting {', '.join(one.name for one in self.session.leaving.values())} …")
            self.run_worker(self._let_go(), group="leave", exclusive=True, exit_on_error=False)
        else:
            self._end([])

    async def _let_go(self) -> None:
        self._end(await self.session.let_go())

    def _end(self, sentences: list[str]) -> None:
        """What goes on without the app, and what went wrong, is said in the terminal."""
        going = [going_on(self.store)] if self.store.loading() else []
        said = plain("\n".join([*sentences, *going]))
        self.exit(0, message=Text(said) if said else None)

    async def save_settings(self, changes: Mapping[str, str]) -> None:
        """On a thread, one after the other. Raises ConfigError or OSError."""
        async with self._saving:
            await asyncio.to_thread(config.save, dict(changes))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return palette.commands(self, screen)

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        """`keymap.clashes` has told of it already."""

    async def on_unmount(self) -> None:
        await self.session.close()


def run_app(
    agent: str | None = None,
    persona: str | None = None,
    human: str | None = None,
    model: str | None = None,
    draft: str = "",
    choose: bool = False,
    wizard: bool = False,
) -> int:
    """Run the app until the user leaves, and return the exit status."""
    app = MemtuiApp(agent, persona, human, model, draft, choose, wizard)
    result = app.run()
    return result if isinstance(result, int) else app.return_code or 0
