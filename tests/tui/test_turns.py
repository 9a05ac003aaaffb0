"""What happens in the middle of a turn or a load, or when something fails: over an engine in
memory, since a real one cannot be held still there.
"""

import asyncio

import pytest
from textual.command import CommandPalette
from textual.strip import Strip
from textual.widgets import OptionList

from memtui.api.agents import AgentDetail, TurnReply, TurnRequest
from memtui.api.errors import ModelError, NotFoundError, UnavailableError
from memtui.api.events import JobProgress, MessageDelta, SourceChanged, TurnStarted
from memtui.api.library import Job, Progress
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.transcript import Transcript
from memtui.tui.widgets.window import MOST
from tests.tui.conftest import Open, until
from tests.tui.scripted import NOW, QUESTION, agent, source, turn_events


async def test_a_message_sent_meanwhile_waits_and_can_be_taken_back(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.pause.clear()
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: app.store.turn and app.store.turn.id)
        await pilot.press(*"two", "enter", *"three", "enter")
        await until(pilot, lambda: len(app.store.queue) == 2)
        assert app.store.items[-1].state == "queued"
        await pilot.press("escape")
        assert app.query_one(Prompt).text == "three"
        assert app.store.queue == ["two"]
        app.client.pause.set()
        await until(pilot, lambda: len(app.client.requests) == 2 and not app.store.turn)
        assert app.client.requests[1].text == "two"
        assert not any(item.state for item in app.store.items)


async def test_escape_interrupts(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.pause.clear()
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: app.store.turn and app.store.turn.id)
        await pilot.press("escape")
        await until(pilot, lambda: "cancel_turn" in app.client.calls)


async def test_a_refused_message_is_marked_and_the_reason_shown(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.fault = ModelError("The key for openai was refused. Set llm.api_key.")
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: len(app.store.items) == 3)
        assert app.store.items[1].state == "failed"
        assert app.store.items[2].text.startswith("The key for openai")
        assert app.store.turn is None
        await pilot.press("f7")  # the engine has not heard of it: it is simply sent
        await until(pilot, lambda: app.store.last_ended)
        assert [request.text for request in app.client.requests] == ["hi"]
        assert [item.text for item in app.store.items if item.kind == "you"] == ["hi"]


async def test_quick_typing_runs_what_was_typed(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"/a")
        await until(pilot, lambda: app.query_one(Completion).display)
        app.query_one(Prompt).text = "/help"
        app.query_one(Prompt).action_send()
        await until(pilot, lambda: isinstance(app.screen, Reading))


async def test_a_load_shows_its_progress_and_can_be_cancelled(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.store_sources.append(source(3, "thesis", "loading"))
        progress = Progress(
            pages=214, passages=345, indexed=200, bytes=9, bytes_total=9, rate=12, seconds_left=11
        )
        job = Job(id="j1", source_id="s3", source="thesis", state="running", created_at=NOW,
                  progress=progress)  # fmt: skip
        app.client.emit(SourceChanged(source_id="s3"), JobProgress(job=job))
        sources = app.query_one(Sources)
        await until(pilot, lambda: any(row.job for row in sources.rows))
        shown = "\n".join(line.plain for row in sources.rows for line in sources.draw(row, 40))
        assert "◐ thesis" in shown
        assert "12/s · 11 s left" in shown
        await pilot.press("f2", "down", "down", "x")
        await until(pilot, lambda: "cancel_job" in app.client.calls)


async def test_the_engine_goes_and_the_next_action_brings_it_back(opened: Open) -> None:
    async with opened() as (app, pilot):
        app.client.die()
        await until(pilot, lambda: app.query_one("#trouble").display)
        assert not app.store.connected
        app.client.store_sources.append(source(7, "new"))
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        assert app.store.connected
        assert len(app.store.sources) == 3
        assert not app.query_one("#trouble").display
        assert [item.kind for item in app.store.items].count("you") == 1


async def test_an_answer_that_comes_after_another_agent_was_opened(opened: Open) -> None:
    async with opened() as (app, pilot):
        client = app.client
        client.store_agents.append(agent("Other").model_copy(update={"id": "a2"}))
        client.pause.clear()
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: app.store.turn and app.store.turn.id)
        await app.session.open_agent("a2")
        client.pause.set()
        await until(pilot, lambda: not any(w.group == "turn" for w in app.workers))
        assert app.store.agent is not None
        assert app.store.agent.id == "a2"
        assert not any(item.text == "one" for item in app.store.items)


async def test_an_agent_that_is_read_slowly_does_not_replace_the_next_one(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened() as (app, pilot):
        client, late = app.client, asyncio.Event()
        client.store_agents.append(agent("Other").model_copy(update={"id": "a2"}))
        read, models = client.agent, client.models

        async def slow(agent_id: str) -> AgentDetail:
            found = await read(agent_id)
            if agent_id == "a1":
                await late.wait()
            return found

        async def chosen(agent_id: str, name: str | None) -> AgentDetail:
            await models()
            return await slow(agent_id)

        monkeypatch.setattr(client, "agent", slow)
        monkeypatch.setattr(client, "set_model", chosen, raising=False)
        app.do(app.refresh_store({"agent"}))
        app.do(app.session.set_model("gpt-4o"))
        app.do(app.session.open_agent("a1"))
        await until(pilot, lambda: "models" in client.calls)
        await app.session.open_agent("a2")
        late.set()
        await until(pilot, lambda: not any(w.group == "default" for w in app.workers))
        assert app.store.agent is not None
        assert app.store.agent.id == "a2"
        assert app.store.model == "offline"


async def test_an_agent_that_is_gone_leaves_the_one_that_is_open(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        shown = [item.text for item in app.store.items]
        with pytest.raises(NotFoundError):
            await app.session.open_agent("deleted elsewhere")
        assert [item.text for item in app.store.items] == shown
        assert app.store.model == "offline"


async def test_a_mistake_in_a_worker_is_shown_and_logged(opened: Open) -> None:
    from memtui import paths

    async with opened() as (app, pilot):
        app.client.fault = KeyError("oops")
        await pilot.press("f2", "a")
        await until(pilot, lambda: app._notifications)
        assert "KeyError" in next(iter(app._notifications)).message
        assert "oops" in (paths.state_dir() / "app.log").read_text()


async def test_few_widgets_however_long_the_conversation(opened: Open) -> None:
    async with opened() as (app, pilot):
        for number in range(200):
            app.client.emit(*turn_events(f"{QUESTION} {number}", turn=f"t{number}"))
        await until(pilot, lambda: app.store.last_ended == "t199")
        assert len(app.store.items) == 601
        assert len(app.query("*")) < 60
        transcript = app.query_one(Transcript)
        assert len(transcript.rows) <= MOST
        assert transcript.scroll_y == transcript.max_scroll_y
        first = transcript.rows[0].key
        await pilot.press("f3", "home")
        await until(pilot, lambda: transcript.rows[0].key != first)
        assert transcript.rows[0].key != first


async def test_what_is_being_read_stays_where_it_is(opened: Open) -> None:
    async with opened(size=(140, 20)) as (app, pilot):
        for number in range(5):
            app.client.emit(*turn_events(turn=f"t{number}"))
        await until(pilot, lambda: app.store.last_ended == "t4")
        transcript = app.query_one(Transcript)
        await pilot.press("pageup")
        await pilot.pause()
        before = transcript.scroll_y
        assert before < transcript.max_scroll_y
        app.client.emit(*turn_events(turn="t9"))
        await until(pilot, lambda: app.store.last_ended == "t9")
        assert transcript.scroll_y == before


async def test_an_engine_that_goes_ends_the_turn_and_takes_the_next_message(opened: Open) -> None:
    async with opened() as (app, pilot):
        ids = {"agent_id": "a1", "turn_id": "t9"}

        async def turn(agent_id: str, request: TurnRequest) -> TurnReply:
            app.client.emit(TurnStarted(**ids, text=request.text))
            app.client.emit(MessageDelta(**ids, step=0, text="The osp"))
            app.client.die()
            raise UnavailableError("The engine stopped while it worked on this.")

        normal, app.client.turn = app.client.turn, turn  # type: ignore[method-assign]
        await pilot.press(*"one", "enter")
        await until(pilot, lambda: app.store.items[-1].kind == "problem")
        assert app.store.turn is None
        assert [(i.kind, i.state, i.live) for i in app.store.items[1:]] == [
            ("you", "", False), ("agent", "", False), ("problem", "", False)
        ]  # fmt: skip

        app.client.turn = normal  # type: ignore[method-assign]
        await pilot.press(*"two", "enter")
        await until(pilot, lambda: app.store.last_ended)
        assert not app.store.queue
        assert not app.store.trouble


async def test_a_token_draws_its_own_line_only(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: app.store.last_ended)
        ids = {"agent_id": "a1", "turn_id": "t9"}
        app.client.emit(TurnStarted(**ids, text="q"), MessageDelta(**ids, step=0, text="The osp"))
        await until(pilot, lambda: app.store.items[-1].live)
        await pilot.pause(0.3)
        transcript = app.query_one(Transcript)
        drawn: list[int] = []
        render = transcript.render_line

        def counted(y: int) -> Strip:
            drawn.append(y)
            return render(y)

        transcript.render_line = counted  # type: ignore[method-assign]
        app.client.emit(MessageDelta(**ids, step=0, text="rey"))
        await until(pilot, lambda: drawn)
        assert len(drawn) == 1
        assert "The osprey" in render(drawn[0]).text


async def test_the_palette_over_a_modal_has_what_the_modal_can_do(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"close without")
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_list_that_is_not_laid_out_yet_has_no_page_to_turn(opened: Open) -> None:
    async with opened() as (app, pilot):
        unseen = OptionList("one", "two")
        unseen.display = False
        await app.screen.mount(unseen)
        unseen.action_page_up()
        unseen.action_page_down()
        await pilot.press("ctrl+p", "pageup", "pagedown", "escape")
        assert app.is_running


async def test_dialogs_lie_on_each_other(opened: Open) -> None:
    async with opened() as (app, pilot):
        for keys in (["ctrl+p", "ctrl+t", "f1", "ctrl+o"], ["f11", "ctrl+p", "f12", "ctrl+t"]):
            for key in keys:
                await pilot.press(key)
                await pilot.pause(0.05)
            assert len(app.screen_stack) == 1 + len(keys)
            await pilot.hover(offset=(20, 20))
            for _ in keys:
                await pilot.press("escape")
            assert app.screen is app.main


async def test_only_the_dialog_on_top_is_closed(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        below = app.screen
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Reading))
        below.dismiss(None)
        assert isinstance(app.screen, Reading)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main)
