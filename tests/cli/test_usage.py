"""What can be said without an engine: wrong usage, help, settings, folders."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memtui import __version__, config, paths
from memtui.api import launch
from memtui.cli.root import COMMANDS
from tests.cli.conftest import Memtui

LONG = "x" * 300


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["lod"], "memtui load"),
        (["--bogus"], "--bogus"),
        (["load", "directory"], "--name"),
        (["load", "directory", "--name", "paper"], "--input-files"),
        (["load", "directory", "--name", "a", "--input-files=f", "--input-dir", "d"], "either"),
        (["load", "directory", "--name", "a", "--input-files=f", "--recursive"], "--input-dir"),
        (["load", "directory", "--name", "a", "--input-files="], "empty"),
        (["load", "directory", "--name", "a", "--input-files=f", "--prune"], "--input-dir"),
        (["load", "directory", "--name", "a", "--input-files=f", "--watch"], "--input-dir"),
        (["load", "directory", "--name", "a", "--input-files=f", "--exclude=x"], "--input-dir"),
        (["load", "web", "--name", "a"], "URL"),
        (["load", "web", "--name", "a", "a.example/x\x1b"], "a.example/x is no web address"),
        (
            ["load", "directory", "--name", "a", "--input-files=f", "--pages", "7-3"],
            "choice of pages",
        ),
        (["load", "directory", "--name", "a\nb", "--input-files=f"], "line break"),
        (["load", "directory", "--name", LONG, "--input-files=f"], "300"),
        (["load", "directory", "--name", "", "--input-files=f"], "empty"),
        (["search"], "QUERY"),
        (["search", " "], "empty"),
        (["search", "x", "-k", "0"], "-k"),
        (["search", "x", "--mode", "psychic"], "--mode"),
        (["search", "x", "--agent", "a", "--source", "b"], "--source"),
        (["ask", " "], "empty"),
        (["ask", "-"], "empty"),
        (["ask", "x", "--agent", "a", "--source", "b"], "--agent"),
        (["add", "agent", "--name", LONG], "300"),
        (["add", "persona", "--name", "x"], "--text"),
        (["add", "persona", "--name", "x", "--text", "t", "-f", "f"], "--text"),
        (["add", "human", "--name", "x", "--text", " "], "empty"),
        (["delete", "source", "x"], "-y"),
        (["configure", "--set", "llm.model"], "KEY=VALUE"),
        (["configure", "--set", "llm.modle=x"], "configure --show"),
        (["configure", "--set", "engine.linger=soon"], "a number"),
        (["configure", "--json"], "--show"),
        (["run", "--agent", "a\x1bb"], "unprintable"),
        (["ask", "caf\udce9"], "UTF-8"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(
    memtui: Memtui, arguments: list[str], word: str
) -> None:
    result = memtui(*arguments)
    assert result.status == 2
    assert result.out == ""
    assert word in result.err
    assert result.err.count("\n") == 1
    assert result.err.rstrip().endswith((".", "shows how."))
    assert launch.running_socket() is None, "no engine is started for a wrong command"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(memtui: Memtui, command: str) -> None:
    result = memtui(command, "--help")
    assert result.status == 0
    assert f"memtui {command}" in result.out
    assert result.err == ""


def test_help_names_every_command(memtui: Memtui) -> None:
    result = memtui("--help")
    assert result.status == 0
    for command, (_, text) in COMMANDS.items():
        assert re.search(rf"^  {command} +{re.escape(text[:20])}", result.out, re.MULTILINE)


@pytest.mark.parametrize(
    "group", ["load", "list", "show", "add", "block", "tools", "delete", "engine"]
)
def test_a_group_alone_shows_its_commands(memtui: Memtui, group: str) -> None:
    result = memtui(group)
    assert result.status == 2
    assert "Commands:" in result.err


def test_version(memtui: Memtui) -> None:
    assert memtui("version").out == memtui("--version").out == f"memtui {__version__}\n"
    assert json.loads(memtui("version", "--json").out) == {"version": __version__}


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "--persona", "memgpt_doc"]])
def test_the_app_needs_a_terminal(memtui: Memtui, arguments: list[str]) -> None:
    result = memtui(*arguments)
    assert result.status == 1
    assert "needs a terminal" in result.err
    assert result.err.count("\n") == 1
    assert launch.running_socket() is None


def test_folder_names_every_place(memtui: Memtui, home: Path) -> None:
    places = json.loads(memtui("folder", "--json").out)
    assert set(places) == {"configuration", "credentials", "data", "state", "log", "socket"}
    assert all(str(home) in path for name, path in places.items() if name != "socket")
    assert all(path in memtui("folder").out for path in places.values())


def test_the_engine_is_not_started_to_ask_for_its_status(memtui: Memtui) -> None:
    assert "No engine" in memtui("engine", "status").out
    assert json.loads(memtui("engine", "status", "--json").out)["running"] is False
    assert memtui("engine", "stop") == (0, "No engine is running.\n", "")
    assert not paths.data_dir().exists()


def test_settings_are_saved_shown_and_masked(memtui: Memtui) -> None:
    saved = memtui(
        "configure", "--set", "llm.model=openai/x", "--set", "llm.api_key=sk-1234567890ab"
    )
    assert saved.status == 0
    assert str(paths.config_file()) in saved.out
    assert "sk-" not in paths.config_file().read_text()
    assert paths.credentials_file().stat().st_mode & 0o777 == 0o600
    shown = memtui("configure", "--show")
    assert "1234567890" not in shown.out
    rows = {row["key"]: row for row in json.loads(memtui("configure", "--show", "--json").out)}
    assert rows["llm.model"] == {
        "key": "llm.model",
        "value": "openai/x",
        "origin": str(paths.config_file()),
    }
    assert rows["llm.api_key"]["value"] == config.SAVED
    assert rows["ui.theme"]["origin"] == "default"
    assert rows["engine.linger"]["origin"] == "environment MEMTUI_ENGINE__LINGER"
    assert rows["archive.uri"]["value"] == str(paths.data_dir() / "milvus.db")


@pytest.mark.parametrize(
    ("key", "value"),
    [("archive.uri", "~nobody-here/x"), ("tools.folder", "~nobody-here"), ("llm.api_base", "foo")],
)
def test_a_place_that_cannot_be_is_refused_and_can_be_mended(
    memtui: Memtui, key: str, value: str
) -> None:
    refused = memtui("configure", "--set", f"{key}={value}")
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert key in refused.err
    table, name = key.split(".")
    paths.private_dir(paths.config_file().parent)
    paths.config_file().write_text(f'[{table}]\n{name} = "{value}"\n')  # by hand
    shown = memtui("configure", "--show")
    assert shown.status == 1
    assert key in shown.err
    assert memtui("configure", "--set", f"{key}=").status == 0
    assert memtui("configure", "--show").status == 0


def test_all_settings_are_checked_before_any_is_written(memtui: Memtui) -> None:
    result = memtui("configure", "--set", "llm.model=x", "--set", "llm.max_wait=-1")
    assert result.status == 2
    assert not config.is_configured()


def test_an_environment_that_wins_is_pointed_out(
    memtui: Memtui, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMTUI_LLM__MODEL", "offline")
    assert "MEMTUI_LLM__MODEL" in memtui("configure", "--set", "llm.model=x").err


def test_a_broken_configuration_is_a_sentence(memtui: Memtui) -> None:
    paths.private_dir(paths.config_dir())
    for content in ("[llm\n", "[llm]\nmodl = 'x'", "[engine]\nlinger = 'abc'", "[llm]\nmodel = []"):
        paths.config_file().write_text(content)
        result = memtui("configure", "--show")
        assert result.status == 1
        assert str(paths.config_file()) in result.err
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("command", [["configure", "--show"], ["list", "sources"]])
def test_an_impossible_environment_is_named(
    memtui: Memtui, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("MEMTUI_LLM__MAX_WAIT", "soon")
    status, out, err = memtui(*command)
    assert (status, out) == (1, "")
    assert err == "environment MEMTUI_LLM__MAX_WAIT: llm.max_wait takes a number, not 'soon'.\n"


def test_a_configuration_that_cannot_be_reached_says_what_to_do(memtui: Memtui, home: Path) -> None:
    home.mkdir()
    paths.config_dir().write_text("a file where the folder should be")
    for arguments in (["--set", "llm.model=x"], ["--show"]):
        result = memtui("configure", *arguments)
        assert (result.status, result.out) == (1, "")
        assert result.err.count("\n") == 1
        assert str(paths.config_file()) in result.err
        assert "Give yourself the right to" in result.err
        assert "MEMTUI_HOME" in result.err


def test_prompts_offer_what_is_set(shell, home: Path) -> None:  # type: ignore[no-untyped-def]
    answered = shell("configure", input="openai/x\n\n")
    assert answered.returncode == 0, answered.stderr
    assert str(home / "data" / "milvus.db") in answered.stdout
    settings = config.load()
    assert settings.text("llm.model") == "openai/x"
    assert settings.entries["archive.uri"].origin == "default"
    again = shell("configure", input="\nhttp://localhost:19530\n")
    assert "[openai/x]" in again.stdout
    assert config.load().text("archive.uri") == "http://localhost:19530"


def test_unanswered_prompts_change_nothing(shell) -> None:  # type: ignore[no-untyped-def]
    result = shell("configure")
    assert result.returncode == 1
    assert "Nothing was changed" in result.stderr
    assert not config.is_configured()


def test_a_secret_can_be_piped(shell) -> None:  # type: ignore[no-untyped-def]
    assert shell("configure", "--set", "llm.api_key=-", input="sk-secret\n").returncode == 0
    assert config.load().text("llm.api_key") == "sk-secret"


def test_a_mistake_of_ours_is_one_sentence(memtui: Memtui, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("oh \x1b[31m")

    monkeypatch.setattr(paths, "config_file", broken)
    result = memtui("folder")
    assert result.status == 1
    assert "MEMTUI_DEBUG=1" in result.err
    assert "\x1b" not in result.err
    assert result.err.count("\n") == 1
    monkeypatch.setenv("MEMTUI_DEBUG", "1")
    assert "Traceback" in memtui("folder").err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_output_will_do(shell, encoding: str) -> None:  # type: ignore[no-untyped-def]
    shell("configure", "--set", "agent.human=wait…")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    table = shell("configure", "--show", env=environment, encoding=encoding)
    assert table.returncode == 0
    assert "wait" in table.stdout
    rows = json.loads(shell("configure", "--show", "--json", env=environment).stdout)
    assert {"wait…"} == {row["value"] for row in rows if row["key"] == "agent.human"}


def test_a_closed_pipe_is_quiet(home: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        result = subprocess.run(
            [sys.executable, "-m", "memtui", "configure", "--show"],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert result.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_below_the_output_is_a_sentence(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "memtui", "configure", "--show"],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.count(b"\n") == 1
    assert b"Traceback" not in result.stderr


def _imported(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    return set(result.stdout.split())


def test_little_is_imported_to_begin_with() -> None:
    heavy = {"click", "httpx", "pydantic", "textual", "numpy", "litellm", "pymilvus", "fastapi"}
    assert not heavy & _imported("import memtui.cli")
    assert not heavy & _imported("import memtui.cli.start, memtui.cli.terminal")
    assert not (heavy - {"click"}) & _imported("import memtui.cli.root, memtui.cli.about")
