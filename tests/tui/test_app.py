"""The app's flows with Pilot, over an engine in memory."""

from pathlib import Path

from textual.widgets import Checkbox, Input, Static

from memtui.api.errors import ConflictError, ModelError
from memtui.api.events import JobProgress, SourceChanged
from memtui.api.library import Job, Progress
from memtui.tui.screens.confirm import Confirm
from memtui.tui.screens.load import Load
from memtui.tui.screens.passage import Passage
from memtui.tui.screens.picker import Picker
from memtui.tui.screens.reading import Reading
from memtui.tui.widgets.completion import Completion
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.sources import Sources
from memtui.tui.widgets.transcript import MOST, Transcript
from tests.tui.conftest import Open, ScriptedApp, until
from tests.tui.scripted import NOW, QUESTION, REPLY, source, turn_events


def words(app: ScriptedApp) -> list[str]:
    """What the conversation shows after the greeting."""
    return [f"{item.kind}: {item.text}" for item in app.store.items[1:]]


async def test_a_question_and_its_answer(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: app.store.last_ended)
        assert words(app) == ["you: hello", "activity: ", f"agent: {REPLY}"]
        assert app.query_one(Prompt).text == ""
        await pilot.press("up")
        assert app.query_one(Prompt).text == "hello"
        await pilot.press("down")
        assert app.query_one(Prompt).text == ""


async def test_newlines_in_the_prompt_and_paste(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("a", "ctrl+j", "b", "shift+enter", "c", "alt+enter", "d")
        assert app.query_one(Prompt).text == "a\nb\nc\nd"
        await pilot.press("enter")
        await until(pilot, lambda: app.client.requests)
        assert app.client.requests[0].text == "a\nb\nc\nd"


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
        await pilot.press(*"again", "enter")
        await until(pilot, lambda: app.store.last_ended)


async def test_attach_by_key_by_picker_and_by_name(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f2", "down", "a")
        await until(pilot, lambda: app.store.attached("s2"))
        assert any("Attached manual: 1,044 passages" in word for word in words(app))
        await pilot.press("f3", *"/detach", "enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"manu", "enter")
        await until(pilot, lambda: not app.store.attached("s2"))
        await pilot.press(*"/attach manual", "enter")
        await until(pilot, lambda: app.store.attached("s2"))
        assert app.client.calls == ["attach", "detach", "attach"]


async def test_completion_of_commands_and_names(opened: Open) -> None:
    async with opened() as (app, pilot):
        completion = app.query_one(Completion)
        await pilot.press(*"/at")
        await until(pilot, lambda: completion.display)
        await pilot.press("tab")
        assert app.query_one(Prompt).text == "/attach "
        await until(pilot, lambda: [e.title for e in completion.entries] == ["manual"])
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.store.attached("s2"))
        assert not completion.display


async def test_quick_typing_runs_what_was_typed(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"/a")
        await until(pilot, lambda: app.query_one(Completion).display)
        app.query_one(Prompt).text = "/memory"
        app.query_one(Prompt).action_send()
        await until(pilot, lambda: isinstance(app.screen, Reading))


async def test_unknown_commands_keep_the_text(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"/atach x", "enter")
        await until(pilot, lambda: app._notifications)
        assert "/attach" in next(iter(app._notifications)).message
        assert app.query_one(Prompt).text == "/atach x"


async def test_hits_open_in_their_context(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        await pilot.press("f4", "up", "up", "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage) and app.screen.shown)
        where = str(app.screen.query_one("#passage-where", Static).render())
        assert "p. 3" in where
        assert "/home/ada/papers/paper.pdf" in where
        assert "0.64" in where
        await pilot.press("left")
        await until(pilot, lambda: "p. 2" in str(app.screen.query_one("#passage-where").render()))
        await pilot.press("escape")
        assert app.focused is app.query_one(Mind)


async def test_citations_open_their_passage(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        await pilot.press("f3")
        assert app.focused is app.query_one(Transcript)
        await pilot.press("right", "right", "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, Passage))
        assert app.screen.passage_id == "p1"  # type: ignore[attr-defined]


async def test_own_search_shows_hits_in_the_mind(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"/search memory tiers", "enter")
        await until(pilot, lambda: app.store.blocks)
        assert app.store.blocks[0].arguments == {"query": "memory tiers"}
        await until(pilot, lambda: app.focused is app.query_one(Mind))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Passage))


async def test_folding(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        await pilot.press("f4", "f")
        assert all(block.folded for block in app.store.blocks)
        await pilot.press("home", "space")
        assert not app.store.blocks[0].folded


async def test_load_checks_beside_the_field_and_begins(opened: Open, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    async with opened() as (app, pilot):
        await pilot.press("ctrl+l")
        await until(pilot, lambda: isinstance(app.screen, Load))
        await pilot.press(*"/no/such.pdf", "enter")
        wrong = app.screen.query_one("#path-wrong", Static)
        await until(pilot, lambda: "no file or folder" in str(wrong.render()))
        app.screen.query_one("#path", Input).value = str(folder)
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "notes")
        assert app.screen.query_one("#recursive", Checkbox).display
        app.client.fault = ConflictError("notes is being loaded already. Wait for it.")
        await pilot.press("enter")
        await until(pilot, lambda: "loaded already" in str(wrong.render()))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Load))
        request = app.client.requests[-1]
        assert (request.name, request.directory, request.recursive) == ("notes", str(folder), True)


async def test_a_pasted_path_begins_a_load(opened: Open, tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"x")
    async with opened() as (app, pilot):
        app.query_one(Prompt).insert(str(file))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Load))
        await until(pilot, lambda: app.screen.query_one("#name", Input).value == "a")


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


async def test_documents_open_beneath_their_source(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f2", "down", "enter")
        await until(pilot, lambda: "s2" in app.store.documents)
        await until(pilot, lambda: len(app.query_one(Sources).rows) == 5)
        await pilot.press("enter")
        assert len(app.query_one(Sources).rows) == 2


async def test_delete_asks(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f2", "d")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")  # No has the focus
        await pilot.press("d", "y")
        await until(pilot, lambda: len(app.store.sources) == 1)
        assert app.client.calls == ["delete_source"]


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


async def test_a_mistake_in_a_worker_is_shown_and_logged(opened: Open) -> None:
    from memtui import paths

    async with opened() as (app, pilot):
        app.client.fault = KeyError("oops")
        await pilot.press("f2", "a")
        await until(pilot, lambda: app._notifications)
        assert "KeyError" in next(iter(app._notifications)).message
        assert "oops" in (paths.state_dir() / "app.log").read_text()


async def test_panes_become_tabs_and_any_can_be_maximised(opened: Open) -> None:
    async with opened(size=(80, 24)) as (app, pilot):

        def seen() -> list[str]:
            return [
                name for name in ("sources", "chat", "mind") if app.query_one(f"#{name}").display
            ]

        assert seen() == ["chat"]
        await pilot.press("f2")
        assert seen() == ["sources"]
        await pilot.resize_terminal(140, 40)
        assert seen() == ["sources", "chat", "mind"]
        await pilot.press("f4", "f5")
        assert seen() == ["mind"]
        await pilot.press("f5")
        assert len(seen()) == 3
        for size in ((40, 10), (20, 4), (140, 45), (99, 13)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert app.query_one("#too-small").display is False


async def test_the_theme_switches(opened: Open) -> None:
    async with opened() as (app, pilot):
        await pilot.press(*"hi", "enter")
        await until(pilot, lambda: app.store.last_ended)
        await pilot.press("ctrl+t")
        assert app.theme == "memtui-light"


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
