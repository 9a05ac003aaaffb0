"""`memtui show context`: what an agent's model would be sent now."""

import click

from memtui.api.client import Client
from memtui.api.context import ContextWindow
from memtui.cli import options, output
from memtui.cli.session import call, find_agent


@click.command()
@click.argument("name", metavar="AGENT")
@options.as_json
def context(name: str, as_json: bool) -> None:
    """An agent's context window: tokens by part, and the exact text."""

    async def work(client: Client) -> ContextWindow:
        return await client.context((await find_agent(client, name)).id)

    view = call(work)
    if as_json:
        output.data(view)
        return
    rows = [
        [part.name, f"{part.tokens:,}", f"{part.tokens / view.window:.0%}"] for part in view.parts
    ]
    rows.append(["in all", f"{view.total:,}", f"{view.total / view.window:.0%}"])
    output.table(["part", "tokens", "of the window"], rows)
    size = f"{view.window:,} tokens" + ("" if view.known else ", a guess: nobody states it")
    output.line()
    output.fields(
        [
            ("model", view.model),
            ("window", size),
            ("kept free", f"{view.reserve:,} tokens for the answer"),
            ("warned above", f"{view.pressure:,} tokens" if view.pressure else "never"),
            ("to be folded", output.count(view.waiting, "message")),
        ]
    )
    for part in view.parts:
        if part.text:
            output.line(f"\n--- {part.name}\n{part.text}")
