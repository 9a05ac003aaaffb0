"""`memtui block …`: an agent's core memory, as you change it. `memtui show agent` shows it."""

import click

from memtui.api.agents import BlockVersion
from memtui.api.blocks import MAX_LIMIT, BlockChange, NewBlock, check_label
from memtui.api.client import Client
from memtui.api.errors import UsageError
from memtui.cli import options, output
from memtui.cli.add import read_text
from memtui.cli.session import call, find_agent

_agent = click.option("--agent", metavar="A", required=True, help="The agent, by name or id.")
_text = click.option("--text", metavar="T", help="The text itself.")
_file = click.option("-f", "--file", metavar="FILE", help="The file with the text; - reads stdin.")
_characters = click.IntRange(1, MAX_LIMIT)


@click.group()
def block() -> None:
    """Add, rename, resize, edit, delete or restore blocks of core memory."""


@block.command()
@click.argument("name")
@_agent
@click.option("--limit", metavar="N", type=_characters, default=2000, help="Its characters.")
@_text
@_file
def add(name: str, agent: str, limit: int, text: str | None, file: str | None) -> None:
    """Another block, empty unless a text is given."""
    value = "" if text is None and file is None else _given(text, file)
    new = NewBlock(label=check_label(name), value=value, limit=limit)

    async def work(client: Client) -> None:
        await client.add_block((await find_agent(client, agent)).id, new)

    call(work)
    output.line(f"Added the block {name}.")


@block.command()
@click.argument("name")
@click.argument("new")
@_agent
def rename(name: str, new: str, agent: str) -> None:
    """Give a block another name; its versions go along."""
    _change(agent, name, BlockChange(label=check_label(new)))
    output.line(f"The block {name} is called {new} now.")


@block.command()
@click.argument("name")
@click.argument("limit", type=_characters)
@_agent
def resize(name: str, limit: int, agent: str) -> None:
    """Set how many characters a block holds."""
    _change(agent, name, BlockChange(limit=limit))
    output.line(f"The block {name} holds {limit:,} characters now.")


@block.command()
@click.argument("name")
@_agent
@_text
@_file
def edit(name: str, agent: str, text: str | None, file: str | None) -> None:
    """Give a block another text."""
    _change(agent, name, BlockChange(value=_given(text, file)))
    output.line(f"Changed the block {name}.")


@block.command()
@click.argument("name")
@_agent
def delete(name: str, agent: str) -> None:
    """Take a block out of core memory. `memtui undo` brings it back."""
    check_label(name)

    async def work(client: Client) -> None:
        await client.delete_block((await find_agent(client, agent)).id, name)

    call(work)
    output.line(f"Deleted the block {name}.")


@block.command()
@_agent
@click.option("--block", "label", metavar="NAME", help="Only the versions of this block.")
@options.as_json
def versions(agent: str, label: str | None, as_json: bool) -> None:
    """Every edit of core memory, the newest first."""

    async def work(client: Client) -> list[BlockVersion]:
        return await client.block_versions((await find_agent(client, agent)).id, label)

    found = call(work)
    if as_json:
        output.data(found)
    elif found:
        rows = [
            [one.id, one.label, one.author, output.when(one.created_at), one.after] for one in found
        ]
        output.table(["id", "block", "by", "when", "text"], rows)
    else:
        output.note("Nothing was edited yet.")


@block.command()
@click.argument("version", metavar="VERSION", type=int)
@_agent
def restore(version: int, agent: str) -> None:
    """Give a block the text that it had after an edit: an id of `memtui block versions`."""

    async def work(client: Client) -> BlockVersion:
        return await client.restore_block((await find_agent(client, agent)).id, version)

    output.line(f"The block {call(work).label} reads as after the edit {version} again.")


def _change(agent: str, name: str, change: BlockChange) -> None:
    async def work(client: Client) -> None:
        await client.change_block((await find_agent(client, agent)).id, name, change)

    check_label(name)
    call(work)


def _given(text: str | None, file: str | None) -> str:
    if (text is None) == (file is None):
        raise UsageError("Give the block's text: either --text T or -f FILE.")
    return text if text is not None else read_text(str(file))
