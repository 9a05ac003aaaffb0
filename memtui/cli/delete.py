"""`memtui delete agent|source|persona|human NAME`."""

import sys
from collections.abc import Awaitable, Callable

import click

from memtui.api.agents import losing
from memtui.api.client import Client
from memtui.api.errors import ConflictError, UsageError
from memtui.api.plain import plain_line
from memtui.cli import options, output
from memtui.cli.session import call, find_agent, find_source, find_template

Deed = tuple[str, Callable[[Client], Awaitable[None]]]
"""What is deleted, in words, and how."""


@click.group()
def delete() -> None:
    """Delete an agent, a source, a persona or a human. Asks first; -y does not."""


@delete.command()
@click.argument("name")
@options.yes
def agent(name: str, yes: bool) -> None:
    """Delete an agent with its memory. Its sources stay."""

    async def plan(client: Client) -> Deed:
        found = await find_agent(client, name)
        what = (
            f"the agent {found.name} with {output.count(found.archival, 'memory', 'memories')} "
            f"and {output.count(found.recall, 'message')}"
        )
        return what, lambda client: client.delete_agent(found.id)

    _delete(plan, yes)


@delete.command()
@click.argument("name")
@options.yes
def source(name: str, yes: bool) -> None:
    """Delete a source with its passages. The files that it was loaded from stay."""

    async def plan(client: Client) -> Deed:
        found = await find_source(client, name)
        if not yes and (sentence := losing(found.id, await client.agents())):
            output.note(sentence)
        what = (
            f"the source {found.name} with {output.count(found.documents, 'document')} "
            f"and {output.count(found.passages, 'passage')}"
        )
        return what, lambda client: client.delete_source(found.id)

    _delete(plan, yes)


@delete.command()
@click.argument("name")
@options.yes
def persona(name: str, yes: bool) -> None:
    """Delete a persona of yours. Agents that began with it keep theirs."""
    _delete_template("persona", name, yes)


@delete.command()
@click.argument("name")
@options.yes
def human(name: str, yes: bool) -> None:
    """Delete a human of yours. Agents that began with it keep theirs."""
    _delete_template("human", name, yes)


def _delete_template(what: str, name: str, yes: bool) -> None:
    async def plan(client: Client) -> Deed:
        if (await find_template(client, what, name)).builtin:
            raise ConflictError(f"The {what} '{name}' is built in and cannot be deleted.")
        return f"the {what} {name}", lambda client: client.delete_template(f"{what}s", name)

    _delete(plan, yes)


def _delete(plan: Callable[[Client], Awaitable[Deed]], yes: bool) -> None:
    """Find it, ask, delete it. Raises UsageError when nobody can be asked."""
    if not yes and not (sys.stdin is not None and sys.stdin.isatty()):
        raise UsageError("Deleting cannot be undone. Without a terminal to ask on, add -y.")
    what, carry_out = call(plan)
    if not yes and not click.confirm(plain_line(f"Delete {what}?"), err=True):
        output.note("Nothing was deleted.")
        return
    call(carry_out)
    output.line(f"Deleted {what}.")
