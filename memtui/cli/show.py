"""`memtui show …`: one thing, whole."""

import click
from pydantic import BaseModel

from memtui.api.agents import AgentDetail, Usage
from memtui.api.client import Client
from memtui.api.errors import NotFoundError
from memtui.api.library import Document, Passage, PassageInContext, Source
from memtui.api.plain import plain_line
from memtui.api.viewer import opener
from memtui.cli import options, output
from memtui.cli.context import context as context_window
from memtui.cli.session import call, find_agent, find_source, pick


@click.group()
def show() -> None:
    """Show an agent, its context window, a source, a document or a passage."""


show.add_command(context_window)


@show.command()
@click.argument("name")
@options.as_json
def agent(name: str, as_json: bool) -> None:
    """An agent with its core memory."""

    async def work(client: Client) -> AgentDetail:
        return await client.agent((await find_agent(client, name)).id)

    found = call(work)
    _print(
        found,
        as_json,
        ("name", found.name),
        ("id", found.id),
        ("persona", found.persona),
        ("human", found.human),
        ("model", found.model or "(as configured)"),
        ("sources", ", ".join(source.name for source in found.sources) or "none"),
        ("archival memory", output.count(found.archival, "memory", "memories")),
        ("recall memory", output.count(found.recall, "message")),
        ("spent", _spent(found.usage)),
        ("made", output.when(found.created_at)),
        ("used", output.when(found.used_at)),
    )
    for block in [] if as_json else found.blocks:
        output.line(f"\n{block.label} ({len(block.value)} of {block.limit} characters)")
        output.line(block.value)


def _spent(usage: Usage) -> str:
    """Of the model: `12,345 tokens in 40 steps, 62 s, $0.031`."""
    tokens = output.count(usage.prompt_tokens + usage.completion_tokens, "token")
    text = f"{tokens} in {output.count(usage.steps, 'step')}, {usage.seconds:,.0f} s"
    return f"{text}, ${usage.cost:.3f}" if usage.cost else text


@show.command()
@click.argument("name")
@options.as_json
def source(name: str, as_json: bool) -> None:
    """A source with its documents."""

    async def work(client: Client) -> tuple[Source, list[Document]]:
        found = await find_source(client, name)
        return found, await client.documents(found.id)

    found, documents = call(work)
    _print(
        found,
        as_json,
        ("name", found.name),
        ("id", found.id),
        ("description", found.description),
        ("state", found.state),
        ("documents", found.documents),
        ("pages", found.pages),
        ("passages", f"{found.passages:,}, {found.indexed:,} of them with a vector"),
        ("embedding model", found.embedding_model),
        ("made", output.when(found.created_at)),
    )
    if documents and not as_json:
        output.line()
        rows = [
            [item.name, item.pages, item.passages, item.state, item.error] for item in documents
        ]
        output.table(["document", "pages", "passages", "state", ""], rows)


@show.command()
@click.argument("name")
@options.as_json
def document(name: str, as_json: bool) -> None:
    """A document: where it came from, and its state."""

    async def work(client: Client) -> Document:
        remedy = "There are none yet; `memtui load directory` loads some."
        return pick(await client.documents(), name, "document", remedy)

    found = call(work)
    _print(
        found,
        as_json,
        ("name", found.name),
        ("id", found.id),
        ("source", found.source),
        ("path", found.path),
        ("also", ", ".join(found.also)),
        ("title", found.title),
        ("author", found.author),
        ("kind", found.kind),
        ("bytes", f"{found.size:,}"),
        ("sha256", found.sha256),
        ("pages", found.pages or ""),
        ("only pages", found.only_pages),
        ("passages", f"{found.passages:,}, {found.indexed:,} of them with a vector"),
        ("state", found.state),
        ("error", found.error),
        ("loaded", output.when(found.loaded_at)),
    )


@show.command()
@click.argument("passage_id", metavar="ID")
@click.option(
    "--context", type=click.IntRange(0, 20), default=0, help="Neighbours on each side, too."
)
@options.as_json
def passage(passage_id: str, context: int, as_json: bool) -> None:
    """A passage, as `memtui search` names it, and where it stands."""
    if not (passage_id.isascii() and passage_id.isalnum()):
        raise NotFoundError(
            f"There is no passage '{plain_line(passage_id, 100)}'. Take an id that `memtui search` "
            "shows."
        )
    found: PassageInContext = call(lambda client: client.passage(passage_id, context))
    if as_json:
        output.data(found)
        return
    for item in found.before:
        output.line(f"{item.text}\n")
    this = found.passage
    output.line(f"--- {_place(this)}")
    output.line(this.text)
    if found.after:
        output.line("---")
    for item in found.after:
        output.line(f"\n{item.text}")
    if command := opener(this):
        output.note(f"\nIt stands in {this.document_path}. To open it there: {command}")


def _print(found: BaseModel, as_json: bool, *pairs: tuple[str, object]) -> None:
    """`found` as JSON, or what is said of it in lines."""
    if as_json:
        output.data(found)
    else:
        output.fields(pairs)


def _place(passage: Passage) -> str:
    """`paper, paper.pdf, page 3, passage 7`."""
    parts = [passage.source or passage.scope, passage.document or ""]
    if passage.page is not None:
        last = passage.page_end if passage.page_end not in (None, passage.page) else None
        parts.append(f"pages {passage.page}–{last}" if last else f"page {passage.page}")
    if passage.section:
        parts.append(passage.section)
    parts.append(f"passage {passage.ordinal + 1}")
    return ", ".join(part for part in parts if part)
