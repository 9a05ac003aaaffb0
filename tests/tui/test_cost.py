"""What a long life costs the app, counted instead of timed: widgets, layouts, styles, modules."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual import events
from textual._compositor import Compositor
from textual.css.stylesheet import Stylesheet

from memtui.api.events import MessageDelta, TurnEnded, TurnStarted
from tests.tui.conftest import Open, ScriptedApp, until
from tests.tui.scripted import turn_events

IDS: dict[str, Any] = {"agent_id": "a1", "turn_id": "long"}
TURNS = 200


@contextmanager
def counted(owner: type, method: str) -> Iterator[Callable[[], int]]:
    """How often a method is called inside the block."""
    calls = 0
    plain = getattr(owner, method)

    def count(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return plain(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, method, count)
        yield lambda: calls


def lived(app: ScriptedApp) -> None:
    for number in range(TURNS):
        app.client.emit(*turn_events(turn=f"t{number}"))


def ended(app: ScriptedApp) -> bool:
    return app.store.last_ended == f"t{TURNS - 1}"


async def test_widgets_do_not_grow_with_the_conversation(opened: Open) -> None:
    async with opened() as (app, pilot):
        before = len(app.screen.query("*"))
        lived(app)
        await until(pilot, lambda: ended(app))
        assert len(app.screen.query("*")) == before <= 300


async def test_a_token_lays_out_nothing_but_its_own_row(opened: Open) -> None:
    async with opened() as (app, pilot):
        lived(app)
        await until(pilot, lambda: ended(app))
        app.client.emit(TurnStarted(**IDS, text="Go on."))
        await until(pilot, lambda: app.store.turn is not None)
        with counted(Compositor, "reflow") as reflows:
            for _ in range(100):
                app.client.emit(MessageDelta(**IDS, step=0, text="more "))
                await pilot.pause(0.005)
            await until(pilot, lambda: app.store.items[-1].text.count("more") == 100)
            assert reflows() <= 30
        app.client.emit(TurnEnded(**IDS, status="done"))


async def test_the_focus_of_the_terminal_restyles_the_same_few_widgets(opened: Open) -> None:
    async with opened() as (app, pilot):

        async def styles() -> int:
            with counted(Stylesheet, "apply") as applied:
                app.post_message(events.AppBlur())
                app.post_message(events.AppFocus())
                await pilot.pause()
                return applied()

        before = await styles()  # with the footer, which is made anew
        assert before <= 800
        lived(app)
        await until(pilot, lambda: ended(app))
        assert await styles() <= before * 1.2


def test_few_modules_before_the_first_frame() -> None:
    code = "import sys, memtui.tui.app; print(len(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 445
