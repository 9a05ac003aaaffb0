"""One command's conversation with the engine, and finding things by what a person calls them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from memtui.api.agents import Agent, Template
from memtui.api.client import Client
from memtui.api.errors import NotFoundError
from memtui.api.library import Source
from memtui.api.names import check_name
from memtui.api.plain import plain_line
from memtui.cli import output

T = TypeVar("T")


class _Named(Protocol):
    id: str
    name: str


N = TypeVar("N", bound=_Named)


def call(work: Callable[[Client], Awaitable[T]]) -> T:
    """Run `work` on an open connection; the engine is found or started. Raises MemtuiError."""

    async def session() -> T:
        async with Client() as client:
            for notice in client.notices:
                output.note(notice)
            return await work(client)

    return asyncio.run(session())


def pick(items: Sequence[N], wanted: str, what: str, remedy: str) -> N:
    """The item with the name or the id `wanted`; letter case matters only if it must.

    Raises NotFoundError: the nearest name, and the command that lists them all.
    """
    for match in (
        [item for item in items if item.name == wanted],
        [item for item in items if item.id == wanted],
        [item for item in items if item.name.casefold() == wanted.casefold()],
    ):
        if len(match) == 1:
            return match[0]
        if match:
            ids = ", ".join(item.id for item in match[:10])
            raise NotFoundError(f"{len(match)} {what}s are called '{wanted}'. Use an id: {ids}.")
    import difflib

    close = difflib.get_close_matches(wanted, [item.name for item in items], 1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    listing = f" `memtui list {what}s` shows them all." if items else f" {remedy}"
    shown = plain_line(wanted, 200)
    raise NotFoundError(f"There is no {what} called '{shown}'.{hint}{listing}")


async def find_agent(client: Client, name: str) -> Agent:
    check_name(name, "agent name")
    remedy = "There are none yet; `memtui add agent --name NAME` makes one."
    return pick(await client.agents(), name, "agent", remedy)


async def find_sources(client: Client, names: Sequence[str]) -> list[Source]:
    for name in names:
        check_name(name, "source name")
    remedy = "There are none yet; `memtui load directory` makes one."
    known = await client.sources()
    return [pick(known, name, "source", remedy) for name in names]


async def find_source(client: Client, name: str) -> Source:
    return (await find_sources(client, [name]))[0]


async def find_template(client: Client, what: str, name: str) -> Template:
    """The `what` (persona or human) called `name`, exactly. Raises NotFoundError."""
    check_name(name, f"{what}'s name")
    for template in await client.templates(f"{what}s"):
        if template.name == name:
            return template
    raise NotFoundError(
        f"There is no {what} called '{name}'. `memtui list {what}s` shows them all."
    )
