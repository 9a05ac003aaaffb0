"""Ten thousand random keys in one app, over a real engine whose model is a scripted server.

Others use the same engine meanwhile. `MEMTUI_SEED` chooses other keys.
"""

import asyncio
import contextlib
import os
import random
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from memtui.api.agents import NewAgent, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import MemtuiError
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.session import Session
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.fakes import ScriptedServer, plain
from tests.fakes.memgpt import memgpt
from tests.tui.conftest import until
from tests.tui.test_random_keys import calm, nothing_broke, rampage, stays

__all__ = ["stays"]

SAID = ("My name is Ada.", "What do you know?", "What does the osprey eat?", "Remember the mill.")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random paths name nothing outside the test's folder: `/` would be read as a source."""
    monkeypatch.chdir(tmp_path)
    load = Session.load

    async def checked(session: Session, request: LoadRequest, *more: Any, **named: Any) -> Any:
        for path in filter(None, [request.directory, *(request.paths or ())]):
            if not Path(path).resolve().is_relative_to(tmp_path):
                raise MemtuiError("That is outside.")
        return await load(session, request, *more, **named)

    monkeypatch.setattr(Session, "load", checked)


def elsewhere(client: Client, choice: random.Random) -> Awaitable[object]:
    """Something that another terminal does."""

    async def act() -> None:
        agents, sources = await client.agents(), await client.sources()
        if not agents:
            await client.add_agent(NewAgent())
            return
        agent, what = choice.choice(agents), choice.random()
        if what < 0.5:
            await client.turn(agent.id, TurnRequest(text=choice.choice(SAID)))
        elif what < 0.7 and sources:
            change = choice.choice((client.attach, client.detach))
            await change(agent.id, choice.choice(sources).id)
        elif what < 0.8:
            await client.cancel_turn(agent.id)
        elif what < 0.9:
            await client.add_agent(NewAgent())
        elif len(agents) > 1:
            await client.delete_agent(agent.id)

    async def quietly() -> None:
        with contextlib.suppress(MemtuiError):
            await act()

    return quietly()


def answered(app: MemtuiApp, text: str) -> bool:
    """By the agent, or by a sentence about what was made of its model or its settings."""
    kinds = [
        "asked" if item.text == text else item.kind
        for item in app.store.items
        if item.kind in ("agent", "problem") or item.text == text
    ]
    return app.store.turn is None and "asked" in kinds and kinds[-1] != "asked"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("seed", [int(os.environ.get("MEMTUI_SEED", "7"))])
async def test_ten_thousand_random_keys(
    furnished: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    presses = int(os.environ.get("MEMTUI_PRESSES", "10000"))
    homes.enter(furnished, monkeypatch)
    with ScriptedServer(lambda body: memgpt(body) if body.get("tools") else plain("Yes.")) as model:
        monkeypatch.setenv("MEMTUI_LLM__MODEL", "my-model")
        monkeypatch.setenv("MEMTUI_LLM__API_BASE", model.api_base)
        app = MemtuiApp()
        tasks: list[asyncio.Task[Any]] = []
        async with Client() as other, app.run_test(size=(120, 36)) as pilot:
            await other.reload()
            await until(pilot, lambda: app.main.filled and app.store.agent is not None)

            def happen(choice: random.Random, number: int) -> None:
                tasks.append(asyncio.ensure_future(elsewhere(other, choice)))

            await rampage(app, pilot, presses, seed, happen)
            for task in tasks:
                await task
            await calm(app, pilot)
            if app.store.agent is None:
                app.do(app.open_something(None), "open")
                await until(pilot, lambda: app.store.agent is not None)
            app.query_one(Prompt).insert("Are you there?")
            await pilot.press("enter")
            await until(pilot, lambda: answered(app, "Are you there?"))
            nothing_broke()
