"""`memtui add agent|persona|human`."""

import sys
from pathlib import Path

import click

from memtui.api.agents import NewAgent, Template
from memtui.api.client import Client
from memtui.api.errors import ConflictError, MemtuiError, UsageError
from memtui.api.names import check_name
from memtui.cli import options, output
from memtui.cli.session import call


@click.group()
def add() -> None:
    """Add an agent, a persona or a human."""


@add.command()
@click.option("--name", metavar="A", required=True, help="What to call it.")
@click.option("--persona", metavar="P", help="Who it is: `memtui list personas`.")
@click.option("--human", metavar="H", help="What it knows about you: `memtui list humans`.")
@click.option("--model", metavar="M", help="`offline`, a litellm name, or a configured NAME.")
@options.as_json
def agent(
    name: str, persona: str | None, human: str | None, model: str | None, as_json: bool
) -> None:
    """Make an agent without opening the app."""
    new = NewAgent(name=check_name(name, "agent name"), persona=persona, human=human, model=model)
    made = call(lambda client: client.add_agent(new))
    if as_json:
        output.data(made)
    else:
        output.line(f"Made the agent {made.name} with the persona {made.persona}.")


_name = click.option("--name", metavar="N", required=True, help="What to call it.")
_text = click.option("--text", metavar="T", help="The text itself.")
_file = click.option("-f", "--file", metavar="FILE", help="The file with the text; - reads stdin.")
_replace = click.option("--replace", is_flag=True, help="Overwrite your own of that name.")


@add.command()
@_name
@_text
@_file
@_replace
def persona(name: str, text: str | None, file: str | None, replace: bool) -> None:
    """Add a persona: what a new agent believes about itself."""
    _add("persona", name, text, file, replace)


@add.command()
@_name
@_text
@_file
@_replace
def human(name: str, text: str | None, file: str | None, replace: bool) -> None:
    """Add a human: what a new agent knows about you."""
    _add("human", name, text, file, replace)


def _add(what: str, name: str, text: str | None, file: str | None, replace: bool) -> None:
    check_name(name, f"{what}'s name")
    if (text is None) == (file is None):
        raise UsageError(f"Give the {what}'s text: either --text T or -f FILE.")
    content = (text if file is None else read_text(file)) or ""
    if not content.strip():
        raise UsageError(f"The {what}'s text is empty. Write at least a sentence.")

    async def work(client: Client) -> None:
        known = {item.name: item for item in await client.templates(f"{what}s")}
        if name in known and known[name].builtin:
            raise ConflictError(f"'{name}' is a built-in {what}. Choose another name.")
        if name in known and not replace:
            raise ConflictError(
                f"There is a {what} called '{name}' already. Add --replace to overwrite it."
            )
        await client.add_template(f"{what}s", Template(name=name, text=content, builtin=False))

    call(work)
    output.line(f"Added the {what} {name}.")


def read_text(file: str) -> str:
    """The text of a file, or of standard input for `-`. Raises MemtuiError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise MemtuiError(f"{file} is not UTF-8 text. Save it as UTF-8 and try again.") from None
    except OSError as error:
        raise MemtuiError(f"{file} cannot be read: {error.strerror}. Check the path.") from None
