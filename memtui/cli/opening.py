"""`memtui run`: open the app on an agent, or on a new one."""

import click

from memtui.api.errors import NotFoundError, UsageError
from memtui.api.names import check_name
from memtui.cli.terminal import need_terminal, open_app


@click.command()
@click.option("--agent", metavar="A", help="An agent; with --persona, the name of a new one.")
@click.option("--persona", metavar="P", help="Make a new agent with this persona.")
@click.option("--human", metavar="H", help="Make a new agent that knows this about you.")
@click.option("--model", metavar="M", help="Make a new agent with this model.")
def run(agent: str | None, persona: str | None, human: str | None, model: str | None) -> int:
    """Open the app. Without options, it offers your agents, the last used first, and a new one."""
    if agent is not None:
        check_name(agent, "agent name")
    need_terminal("memtui run")
    if agent is None and not (persona or human or model):
        return open_app(choose=True)
    found = _prepare(agent, persona, human, model)
    if found is not None:
        return open_app(agent=found)
    return open_app(persona=persona, human=human, model=model)


def _prepare(
    agent: str | None, persona: str | None, human: str | None, model: str | None
) -> str | None:
    """The id of the agent to open, or None when the app is to make one.

    What is wrong with the options is told before the app opens: raises MemtuiError.
    """
    from memtui.api.agents import NewAgent
    from memtui.api.client import Client
    from memtui.cli.session import call, find_agent, find_template

    async def work(client: Client) -> str | None:
        for what, name in (("persona", persona), ("human", human)):
            if name is not None:
                await find_template(client, what, name)
        if agent is None:
            if model is None:
                return None
            # The engine alone can say whether the model exists.
            made = await client.add_agent(NewAgent(persona=persona, human=human, model=model))
            return made.id
        new = persona or human or model
        try:
            found = await find_agent(client, agent)
        except NotFoundError as error:
            if not new:
                raise NotFoundError(
                    f"{error} To make one of that name, add --persona memgpt_doc."
                ) from None
        else:
            if new:
                raise UsageError(
                    f"The agent '{found.name}' exists and keeps its persona, human and model. "
                    "Leave these options out, or leave out --agent to make a new agent."
                )
            return found.id
        named = NewAgent(name=agent, persona=persona, human=human, model=model)
        return (await client.add_agent(named)).id

    return call(work)
