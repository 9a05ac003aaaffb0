"""`memtui search`: the passages that match, with both channels' scores."""

import click

from memtui.api.client import Client
from memtui.api.errors import UsageError
from memtui.api.joined import blocks, merged
from memtui.api.pages import canonical
from memtui.api.plain import plain, plain_line
from memtui.api.search import Hit, Mode, Part, SearchReply, SearchRequest
from memtui.cli import options, output
from memtui.cli.session import call, find_agent, find_sources, pick

NOTHING_FOUND = 3
_SNIPPET = 240  # characters


@click.command()
@click.argument("query", nargs=-1, required=True)
@options.of_agent
@options.of_sources
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "dense", "text"]),
    default="hybrid",
    help="Both channels (hybrid, the default), meaning only (dense), or words only (text).",
)
@click.option("-k", type=click.IntRange(1, 100), default=10, help="How many hits; 10 by default.")
@click.option("--document", "documents", metavar="D", multiple=True, help="Only in this document.")
@click.option("--pages", metavar="3-20", default="", help="Only on these pages.")
@click.option(
    "--since", metavar="DATE", default="", help="Only what was stored from then on (UTC)."
)
@click.option("--until", metavar="DATE", default="", help="Only what was stored until then.")
@click.option(
    "--in",
    "within",
    type=click.Choice(["archive", "conversation", "sources"]),
    multiple=True,
    help="Only in agents' own archives, in conversations, or in sources.",
)
@options.as_json
def search(
    query: tuple[str, ...],
    agent: str | None,
    sources: tuple[str, ...],
    mode: Mode,
    k: int,
    documents: tuple[str, ...],
    pages: str,
    since: str,
    until: str,
    within: tuple[Part, ...],
    as_json: bool,
) -> int:
    """Search what an agent sees, or the sources named, or everything.

    With --mode text, "a phrase" must occur as it is, and -word must not; elsewhere a phrase weighs.
    """
    if agent is not None and sources:
        raise UsageError("--agent and --source exclude each other: an agent has its own sources.")
    if sources and within:
        raise UsageError("--source and --in exclude each other: a source is no archive.")
    text = " ".join(query)
    if not text.strip():
        raise UsageError("The query is empty. Type what to look for.")

    async def work(client: Client) -> tuple[SearchReply, bool]:
        request = SearchRequest(
            query=text,
            mode=mode,
            k=k,
            pages=canonical(pages),
            since=since,
            until=until,
            within=list(within),
        )
        if agent is not None:
            request.agent_id = (await find_agent(client, agent)).id
        if sources:
            request.source_ids = [source.id for source in await find_sources(client, sources)]
        if documents:
            known = await client.documents()
            request.document_ids = [
                pick(known, name, "document", "`memtui list documents` names them.").id
                for name in documents
            ]
        reply = await client.search(request)
        return reply, bool(reply.hits or agent or sources or await client.sources())

    reply, anything = call(work)
    if reply.problem:
        output.note(reply.problem)
    if as_json:
        output.data(reply)
    for block in [] if as_json else blocks(reply.hits):
        _print(block)
    if reply.hits:
        if reply.total > len(reply.hits) and not as_json:
            output.note(f"{len(reply.hits)} of {reply.total} hits; -k shows more.")
        return 0
    output.note(
        f"Nothing found for '{plain_line(text, 100)}'."
        if anything
        else "There is nothing to search yet. `memtui load directory` loads documents."
    )
    return NOTHING_FOUND


def _print(block: list[Hit]) -> None:
    """Rank, score, citation and id in one line, the matching piece of the passage below it.

    Of neighbours in a document, a line each, and below them the piece of all together.
    """
    for hit in sorted(block, key=lambda hit: hit.rank):
        citation = output.bold(plain_line(hit.citation or hit.source or hit.scope))
        print(f"{hit.rank:>3}  {hit.score:.2f}  {citation}  {plain_line(hit.passage_id)}")
    found = snippet(merged(block), _SNIPPET * len(block))
    print(f"     {''.join(output.bold(text) if marked else text for text, marked in found)}")


def snippet(hit: Hit, length: int = _SNIPPET) -> list[tuple[str, bool]]:
    """About `length` characters of the passage around its first matched term, on one line.

    Pieces of plain text, each with whether it is a matched term.
    """
    text = hit.text
    terms = sorted(span for span in hit.terms if 0 <= span[0] < span[1] <= len(text))
    start = max(0, min(terms[0][0] if terms else 0, len(text)) - length // 4)
    if start and " " in text[start : start + 20]:
        start = text.index(" ", start) + 1
    end = min(len(text), start + length)
    if end < len(text) and " " in text[end - 20 : end]:
        end = text.rindex(" ", start, end)
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    at = start
    for first, last in terms:
        if first < at or last > end:
            continue
        pieces += [(text[at:first], False), (text[first:last], True)]
        at = last
    pieces.append((text[at:end], False))
    if end < len(text):
        pieces.append((" …", False))
    return [(plain(_one_line(piece)), marked) for piece, marked in pieces if piece]


def _one_line(text: str) -> str:
    """White space in runs becomes one space, but stays at the ends: pieces are joined."""
    words = " ".join(text.split())
    lead, tail = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' if lead else ''}{words}{' ' if tail and words else ''}"
