"""`memtui demo`: the bundled handbook as a source, and an agent that has read it.

Always the offline reader: no key, no network. Whatever exists already is used again.
"""

import hashlib
from pathlib import Path

import click

from memtui import paths
from memtui.api.agents import Agent, NewAgent
from memtui.api.client import Client
from memtui.api.errors import MemtuiError
from memtui.api.library import Job, LoadRequest, Source
from memtui.cli import load, output
from memtui.cli.session import call
from memtui.cli.terminal import has_terminal, need_terminal, open_app

SOURCE = "memtui-handbook"
AGENT = "Demo"
QUESTION = "How do I load a PDF and attach it to an agent?"


@click.command()
def demo() -> int:
    """Ask the memtui handbook about memtui: a source, an agent and the app in one command."""
    job, stopped, agent = call(_prepare)
    if job is not None:
        status = load.report(job, stopped)
        if status:
            return status
    if agent is None:
        raise MemtuiError(f"The source {SOURCE} has just been deleted. Try again.")
    if not has_terminal():
        output.line(f"The agent {agent.name} is ready, with the source {SOURCE} attached.")
        need_terminal("memtui demo")
    return open_app(agent=agent.id, draft=QUESTION)


async def _prepare(client: Client) -> tuple[Job | None, bool, Agent | None]:
    """The load if one was needed, whether it was stopped, and the agent if all went well."""
    job, stopped = await _load(client)
    source = next((item for item in await client.sources() if item.name == SOURCE), None)
    if stopped or source is None:  # the load's report says why
        return job, stopped, None
    return job, False, await _agent(client, source)


async def _load(client: Client) -> tuple[Job | None, bool]:
    file = paths.handbook_file()
    digest = _digest(file)
    known = next((item for item in await client.sources() if item.name == SOURCE), None)
    documents = await client.documents(known.id) if known else []
    if any(item.sha256 == digest and item.state == "indexed" for item in documents):
        return None, False
    # Another version of memtui brought another handbook.
    outdated = any(item.sha256 != digest for item in documents)
    request = LoadRequest(
        name=SOURCE,
        paths=[str(file)],
        replace=outdated,
        description="How to use memtui; bundled with it.",
    )
    return await load.follow(client, request)


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise MemtuiError(
            f"The bundled handbook {file} cannot be read: {error.strerror}. Install memtui again."
        ) from None


async def _agent(client: Client, source: Source) -> Agent:
    """The agent `Demo`, or `Demo 2` … when somebody gave it a language model: demo uses none."""
    known = {agent.name: agent for agent in await client.agents()}
    number, name = 1, AGENT
    while name in known and known[name].model != "offline":
        number += 1
        name = f"{AGENT} {number}"
    agent = known.get(name)
    if agent is None:
        new = NewAgent(name=name, persona="memgpt_doc", model="offline", source_ids=[source.id])
        return await client.add_agent(new)
    if not any(mine.id == source.id for mine in agent.sources):
        return await client.attach(agent.id, source.id)
    return agent
