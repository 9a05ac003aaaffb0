"""The app over the real engine: the tutorial, and a crash."""

import os
import signal
from pathlib import Path

import pytest
from fpdf import FPDF
from textual.widgets import Input

from memtui.api.agents import NewAgent
from memtui.api.client import Client
from memtui.api.library import LoadRequest
from memtui.tui.app import MemtuiApp
from memtui.tui.screens.agents import Agents
from memtui.tui.screens.inspector import Inspector
from memtui.tui.screens.load import Load
from memtui.tui.screens.picker import Picker
from memtui.tui.screens.welcome import Welcome
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import going_on
from tests.tui.conftest import answer, until

PAGES = (
    "The kestrel is a small falcon. It hovers over open fields while it looks for voles. "
    + "Its nest is a hole in a wall or a tree. " * 30,
    "The osprey lives near lakes. It eats fish, which it catches with its feet. "
    + "It builds a large nest of sticks. " * 30,
)


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    document = FPDF()
    document.set_font("helvetica", size=12)
    for text in PAGES:
        document.add_page()
        document.multi_cell(0, 8, text)
    path = tmp_path / "birds of prey.pdf"
    document.output(str(path))
    return path


async def test_the_tutorial_and_a_crash(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "2")
    app = MemtuiApp(persona="memgpt_doc")
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: app.store.last_ended, 60)
        assert [item.kind for item in app.store.items] == ["agent"]  # the greeting

        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Load))
        app.screen.query_one("#path", Input).value = str(pdf)
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "birds of prey")
        await pilot.press("enter")
        await until(pilot, lambda: [s.state for s in app.store.sources] == ["ready"], 60)
        assert 0 < app.store.sources[0].passages == app.store.sources[0].indexed

        await pilot.press(*"/attach", "enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await until(pilot, lambda: app.store.attached(app.store.sources[0].id))

        ended = app.store.last_ended
        app.query_one(Prompt).insert("What does the osprey eat?")
        await pilot.press("enter")
        await until(pilot, lambda: app.store.last_ended != ended, 60)
        said = answer(app)
        assert said.kind == "agent"
        assert "fish" in said.text
        assert {(c.page, c.verified) for c in said.citations} == {(2, True)}
        assert any(block.title == "archival_memory_search" for block in app.store.blocks)

        await pilot.press("f4")
        mind = app.query_one(Mind)
        hit = next(row for row in reversed(mind.rows) if row.hit is not None)
        mind.choose(hit.key)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Inspector))
        await pilot.press("escape")

        pid = app.session._client and (await app.session._client.status()).pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        await until(pilot, lambda: app.store.trouble)
        assert app.query_one("#trouble").display
        ended = app.store.last_ended
        app.query_one(Prompt).insert("What does the kestrel look for?")
        await pilot.press("f3", "enter")
        await until(pilot, lambda: app.store.last_ended not in ("", ended), 60)
        assert "voles" in answer(app).text
        assert not app.store.trouble
        said = [item.text for item in app.store.items if item.kind == "you"]
        assert said == ["What does the osprey eat?", "What does the kestrel look for?"]

    again = MemtuiApp()
    async with again.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: again.store.agent is not None and again.store.items, 60)
        assert [item.kind for item in again.store.items if item.kind in ("you", "agent")] == [
            "agent", "you", "agent", "you", "agent",
        ]  # fmt: skip


async def test_a_stream_says_first_that_nothing_is_missed_from_now_on() -> None:
    async with Client() as client:
        events = client.events()
        assert (await anext(events)).type == "subscribed"
        await events.aclose()  # type: ignore[attr-defined]


async def test_keys_pressed_before_the_agents_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picker whose rows come later takes Down and Enter at once; then the agent greets."""
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "2")
    async with Client() as client:
        for name in ("Ada", "Grace", "Linus"):
            await client.add_agent(NewAgent(name=name))
        names = [agent.name for agent in await client.agents()]
    app = MemtuiApp(choose=True)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Agents))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.store.last_ended, 60)
        assert app.store.agent is not None
        assert app.store.agent.name == names[1]
        assert [item.kind for item in app.store.items] == ["agent"]
        # A message of another day is in the prompt's history, like those of today.
        app.query_one(Prompt).insert("What is this?")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.store.items) > 2 and app.store.turn is None)
    again = MemtuiApp()
    async with again.run_test() as pilot:
        await until(pilot, lambda: again.main.filled and again.main.query_one(Prompt).sent)
        await pilot.press("up")
        assert again.main.query_one(Prompt).text == "What is this?"


async def test_leaving_while_a_load_runs_says_that_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "long.txt"
    text.write_text(" ".join(f"Sentence number {number} is here." for number in range(20_000)))
    app = MemtuiApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, Welcome) and app.store.connected)
        await pilot.press("escape")
        await until(pilot, lambda: app.store.agent is not None and not app.store.turn, 60)
        job = await app.session.load(LoadRequest(name="long", paths=[str(text)]))
        await until(pilot, lambda: app.store.jobs[job.id].state == "running")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not app.is_running)
        said = [str(one) for one in app._exit_renderables]
        assert said == [going_on(app.store)]
        assert said[0].startswith("Loading long goes on")
        await app.session.cancel(job.id)


async def test_the_demo_of_the_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "2")
    app = MemtuiApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Welcome))
        await pilot.press("enter")
        await until(pilot, lambda: app.store.agent is not None and app.store.last_ended, 60)
        assert app.store.agent is not None
        assert app.store.agent.name == "Demo"
        assert [source.name for source in app.store.agent.sources] == ["memtui-handbook"]
        assert app.main.query_one("#prompt").text.endswith("?")  # type: ignore[attr-defined]
        await pilot.press("ctrl+q")
