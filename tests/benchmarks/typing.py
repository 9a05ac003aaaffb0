"""`python -m tests.benchmarks.typing AGENT KEYS PAGES` runs the app and types into it.

It opens AGENT, reads PAGES more pages of its history, prints `ready`, and then answers each line
of its standard input with a line of JSON, milliseconds: `quiet` or `stream` types KEYS keys, while
nothing goes on or while the agent talks, from each key to the frame that shows it; `focus` the
same, the terminal having lost the focus and got it back just before; `theme` from a change of the
theme to the frame; `scroll` through all that was read, from each page-up to the frame; `open` from
the wish to open AGENT, another being open, to the frame with its name. `state` tells what the app
holds. It ends with its input.

Keys come from a thread, as in a terminal, at times that have nothing to do with the app's own, and
each is a letter that nothing else on the screen has: a frame is told by its letter.
"""

import asyncio
import json
import random
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import memtui.tui  # noqa: F401 - what it sets has to be set before Textual is imported

# isort: split
from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from memtui.tui import themes
from memtui.tui.app import MemtuiApp
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.transcript import Transcript

SIZE = (140, 45)
LETTERS = [chr(number) for number in range(0x0100, 0x017F) if chr(number).isprintable()]
LINE = 40
"""Keys until the prompt is emptied: it stays one line."""
GAP = (0.06, 0.14)
"""Seconds between two keys: fast typing."""
LOST = 10.0
ROUNDS = 5
"""Of what is measured once at a time: changes of the theme, agents opened."""
PAGE, SCREEN = 500, 5000
"""Characters that a frame with a new page in the transcript has at least, and a whole new one."""


class NullDriver(HeadlessDriver):
    """Frames are made and written as to a terminal, and looked at in place of being shown."""

    awaited = ""  # a frame with this in it
    least = 0  # or, if not 0, one of at least so many characters
    seen_at = 0.0
    seen = threading.Event()

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        found = len(data) >= self.least if self.least else self.awaited and self.awaited in data
        if found:
            NullDriver.seen_at = time.perf_counter()
            NullDriver.awaited, NullDriver.least = "", 0
            self.seen.set()


class Typist:
    """Lives on a thread of its own."""

    def __init__(self, app: MemtuiApp, keys: int, pages: int) -> None:
        self._app = app
        self._keys = keys
        self._pages = pages
        self._chance = random.Random(0)
        self._streaming = False

    def work(self) -> None:
        try:
            self._wait(lambda: self._app.main.filled and self._app.store.agent is not None)
            for _ in range(self._pages):
                if self._app.store.oldest is not None:
                    self._on_loop(self._app.session.older())
            self._wait(lambda: self._app.store.turn is None)  # the greeting of a new agent
            time.sleep(2)
            _say("ready")
            for line in sys.stdin:
                _say(json.dumps(getattr(self, "_" + line.strip())()))
        finally:
            self._app.call_from_thread(self._app.exit)

    def _state(self) -> dict[str, int]:
        store = self._app.store
        widgets = self._app.call_from_thread(lambda: len(self._app.screen.query("*")))
        return {"items": len(store.items), "blocks": len(store.blocks), "widgets": widgets}

    def _quiet(self) -> list[float]:
        return self._type()

    def _stream(self) -> list[float]:
        self._streaming = True
        talking = self._submit(self._talk())
        try:
            self._wait(lambda: any(item.live for item in self._app.store.items[-5:]))
            return self._type()
        finally:
            self._streaming = False
            self._on_loop(self._app.session.stop_turn())
            talking.result(LOST)

    async def _talk(self) -> None:
        """Turn after turn, until it is stopped."""
        while self._streaming:
            if self._app.store.turn is None:
                await self._app.session.send("Go on.")
            await asyncio.sleep(0.05)

    def _type(self) -> list[float]:
        took = []
        for number in range(self._keys):
            if number % LINE == 0:
                self._app.call_from_thread(self._empty)
            time.sleep(self._chance.uniform(*GAP))
            took.append(self._press(LETTERS[number % len(LETTERS)]) * 1000)
        self._app.call_from_thread(self._empty)
        return took

    def _press(self, letter: str) -> float:
        return self._until(letter, lambda: self._send(events.Key(letter, letter)))

    def _send(self, event: events.Event) -> None:
        driver = self._app._driver
        assert driver is not None
        driver.send_message(event)

    def _until(self, awaited: str | int, deed: Callable[[], object]) -> float:
        """Seconds from the deed to a frame with `awaited` in it, or of so many characters."""
        NullDriver.seen.clear()
        if isinstance(awaited, int):
            NullDriver.least = awaited
        else:
            NullDriver.awaited = awaited
        began = time.perf_counter()
        deed()
        if not NullDriver.seen.wait(LOST):
            prompt = self._app.main.query_one(Prompt)
            raise RuntimeError(
                f"The frame with {awaited} did not come: {self._app.screen!r} has the focus on "
                f"{self._app.focused!r}, the prompt holds {prompt.text!r}."
            )
        return NullDriver.seen_at - began

    def _focus(self) -> list[float]:
        took = []
        for letter in LETTERS[:ROUNDS]:
            time.sleep(0.3)
            self._send(events.AppBlur())
            self._send(events.AppFocus())
            took.append(self._press(letter) * 1000)
        self._app.call_from_thread(self._empty)
        return took

    def _theme(self) -> list[float]:
        took = []
        for _ in range(ROUNDS):
            time.sleep(0.3)
            took.append(self._until(SCREEN, self._switch_theme) * 1000)
        return took

    def _switch_theme(self) -> None:
        dark = self._app.theme == themes.DARK.name
        other = themes.LIGHT.name if dark else themes.DARK.name
        self._app.call_from_thread(setattr, self._app, "theme", other)

    def _scroll(self) -> list[float]:
        """As fast as the frames come, up to the first message."""
        transcript = self._app.main.query_one(Transcript)
        took = []
        while transcript.scroll_offset.y > 0:
            took.append(self._until(PAGE, lambda: self._send(events.Key("pageup", None))) * 1000)
        self._app.call_from_thread(transcript.to_end)
        return took

    def _open(self) -> list[float]:
        agent = self._app.store.agent
        assert agent is not None
        other = self._on_loop(self._other())
        took = []
        for _ in range(ROUNDS):
            self._on_loop(self._app.open_something(other))
            time.sleep(0.5)
            opening = partial(self._submit, self._app.open_something(agent.id))
            took.append(self._until(agent.name, opening) * 1000)
        return took

    async def _other(self) -> str:
        """The id of another agent, which has nothing more to say."""
        await self._app.open_new()
        while self._app.store.turn is not None or self._app.session.is_new():
            await asyncio.sleep(0.05)
        assert self._app.store.agent is not None
        return self._app.store.agent.id

    def _empty(self) -> None:
        self._app.main.query_one(Prompt).put("")

    def _wait(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        while not true():
            if time.monotonic() > deadline:
                raise RuntimeError(f"It did not come about: {self._app.store.trouble}")
            time.sleep(0.05)

    def _submit(self, work: Any) -> Any:
        assert self._app._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._app._loop)

    def _on_loop(self, work: Any, patience: float = 60) -> Any:
        return self._submit(work).result(patience)


def _say(line: str) -> None:
    """Print, past Textual, which takes `sys.stdout` for itself."""
    print(line, file=sys.__stdout__, flush=True)


class TypedApp(MemtuiApp):
    """`MemtuiApp` with its output looked at."""

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.driver_class = NullDriver


async def main(agent: str, keys: int, pages: int) -> None:
    app = TypedApp(agent)
    async with app.run_test(headless=False, size=SIZE, notifications=True):
        await asyncio.to_thread(Typist(app, keys, pages).work)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
