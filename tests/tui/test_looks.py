"""Themes, the user's own, 16 colours, plain ASCII; jump mode, problems, debug information, help."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import OptionList

from memtui import config, paths
from memtui.tui import attention, signs, theme_files
from memtui.tui.app import MemtuiApp
from memtui.tui.screens import report
from memtui.tui.screens.jump import Jump, targets
from memtui.tui.screens.problems import Problems, as_text
from memtui.tui.screens.reading import Reading
from memtui.tui.screens.report import Report
from memtui.tui.screens.theme import ThemePicker
from memtui.tui.told import AT_ONCE, Problem
from memtui.tui.widgets.mind import Mind
from memtui.tui.widgets.prompt import Prompt
from tests import homes
from tests.tui.conftest import ScriptedApp, until

Steps = Callable[[MemtuiApp, Pilot[Any]], Awaitable[None]]
WIDE, SMALL = (120, 36), (80, 24)
LONG = "The model openai/gpt-4o does not answer: the key was refused. Run memtui configure."


@pytest.fixture(autouse=True)
def home(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    homes.enter(furnished, monkeypatch)
    return furnished


@asynccontextmanager
async def opened(size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[MemtuiApp, Pilot[Any]]]:
    app = MemtuiApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        yield app, pilot


@pytest.fixture
def theme_file(home: Path) -> Any:
    """Writes a theme; the folder is gone afterwards."""
    folder = paths.themes_dir()
    folder.mkdir(parents=True)

    def write(name: str, text: str) -> Path:
        path = folder / f"{name}.toml"
        path.write_text(text)
        return path

    yield write
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


# themes


async def test_a_theme_is_seen_before_it_is_chosen() -> None:
    async with opened() as (app, pilot):
        before = app.theme
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, ThemePicker))
        await pilot.press("down")
        await until(pilot, lambda: app.theme != before)
        await pilot.press("escape")
        assert app.theme == before
        await pilot.press("ctrl+t", *"nord", "enter")
        await until(pilot, lambda: app.theme == "nord" and len(app.screen_stack) == 1)


async def test_themes_of_the_user_are_read_anew_when_their_files_change(theme_file: Any) -> None:
    path = theme_file("mine", 'primary = "#ff0000"\n[variables]\nmuted = "#00ff00"\n')
    async with opened() as (app, pilot):
        app.theme = "mine"
        await pilot.pause()
        assert app.get_css_variables()["muted"] == "#00ff00"
        theme_file("mine", 'primary = "#0000ff"\ndark = false\n')
        theme_file("other", 'primary = "teal"')
        app.refresh_themes()
        await pilot.pause()
        assert app.current_theme.primary == "#0000ff"
        assert not app.current_theme.dark
        assert "other" in app.available_themes
        theme_file("mine", 'primary = "no colour"')
        app.refresh_themes()
        await until(pilot, lambda: app.told.problems)
        assert "primary is 'no colour'" in app.told.problems[-1].sentence
        assert app.current_theme.primary == "#0000ff"
        path.unlink()
        (path.parent / "other.toml").unlink()
        app.refresh_themes()
        assert "other" not in app.available_themes
        assert app.theme == "mine"  # it is in use


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("primary = ", "is not valid TOML"),
        ("dark = true", "it has no primary colour"),
        ('primary = "teal"\npimary = "red"', "there is no key 'pimary'"),
        ('primary = "teal"\ndark = "yes"', "dark is true or false"),
        ('primary = 7', "a colour is written"),
        ('primary = "teal"\nvariables = 3', "variables is a table"),
        ('primary = "teal"\n[variables]\nmuted = "x y"', "variables.muted"),
        ('primary = "teal"\n[variables]\nblock-cursor-text-style = "loud"', "is made of bold"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_theme_is_a_sentence(
    theme_file: Any, text: str, sentence: str
) -> None:
    with pytest.raises(theme_files.ThemeError, match=sentence.replace(".", r"\.")) as raised:
        theme_files.read(theme_file("wrong", text))
    assert str(raised.value).startswith("The theme ")
    assert str(raised.value).endswith((".", '"teal".'))


def test_every_theme_has_every_colour(theme_file: Any) -> None:
    """Each built-in one can be used: the app's style sheets find all their variables."""
    theme_file("small", 'primary = "teal"')

    async def go() -> None:
        async with opened(SMALL) as (app, pilot):
            for name in sorted(app.available_themes):
                app.theme = name
                await pilot.pause()
            assert app.is_running
            assert not app.told.problems

    asyncio.run(go())


# plain ASCII


def test_each_sign_becomes_one_ascii_character() -> None:
    text = "╭─ a · b ━━╮ │ ✓ … █▍ ◐ “x” é 日本"
    (segment,) = signs.Plain().apply([Segment(text)], Color(0, 0, 0))
    assert len(segment.text) == len(text)
    assert segment.text == '+- a - b ==+ | v . ## | "x" é 日本'
    assert all(len(sign) == 1 and sign.isascii() for sign in signs.TABLE.values())


@pytest.mark.parametrize(
    ("variables", "plain"),
    [
        ({"LANG": "C"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_GB.utf8"}, False),
        ({"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # what Python makes of LANG=C
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, False),
        ({"LANG": ""}, False),
    ],
)
def test_the_locale_says_whether_there_is_unicode(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], plain: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert signs.needed() is plain


async def test_nothing_but_ascii_is_drawn_with_ui_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMTUI_UI__ASCII", "true")
    async with opened() as (app, pilot):
        for keys in ((), ("f1",), ("escape", "ctrl+t"), ("escape", "f9"), ("escape", "ctrl+l")):
            await pilot.press(*keys)
            await pilot.pause(0.2)
            text = "".join(
                segment.text
                for strip in app.screen._compositor.render_strips()
                for segment in strip
            )
            assert text.isascii(), sorted({char for char in text if not char.isascii()})


async def test_no_color_leaves_everything_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as (app, pilot):
        await pilot.press("f9")
        await pilot.pause(0.3)
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1, segment


# jump mode


async def test_a_letter_goes_to_its_pane() -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, Jump)
        letter = next(k for k, w in app.screen.targets.items() if isinstance(w, Mind))
        await pilot.press(letter)
        await until(pilot, lambda: isinstance(app.focused, Mind))
        await pilot.press("ctrl+o", "escape")
        assert isinstance(app.focused, Mind)
        await pilot.press("ctrl+o", "f5")  # no letter: closed
        assert len(app.screen_stack) == 1


async def test_jump_in_a_dialog_and_between_tabs() -> None:
    async with opened(SMALL) as (app, pilot):
        await pilot.press("ctrl+o", "d")  # the third tab
        await until(pilot, lambda: app.main.pane == "mind")
        await pilot.press("ctrl+l")
        await pilot.pause()
        fields = targets(app.screen)
        name = next(letter for letter, widget in fields.items() if widget.id == "name")
        await pilot.press("ctrl+o", name)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "name")
        await pilot.press("ctrl+o")
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: not isinstance(app.screen, Jump))


# what is told


async def test_toasts_do_not_pile_up() -> None:
    async with opened() as (app, pilot):
        for _ in range(5):
            app.tell("The same.", "warning")
        await pilot.pause()
        assert [toast.message for toast in app._notifications] == ["The same."]
        assert [(p.sentence, p.times) for p in app.told.problems] == [("The same.", 5)]
        for number in range(9):
            app.tell(f"Number {number}.")
        await pilot.pause()
        shown = [toast.message for toast in app._notifications]
        assert shown == [f"Number {number}." for number in range(9)][-AT_ONCE:]
        assert len(app.told.problems) == 1  # the rest was no problem


async def test_ctrl_c_says_once_how_to_leave() -> None:
    app = ScriptedApp(agent="a1")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: app.main.filled and app.store.agent)
        for _ in range(4):
            app.action_help_quit()
        assert [one.message for one in app._notifications] == ["^q leaves memtui."]


async def test_problems_are_read_and_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as (app, pilot):
        await pilot.press("f11")
        assert isinstance(app.screen, Problems)
        await pilot.press("escape")
        app.tell("First \x1b[2J[/].", "error")
        app.tell("Second.", "warning")
        await pilot.press("f11", "c")
        assert app.clipboard.endswith("warning: Second.")
        await pilot.press("down", "c")
        assert app.clipboard.endswith("error: First [2J[/].")
        await pilot.press("a")
        assert len(app.clipboard.splitlines()) == 2


async def test_debug_information_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    config.save({"llm.api_key": "sk-very-secret-key", "archive.token": "root:geheim"})
    try:
        async with opened() as (app, pilot):
            await pilot.press("f12")
            screen = app.screen
            assert isinstance(screen, Report)
            await until(pilot, lambda: screen.complete)
            await pilot.press("c")
            text = app.clipboard
            for word in ("memtui", "Python", "engine", "record.db", "textual"):
                assert word in text
            assert "secret" not in text
            assert "geheim" not in text
    finally:
        paths.credentials_file().unlink(missing_ok=True)
        paths.config_file().unlink(missing_ok=True)


async def test_help_begins_with_what_has_the_focus() -> None:
    async with opened() as (app, pilot):
        await pilot.press("f1")
        screen = app.screen
        assert isinstance(screen, Reading)
        lines = [line.strip() for line in screen.make(100).plain.splitlines() if line.strip()]
        assert lines[0] == Prompt.HELP
        assert lines[1] == "Here"
        assert "Send the message" in lines[2]
        await pilot.press("escape", "f4", "f1")
        lines = [line.strip() for line in app.screen.make(100).plain.splitlines() if line.strip()]  # type: ignore[attr-defined]
        here = lines[lines.index("Here") : lines.index("Everywhere")]
        assert any("Fold or unfold everything" in line for line in here)
        assert any("The row above" in line for line in here)
        assert not any("Send the message" in line for line in here)


# the terminal's notifications


def test_a_notification_is_one_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    nasty = "a\x07b\x1b]52;c;x\x1b\\\x9d; done"
    for way in ("auto", "osc9", "osc777"):
        written = attention.sequence(way, "memtui", nasty)
        assert written.count("\x1b") == written.count("\a") == 1
        assert written.startswith("\x1b]")
        assert written.endswith("\a")
        assert "\x9d" not in written
    assert attention.sequence("osc777", "m", "a;b").count(";") == 3
    assert attention.sequence("bell", "memtui", nasty) == "\a"
    assert attention.sequence("off", "memtui", nasty) == ""
    monkeypatch.setenv("TMUX", "x")
    assert attention.sequence("auto", "memtui", nasty) == "\a"


async def test_only_what_is_long_and_unseen_is_notified(monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as (app, _):
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        attention.call(app, "osc9", "Done.", 11)
        assert written == []
        app.app_focus = False
        attention.call(app, "osc9", "Done.", 9)
        assert written == []
        attention.call(app, "osc9", "Done.", 11)
        assert written == ["\x1b]9;memtui: Done.\a"]


# pictures


async def nothing(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    pass


async def problems(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    app.told.problems.append(Problem(at, "warning", "The engine was slow to start."))
    app.told.problems.append(Problem(at, "error", LONG * 3, 4))
    await pilot.press("f11")


async def no_problems(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f11")


async def debug(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("f12")
    await until(pilot, lambda: isinstance(app.screen, Report) and app.screen.complete)
    app.screen.facts = [(f"fact {n}", LONG if n % 5 == 2 else "a value") for n in range(24)]  # type: ignore[attr-defined]
    app.screen._fill()  # type: ignore[attr-defined]


async def jump(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+o")


async def picker(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    await pilot.press("ctrl+t")
    await until(pilot, lambda: isinstance(app.screen, ThemePicker))
    await pilot.press("down")
    await until(pilot, lambda: app.screen.query_one(OptionList).highlighted == 2)


async def ansi(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-ansi"
    await pilot.press("f4")


async def ansi_agents(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app.theme = "memtui-ansi"
    await pilot.press("ctrl+t")
    await until(pilot, lambda: isinstance(app.screen, ThemePicker))


async def ascii(app: MemtuiApp, pilot: Pilot[Any]) -> None:
    app._plain.enabled = True
    app.screen.refresh(layout=True)
    for widget in app.screen.walk_children():
        widget.refresh(layout=True)
    await pilot.press("f4")


STATES: list[tuple[str, Steps]] = [
    ("problems", problems),
    ("no-problems", no_problems),
    ("debug", debug),
    ("jump", jump),
    ("themes", picker),
    ("ansi", ansi),
    ("ansi-dialog", ansi_agents),
    ("ascii", ascii),
]


@pytest.fixture
def calm(measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_installed", list)
    monkeypatch.setattr(report, "_files", list)


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
@pytest.mark.parametrize("steps", [s[1] for s in STATES], ids=[s[0] for s in STATES])
def test_screen(
    calm: None, snap_compare: Any, size: tuple[int, int], steps: Steps, furnished: Path
) -> None:
    app = MemtuiApp()

    async def before(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: app.main.filled and app.main.query_one(Mind).rows)
        await steps(app, pilot)
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_a_problem_as_text_is_plain() -> None:
    problem = Problem(datetime(2026, 1, 2, tzinfo=UTC), "error", "a\x1b]52;c;x\x07b", 2)
    assert as_text(problem) == "2026-01-02 00:00:00 error (2 times): a]52;c;xb"
