"""`memtui tools …`: what an agent may do beyond its eight base tools."""

import click

from memtui.api.client import Client
from memtui.api.tools import ToolInfo
from memtui.cli import options, output
from memtui.cli.session import call, find_agent


@click.group()
def tools() -> None:
    """List tools, and enable or disable them for an agent."""


@tools.command("list")
@options.of_agent
@options.as_json
def list_(agent: str | None, as_json: bool) -> None:
    """The tools there are; with --agent, which of them the agent has."""

    async def work(client: Client) -> list[ToolInfo]:
        return await client.tools((await find_agent(client, agent)).id if agent else None)

    found = call(work)
    if as_json:
        output.data(found)
        return
    rows = [
        [info.name, info.kind, _state(info, agent is not None), info.problem or info.description]
        for info in found
    ]
    output.table(["name", "from", "state", ""], rows)


def _state(info: ToolInfo, of_agent: bool) -> str:
    if info.problem:
        return "does not work"
    if info.kind == "base":
        return "always on"
    if not info.enabled:
        return "off" if of_agent else "off until enabled"
    return {"ask": "on, asks", "always": "on, always allowed", "never": "on, never allowed"}[
        info.permission
    ]


@tools.command()
@click.argument("name")
@click.option("--agent", metavar="A", required=True, help="The agent, by name or id.")
def enable(name: str, agent: str) -> None:
    """Give an agent a tool. Each call asks you in the app."""
    output.line(f"{_switch(name, agent, True)} has the tool {name} now. Each call asks you first.")


@tools.command()
@click.argument("name")
@click.option("--agent", metavar="A", required=True, help="The agent, by name or id.")
def disable(name: str, agent: str) -> None:
    """Take a tool away from an agent."""
    output.line(f"{_switch(name, agent, False)} does not have the tool {name} any more.")


def _switch(name: str, agent: str, on: bool) -> str:
    async def work(client: Client) -> str:
        found = await find_agent(client, agent)
        await client.enable_tool(found.id, name, on)
        return found.name

    return call(work)
