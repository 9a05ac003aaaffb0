"""`memtui undo AGENT`: the last change of an agent's memory or history."""

import click

from memtui.api.agents import Change
from memtui.api.client import Client
from memtui.cli import options, output
from memtui.cli.session import call, find_agent


@click.command()
@click.argument("agent", metavar="AGENT")
@click.option("--change", "change_id", type=int, metavar="ID", help="That change, not the last.")
@click.option("--list", "listing", is_flag=True, help="Show the changes and undo nothing.")
@options.as_json
def undo(agent: str, change_id: int | None, listing: bool, as_json: bool) -> None:
    """Undo the last change of AGENT's memory or history, by the agent or by you.

    Nothing is erased: what was taken out comes back, what was edited is as it was.
    """

    async def work(client: Client) -> list[Change]:
        found = await find_agent(client, agent)
        if listing:
            return await client.changes(found.id)
        return await client.undo(found.id, change_id)

    changes = call(work)
    if as_json:
        output.data(changes)
    elif listing:
        rows = [
            [one.id, output.when(one.created_at), "undone" if one.undone_at else "", one.text]
            for one in changes
        ]
        if rows:
            output.table(["id", "when", "", "what"], rows)
    else:
        for one in changes:
            output.line(f"Undone: {one.text}")
