"""`memtui ask`: one turn without the app."""

import asyncio
import contextlib
import sys

import click

from memtui.api.agents import NewAgent, TurnReply, TurnRequest
from memtui.api.client import Client
from memtui.api.errors import MemtuiError, NotFoundError, UsageError
from memtui.cli import options, output
from memtui.cli.session import call, find_agent, find_sources

NOTHING_FOUND = 3


@click.command()
@options.of_agent
@options.of_sources
@click.option("-v", "--verbose", is_flag=True, help="Thoughts and tool calls, on stderr.")
@options.as_json
@click.argument("question", metavar="(QUESTION | -)", nargs=-1, required=True)
def ask(
    agent: str | None,
    sources: tuple[str, ...],
    verbose: bool,
    as_json: bool,
    question: tuple[str, ...],
) -> int:
    """Ask one question; `-` reads it from standard input.

    Without --agent and --source, the agent that was used last answers. With --source, an agent
    that knows only these sources answers and is gone afterwards.
    """
    if agent is not None and sources:
        raise UsageError("--agent and --source exclude each other: an agent has its own sources.")
    text = _read(question)
    if not text.strip():
        raise UsageError("The question is empty. Type it after `memtui ask`, or pipe it to -.")

    async def work(client: Client) -> TurnReply:
        if sources:
            return await _ask_sources(client, sources, text)
        return await _turn(client, (await _agent(client, agent)), text)

    reply = call(work)
    if verbose:
        _explain(reply)
    if as_json:
        output.data(reply)
    elif reply.reply:
        output.line(reply.reply)
    if reply.problem:
        output.note(reply.problem)
    if reply.status == "failed" or not reply.reply:
        if not reply.problem:
            output.note(f"{reply.agent} ended its turn without an answer. Ask again.")
        return 1
    return 0 if reply.found else NOTHING_FOUND


def _read(question: tuple[str, ...]) -> str:
    if question != ("-",):
        return " ".join(question)
    return sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""


async def _agent(client: Client, name: str | None) -> str:
    """The id of the agent called `name`, or of the one that was used last."""
    if name is not None:
        return (await find_agent(client, name)).id
    known = await client.agents()
    if not known:
        raise NotFoundError(
            "There is no agent yet. `memtui run` makes one, and `memtui ask --source NAME …` "
            "needs none."
        )
    return known[0].id


async def _ask_sources(client: Client, names: tuple[str, ...], text: str) -> TurnReply:
    found = await find_sources(client, names)
    new = NewAgent(temporary=True, persona="memgpt_doc", source_ids=[source.id for source in found])
    agent = await client.add_agent(new)
    try:
        return await _turn(client, agent.id, text)
    except BaseException:
        with contextlib.suppress(MemtuiError):  # it may have gone already
            await client.delete_agent(agent.id)
        raise


async def _turn(client: Client, agent_id: str, text: str) -> TurnReply:
    try:
        return await client.turn(agent_id, TurnRequest(text=text))
    except asyncio.CancelledError:
        await client.cancel_turn(agent_id)
        raise


def _explain(reply: TurnReply) -> None:
    """What the agent thought and did, step by step."""
    for step in reply.steps:
        if step.thought:
            output.note(f"  ({step.thought})")
        if step.tool and step.tool != "send_message":
            arguments = ", ".join(f"{name}={value!r}" for name, value in step.arguments.items())
            outcome = output.count(len(step.hits), "hit") if step.hits else step.result[:300]
            output.note(f"  {step.tool}({arguments}) → {outcome}")
    usage = reply.usage
    output.note(f"  {reply.model}, {output.count(usage.steps, 'step')}, {usage.seconds:.1f} s")
