"""`memtui export AGENT`: a conversation as Markdown or as JSON Lines."""

import codecs
import sys
from pathlib import Path
from typing import cast

import click

from memtui.api import files
from memtui.api.client import Client
from memtui.api.errors import UsageError
from memtui.api.history import ExportFormat
from memtui.api.plain import plain_line
from memtui.cli import options, output
from memtui.cli.session import call, find_agent


@click.command()
@click.argument("agent", metavar="AGENT")
@click.option("-f", "--format", "wanted", type=click.Choice(["markdown", "jsonl"]),
              help="Default: by the ending of FILE (.jsonl), else Markdown.")  # fmt: skip
@click.option("-o", "--output", "file", metavar="FILE", help="A file instead of standard output.")
@options.yes
def export(agent: str, wanted: str | None, file: str | None, yes: bool) -> None:
    """Print the conversation of an agent with its thoughts and tool calls, or write it to FILE.

    Markdown is for reading; JSON Lines have everything: a line for the agent, a line a message.
    """
    path, there = files.target(file) if file is not None else (None, False)
    if path is not None and there and not yes and not _may_replace(path):
        output.note("Nothing was written.")
        return
    chosen = wanted or (files.format_of(path) if path is not None else "markdown")

    async def work(client: Client) -> int:
        found = await find_agent(client, agent)
        pieces = client.export(found.id, cast(ExportFormat, chosen))
        if path is not None:
            return await files.save(pieces, path)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        async for piece in pieces:
            sys.stdout.write(decoder.decode(piece))
        return 0

    size = call(work)
    if path is not None:
        output.note(f"Wrote {size:,} bytes to {path}.")


def _may_replace(path: Path) -> bool:
    """Asks. Raises UsageError when nobody can be asked."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError(f"{path} exists already. Add -y to replace it, or name another file.")
    return click.confirm(plain_line(f"{path} exists already. Replace it?"), err=True)
