"""The app: start-up, themes, keys, workers and their errors. `run_app` runs it."""

import asyncio
import gc
import time
import traceback
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from memtui import config, paths
from memtui.api.errors import MemtuiError, NotFoundError, UnavailableError
from memtui.api.plain import plain
from memtui.tui import layout, themes
from memtui.tui.actions import ACTIONS, bindings, key_sign, parse_keymap
from memtui.tui.screens.main import MainScreen
from memtui.tui.session import Session
from memtui.tui.store import Store
from memtui.tui.widgets.sources import going_on, loaded

if TYPE_CHECKING:
    from memtui.tui.screens.permission import Permission
    from memtui.tui.session import Spawn

FRAME = 1 / 12
"""Seconds between two drawings of what the engine sends."""

_NEW = "new agent"


class MemtuiApp(App[int]):
    """`agent` is an agent's id: None opens the last used one, or the welcome when there is none.

    `persona`, `human` or `model` make a new agent. `draft` is put ready in the prompt. `choose`
    offers the existing agents first.
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
    ) -> None:
        super().__init__()
        self.wanted = agent
        self.template = {"persona": persona, "human": human, "model": model}
        self.draft = draft
        self.choose = choose
        self.store = Store()
        self.session = self.make_session(self._spawn, self.wake)
        self.problems: list[str] = []
        self._permission: Permission | None = None  # the question that is open
        self._drawn_at = 0.0
        self._drawing: Timer | None = None
        self._saving = asyncio.Lock()
        self._configure()

    def make_session(self, spawn: "Spawn", wake: Any) -> Session:
        return Session(self.store, spawn, wake)

    def _configure(self) -> None:
        """Theme and keys. A configuration that cannot be read is told, and the app goes on."""
        self.register_theme(themes.DARK)
        self.register_theme(themes.LIGHT)
        theme, keys = themes.DARK.name, ""
        try:
            settings = config.load()
            theme, keys = settings.text("ui.theme"), settings.text("ui.keymap")
        except config.ConfigError as error:
            self.problems.append(str(error))
        if theme not in self.available_themes:
            self.problems.append(
                f"ui.theme is {theme!r}, which does not exist. There are "
                f"{', '.join(sorted(self.available_themes))}."
            )
            theme = themes.DARK.name
        self.theme = theme
        keymap, wrong = parse_keymap(keys)
        self.problems += wrong
        self.keymap_text = keymap
        self.set_keymap(keymap)

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        missing = themes.variables_for(variables)
        complete = {**missing, **variables}
        self.theme_variables = complete
        return complete

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

    async def _first_frame_shown(self) -> None:
        self.main.begin(self.draft)
        self.do(self._open(), "open")
        self.call_after_refresh(gc.freeze)
        for problem in self.problems:
            self.tell(problem, "warning")

    async def _open(self) -> None:
        """Find or start the engine, and open what was asked for."""
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
        if not self.greet_if_new():
            self.main.send_next()

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
        """Offer the agents and a new one."""
        from memtui.tui.screens.picker import Choice, Picker

        async def read() -> list[Choice]:
            choices = [
                Choice(agent.id, agent.name, " · ".join(
                    filter(None, (agent.persona, ", ".join(s.name for s in agent.sources)))))
                for agent in await self.session.list_agents()
            ]  # fmt: skip
            return [*choices, Choice(_NEW, "new agent", "with a made-up name")]

        def chosen(key: str | None) -> None:
            if key == _NEW:
                self.do(self.open_new(), "open")
            elif key is not None:
                self.do(self.open_something(key), "open")
            elif self.store.agent is None:
                self.do(self.open_something(None), "open")

        self.push_screen(Picker("open an agent", read), chosen)

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
        while self.session.notices:
            self.tell(self.session.notices.pop(0), "warning")
        self.main.draw(changes.draw)
        self._ask_permission()
        for problem in changes.problems:
            self.tell(problem, "error")
        for job in changes.ended_jobs:
            self.tell(*loaded(job, self.store))
        if changes.ask and self.store.connected:
            self.do(self.refresh_store(changes.ask), "refresh")
        if changes.ended:
            self.main.send_next()

    def _ask_permission(self) -> None:
        """One question at a time, over whatever is open; answered elsewhere, it goes."""
        shown, waiting = self._permission, self.store.permissions
        if shown is not None:
            if all(one.id != shown.request.id for one in waiting):
                shown.gone()
        elif waiting:
            from memtui.tui.screens.permission import Permission

            self._permission = Permission(waiting[0])
            self.push_screen(self._permission, self._permission_answered)

    def _permission_answered(self, answer: str | None) -> None:
        shown, self._permission = self._permission, None
        if shown is None:
            return
        asked = shown.request.id
        self.store.permissions = [one for one in self.store.permissions if one.id != asked]
        if answer != "gone":
            given: Any = answer or "no"
            self.do(self.session.permit(asked, given), "permission")
        self._ask_permission()

    async def refresh_store(self, what: set[str]) -> None:
        await self.session.refresh(what)
        self.session.touch()

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

    def tell(self, sentence: str, severity: Any = "information") -> None:
        """Show a sentence; text from outside may be in it."""
        seconds = 10 if severity != "information" else 4
        self.notify(plain(sentence, 600), severity=severity, timeout=seconds, markup=False)

    # actions

    def action_help(self) -> None:
        from memtui.tui.screens.reading import Reading, help_text

        hint = ""
        focused = self.focused
        for node in focused.ancestors_with_self if focused is not None else ():
            hint = hint or str(getattr(node, "HELP", "") or "")
        self.push_screen(Reading("help", partial(help_text, self.keymap_text, hint)))

    def action_command_palette(self) -> None:
        """Not over a modal, where it would be empty."""
        if isinstance(self.screen, MainScreen):
            super().action_command_palette()

    async def action_quit(self) -> None:
        self.leave()

    def leave(self) -> None:
        """End the app; what goes on without it is said in the terminal."""
        self.exit(0, message=Text(going_on(self.store)) if self.store.loading() else None)

    def action_switch_theme(self) -> None:
        dark = self.current_theme.dark
        self.theme = themes.LIGHT.name if dark else themes.DARK.name
        self.do(self._save_theme(), "save")

    async def _save_theme(self) -> None:
        if not await asyncio.to_thread(config.is_configured):
            return
        try:
            await self.save_settings({"ui.theme": self.theme})
        except OSError as error:
            self.tell(str(error), "warning")

    async def save_settings(self, changes: Mapping[str, str]) -> None:
        """On a thread, one after the other. Raises ConfigError or OSError."""
        async with self._saving:
            await asyncio.to_thread(config.save, dict(changes))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        if not isinstance(screen, MainScreen):
            return
        for action in ACTIONS:
            if action.palette:
                name = action.run.removeprefix("screen.")
                target = self if action.where == "app" else screen
                node: DOMNode = target
                if action.id == "mind.folds":
                    node = screen.query_one("#mind-list")

                async def run(name: str = name, node: DOMNode = node) -> None:
                    await self.run_action(name, node)

                key = self.keymap_text.get(action.id, action.keys).split(",")[0]
                yield SystemCommand(action.palette, f"{key_sign(key)}  {action.help}", run)

    def handle_bindings_clash(self, clashed_bindings: set[Binding], node: DOMNode) -> None:
        names = ", ".join(sorted(binding.id or binding.action for binding in clashed_bindings))
        sentence = f"ui.keymap gives one key to several actions: {names}."
        if sentence not in self.problems:
            self.problems.append(sentence)
            self.tell(sentence, "warning")

    async def on_unmount(self) -> None:
        await self.session.close()


def run_app(
    agent: str | None = None,
    persona: str | None = None,
    human: str | None = None,
    model: str | None = None,
    draft: str = "",
    choose: bool = False,
) -> int:
    """Run the app until the user leaves, and return the exit status."""
    app = MemtuiApp(agent, persona, human, model, draft, choose)
    result = app.run()
    return result if isinstance(result, int) else app.return_code or 0
