"""`memtui heartbeat A [MINUTES]`."""

import click

from memtui.api.client import Client
from memtui.api.heartbeats import MOST, Heartbeat
from memtui.cli import options, output
from memtui.cli.session import call, find_agent


@click.command()
@click.argument("agent", metavar="A")
@click.argument("minutes", type=click.IntRange(0, MOST), required=False)
@options.as_json
def heartbeat(agent: str, minutes: int | None, as_json: bool) -> None:
    """Let the agent A wake by itself after MINUTES of rest, while the engine runs; 0: never.

    Without MINUTES, say how it is set. The agent can pause its heartbeats for some hours.
    """

    async def work(client: Client) -> tuple[str, Heartbeat]:
        found = await find_agent(client, agent)
        if minutes is None:
            return found.name, await client.heartbeat(found.id)
        return found.name, await client.set_heartbeat(found.id, minutes)

    name, set_to = call(work)
    if as_json:
        output.data(set_to)
        return
    if not set_to.minutes:
        output.line(f"{name} does not wake by itself.")
        return
    after = output.count(set_to.minutes, "minute")
    line = f"{name} wakes by itself after {after} of rest, while the engine runs"
    when = set_to.next_at.astimezone().strftime("%Y-%m-%d %H:%M") if set_to.next_at else ""
    output.line(f"{line}; next at {when}." if when else f"{line}, once you have spoken with it.")
