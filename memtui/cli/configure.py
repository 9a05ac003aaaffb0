"""`memtui configure`: prompts for what matters, `--show` and `--set` for the rest."""

import sys

import click

from memtui import config, paths
from memtui.api import launch
from memtui.api.errors import UsageError
from memtui.cli import options, output
from memtui.cli.terminal import has_terminal, open_app

_CHECKED = ("archive.", "embedding.model", "embedding.api_", "agent.persona", "agent.human")
"""Settings that name what only the engine can tell to be there."""


@click.command()
@click.option("--show", is_flag=True, help="Print each value and where it came from.")
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting; may be repeated. A secret's value may be -, which reads it.",
)
@options.as_json
def configure(show: bool, changes: tuple[str, ...], as_json: bool) -> int:
    """Set memtui up step by step, or show and change any setting.

    Without a terminal, two questions are asked instead: the language model and where Milvus is.
    """
    if as_json and not show:
        raise UsageError("--json belongs to --show.")
    if changes:
        save(dict(_parse(change) for change in changes))
    if show:
        _show(as_json)
    elif not changes and has_terminal():
        config.load()  # what is wrong with it is told before the app opens
        return open_app(wizard=True)
    elif not changes:
        save(_ask())
    return 0


def _parse(change: str) -> tuple[str, config.Value]:
    key, equals, text = change.partition("=")
    if not equals:
        raise UsageError(f"--set takes KEY=VALUE, such as llm.model=offline, not '{change}'.")
    setting = config.declared(key.strip())
    if setting.secret and text == "-":
        text = _read_secret(setting.key)
    return setting.key, config.parse(setting, text.strip())


def _read_secret(key: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return str(click.prompt(key, hide_input=True, err=True))
    return sys.stdin.readline() if sys.stdin else ""


def save(changes: dict[str, config.Value]) -> None:
    """Write the settings, all or none, and let a running engine read them again."""
    config.save(changes)
    where = [
        path
        for path, secret in ((paths.config_file(), False), (paths.credentials_file(), True))
        if any(config.declared(key).secret is secret for key in changes)
    ]
    output.line(f"Saved {' and '.join(str(path) for path in where)}.")
    now = config.load()
    if any(now.masked(key) == config.IN_KEYRING for key in changes):
        output.line("The key itself is in the system's keyring.")
    for key in changes:
        origin = now.entries[key].origin if key in now.entries else ""
        if origin.startswith("environment"):
            name = origin.removeprefix("environment ")
            output.note(f"{key} is also set by {name} in this terminal, which wins here.")
    if "ui.keymap" in changes:
        from memtui.tui.keymap import parse_keymap

        for sentence in parse_keymap(now.text("ui.keymap"))[1]:
            output.note(sentence)
    tables = {key.partition(".")[0] for key in changes if key.startswith(_CHECKED)}
    if "ui.theme" in changes:
        from memtui.tui.theme_files import unknown

        if sentence := unknown(now.text("ui.theme")):
            output.note(f"It is saved as it is, but: {sentence}")
    # Only the engine knows whether Milvus and the embedding model answer, and whether the index
    # has to move: it is started for that.
    if launch.running_socket() or tables:
        import asyncio

        asyncio.run(_reload(sorted(tables)))


async def _reload(tables: list[str]) -> None:
    """Have a running engine read the settings, and say whether what they name now works."""
    from memtui.api.client import Client

    client = Client()
    try:
        await client.reload()
        for check in await client.doctor(*tables) if tables else []:
            output.note(check.detail if check.ok else f"It is saved as it is, but: {check.detail}")
        if tables and (sentence := (await client.reindex_plan()).sentence):
            output.note(sentence)
    finally:
        await client.close()


def _ask() -> dict[str, config.Value]:
    """The answers of a person (or of a pipe) to the two questions that matter."""
    now = config.load()
    click.echo("Language model: `offline` for none, or a litellm name such as openai/gpt-4o-mini.")
    model = click.prompt("Model", default=now.text("llm.model"))
    click.echo("Milvus: a path for Milvus Lite, or the http(s):// address of a server.")
    uri = click.prompt("Milvus URI", default=now.archive_uri())
    answers: dict[str, config.Value] = {
        "llm.model": config.parse(config.declared("llm.model"), str(model).strip())
    }
    if str(uri).strip() != now.archive_uri():
        answers["archive.uri"] = config.parse(config.declared("archive.uri"), str(uri).strip())
    if answers["llm.model"] != "offline" and not now.has("llm.api_key"):
        click.echo(
            "If it needs a key: `memtui configure --set llm.api_key=-` reads one and keeps it in "
            "a file that only you can read; or set the provider's environment variable."
        )
    return answers


def _show(as_json: bool) -> None:
    now = config.load()
    rows = [(key, now.masked(key), entry.origin) for key, entry in now.entries.items()]
    # An empty archive.uri means the default place: show that place.
    rows = [(key, value if key != "archive.uri" else now.archive_uri(), origin)
            for key, value, origin in rows]  # fmt: skip
    if as_json:
        output.data([{"key": key, "value": value, "origin": origin} for key, value, origin in rows])
    else:
        output.table(["key", "value", "from"], rows)
