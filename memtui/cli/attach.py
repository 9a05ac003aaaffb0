"""`memtui attach A N` and `memtui detach A N`."""

import click

from memtui.api.agents import Agent
from memtui.api.client import Client
from memtui.cli import options, output
from memtui.cli.session import call, find_agent, find_source


@click.command()
@click.argument("agent", metavar="A")
@click.argument("source", metavar="N")
@options.as_json
def attach(agent: str, source: str, as_json: bool) -> None:
    """Attach the source N to the agent A. It takes one row, whatever the size of the source."""

    async def work(client: Client) -> tuple[Agent, str]:
        to, what = await find_agent(client, agent), await find_source(client, source)
        if any(mine.id == what.id for mine in to.sources):
            return to, f"{what.name} is attached to {to.name} already."
        size = output.count(what.passages, "passage")
        after = await client.attach(to.id, what.id)
        return after, f"Attached {what.name} ({size}) to {to.name}."

    _print(*call(work), as_json)


@click.command()
@click.argument("agent", metavar="A")
@click.argument("source", metavar="N")
@options.as_json
def detach(agent: str, source: str, as_json: bool) -> None:
    """Detach the source N from the agent A. The source itself stays."""

    async def work(client: Client) -> tuple[Agent, str]:
        to, what = await find_agent(client, agent), await find_source(client, source)
        if not any(mine.id == what.id for mine in to.sources):
            return to, f"{what.name} is not attached to {to.name}."
        after = await client.detach(to.id, what.id)
        return after, f"Detached {what.name} from {to.name}."

    _print(*call(work), as_json)


def _print(agent: Agent, sentence: str, as_json: bool) -> None:
    if as_json:
        output.data(agent)
    else:
        output.line(sentence)
