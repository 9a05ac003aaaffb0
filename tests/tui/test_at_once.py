"""Keys that come within the same few milliseconds, as a terminal sends what was typed ahead."""

import asyncio

from textual.widget import Widget

from memtui.api.agents import Message
from memtui.api.events import HistoryChanged
from memtui.tui.mind.pane import MindPane
from memtui.tui.screens.passage import Passage
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.transcript import Transcript
from tests.tui.conftest import Open, ScriptedApp, answer, until
from tests.tui.scripted import GREETING, NOW, turn_events
from tests.tui.test_random_keys import key_event


async def type_ahead(app: ScriptedApp, target: Widget, *keys: str) -> None:
    """All of `keys` at once, from `target`."""
    app.main.set_focus(target)
    app.query_one(Prompt).text = ""
    await asyncio.sleep(0.05)
    assert app._driver is not None
    for key in keys:
        app._driver.send_message(key_event(key))


async def test_a_key_is_for_where_the_one_before_it_has_led(opened: Open) -> None:
    async with opened() as (app, pilot):
        prompt, mind = app.query_one(Prompt), app.query_one(MindPane)
        for start in (Transcript, Sources, Prompt):
            for digit, tab in (("2", "memory"), ("3", "context"), ("4", "hits"), ("1", "activity")):
                await type_ahead(app, app.query_one(start), "f4", digit)
                await until(pilot, lambda tab=tab: mind.shown == tab)
                assert prompt.text == "", (start, digit)
        for start, way in ((Sources, "f3"), (Transcript, "escape"), (Sources, "escape")):
            await type_ahead(
                app, app.query_one(start), way, *"hellp", "backspace", "o", "left", "x"
            )
            await until(pilot, lambda: prompt.text == "hellxo")
            assert prompt.has_focus
        await type_ahead(app, app.query_one(Transcript), "f4", "2", "f3", *"well")
        await until(pilot, lambda: prompt.text == "well")
        assert mind.shown == "memory"


async def test_a_chosen_citation_outlasts_the_end_of_its_turn(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.emit(*turn_events("What is MemGPT?", turn="t1"))
        await until(pilot, lambda: app.store.turn is None and answer(app).citations)
        transcript = app.query_one(Transcript)
        await type_ahead(app, app.query_one(Prompt), "f6", "right")
        await until(pilot, lambda: transcript._citation is not None)
        was = reversed_text(transcript)
        assert was

        said = answer(app)
        again = Message(
            id=9, agent_id="a1", turn_id="t1", kind="assistant", text=said.text, created_at=NOW,
            citations=[one.model_copy() for one in said.citations],
        )  # fmt: skip
        app.client.store_messages = [GREETING, again]
        app.client.emit(HistoryChanged(agent_id="a1"))
        await until(pilot, lambda: answer(app).key == "m9")
        assert reversed_text(transcript) == was
        await type_ahead(app, transcript, "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage))
        await pilot.press("escape")

        # and the focus that comes back before it was known to have gone
        await type_ahead(app, transcript, "escape", "f6", "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage))


def reversed_text(transcript: Transcript) -> str:
    """How the chosen citation is drawn."""
    lines = [transcript.render_line(y) for y in range(transcript.size.height)]
    return "".join(s.text for line in lines for s in line if s.style and s.style.reverse)
