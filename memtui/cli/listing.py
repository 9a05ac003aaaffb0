"""`memtui list …`: tables of what there is."""

from collections.abc import Sequence

import click

from memtui.api.client import Client
from memtui.api.library import Document, Job
from memtui.cli import options, output
from memtui.cli.progress import describe, outcome
from memtui.cli.session import call, find_source


@click.group("list")
def listing() -> None:
    """List agents, sources, documents, personas, humans or jobs."""


def _show(
    items: Sequence[object],
    headers: Sequence[str],
    rows: list[list[object]],
    as_json: bool,
    none: str,
) -> None:
    if as_json:
        output.data(list(items))
    elif rows:
        output.table(headers, rows)
    else:
        output.note(none)


@listing.command()
@options.as_json
def agents(as_json: bool) -> None:
    """The agents, the one used last first."""
    found = call(lambda client: client.agents())
    rows: list[list[object]] = [
        [
            agent.name,
            agent.persona,
            agent.human,
            agent.model or "(as configured)",
            agent.archival,
            agent.recall,
            output.when(agent.used_at),
            ", ".join(source.name for source in agent.sources),
        ]
        for agent in found
    ]
    headers = ["name", "persona", "human", "model", "archival", "recall", "used", "sources"]
    none = "There is no agent yet. `memtui run` or `memtui add agent --name NAME` makes one."
    _show(found, headers, rows, as_json, none)


@listing.command()
@options.as_json
def sources(as_json: bool) -> None:
    """The sources. Documents are files; indexed counts the passages that have a vector."""
    found = call(lambda client: client.sources())
    rows: list[list[object]] = [
        [
            source.name,
            source.documents,
            source.pages,
            source.passages,
            source.indexed,
            source.failed,
            source.state,
            " ".join(filter(None, (source.description, source.waits))),
        ]
        for source in found
    ]
    headers = ["name", "documents", "pages", "passages", "indexed", "failed", "state", ""]
    none = "There is no source yet. `memtui load directory --name N --input-files F` makes one."
    _show(found, headers, rows, as_json, none)


@listing.command()
@click.option("--source", metavar="N", help="Only the documents of this source.")
@options.as_json
def documents(source: str | None, as_json: bool) -> None:
    """The documents, each with its state, and the reason when it could not be loaded."""

    async def work(client: Client) -> list[Document]:
        only = (await find_source(client, source)).id if source is not None else None
        return await client.documents(only)

    found = call(work)
    rows: list[list[object]] = [
        [
            document.source,
            document.name,
            document.kind,
            document.pages,
            document.passages,
            document.state,
            document.id,
            _remark(document),
        ]
        for document in found
    ]
    headers = ["source", "document", "kind", "pages", "passages", "state", "id", "title or error"]
    _show(found, headers, rows, as_json, "There is no document yet.")


def _remark(document: Document) -> str:
    also = f"also {', '.join(document.also)}" if document.also else ""
    return document.error or "; ".join(part for part in (document.title, also) if part)


@listing.command()
@options.as_json
def personas(as_json: bool) -> None:
    """The personas that a new agent can begin with."""
    _templates("personas", as_json)


@listing.command()
@options.as_json
def humans(as_json: bool) -> None:
    """The humans: what a new agent knows about you."""
    _templates("humans", as_json)


def _templates(kind: str, as_json: bool) -> None:
    found = call(lambda client: client.templates(kind))
    rows: list[list[object]] = [
        [item.name, "built in" if item.builtin else "yours", item.text[:200]] for item in found
    ]
    _show(found, ["name", "from", "text"], rows, as_json, f"There are no {kind}.")


@listing.command()
@options.as_json
def jobs(as_json: bool) -> None:
    """The loads, with how each is getting on or how it ended."""
    found = call(lambda client: client.jobs())
    rows: list[list[object]] = [
        [job.id, job.kind, job.source, job.state, output.when(job.created_at), _outcome(job)]
        for job in found
    ]
    headers = ["id", "kind", "source", "state", "began", "progress"]
    _show(found, headers, rows, as_json, "There was no job yet.")


def _outcome(job: Job) -> str:
    if job.error:
        return job.error
    if job.report:
        return outcome(job.report) or "nothing changed"
    return describe(job.progress)
