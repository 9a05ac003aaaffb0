"""Pages of hits, as the agent reads them."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from memtui.agent import quotation
from memtui.agent.envelope import stamp
from memtui.agent.text import shorten
from memtui.agent.tools.base import Result, ToolContext, ToolError
from memtui.agent.units import rest
from memtui.api.joined import beyond, blocks
from memtui.api.search import Hit, SearchReply

PAGE_SIZE = 5
MAX_PAGE = 100_000
HIT_LIMIT = 4000
"""Characters of one hit; passages of documents are far shorter, what was said may be longer."""


def offset_of(page: int) -> int:
    """Pages are counted from 0. Raises ToolError for an impossible one."""
    if not 0 <= page <= MAX_PAGE:
        raise ToolError("page must be 0 for the first page of results, 1 for the next, and so on.")
    return page * PAGE_SIZE


def page_of(context: ToolContext, found: SearchReply, page: int) -> Result:
    """The result of a search: true totals, and each hit with where it comes from."""
    zone = context.clock.now().tzinfo
    hits = [_hit(hit, zone, above) for block in blocks(found.hits) for above, hit in _in(block)]
    message: dict[str, Any] = {"hits": hits}
    if any(hit.source_id for hit in found.hits):
        message = quotation.enclosed(message)
    message = {"showing": _showing(len(found.hits), found.total, page), **message}
    if found.problem:
        message["problem"] = found.problem
    return Result(message, hits=found.hits, total=found.total)


def _showing(count: int, total: int, page: int) -> str:
    if not total and not count:
        return "No results found."
    pages = -(-total // PAGE_SIZE)
    if not count:
        return f"no hits on page {page + 1}: there are {total} on {pages} pages"
    first = page * PAGE_SIZE + 1
    return f"hits {first}–{first + count - 1} of {total}, page {page + 1} of {pages}"


def _in(block: list[Hit]) -> Iterable[tuple[Hit | None, Hit]]:
    """Each hit after the one that is shown above it."""
    return zip((None, *block), block, strict=False)


def _hit(hit: Hit, zone: tzinfo | None, above: Hit | None = None) -> dict[str, Any]:
    """`above`: the passage before it in its document, when that is shown above it."""
    shown: dict[str, Any] = {}
    if hit.citation:
        shown["cite"] = hit.citation
    if hit.score:
        shown["score"] = round(hit.score, 3)
    if hit.source is not None:
        shown.update(
            source=quotation.name(hit.source), document=quotation.name(hit.document), page=hit.page
        )
    elif hit.section:
        shown["from"] = "you" if hit.section == "assistant" else hit.section
    if above is not None:
        shown["continues"] = "the hit above"
    elif hit.created_at:
        shown["time"] = _time(hit.created_at, zone)
    whole = rest(f"passage:{hit.passage_id}")
    start = max(0, hit.terms[0][0] - HIT_LIMIT // 4) if hit.terms else 0
    if start + HIT_LIMIT < len(hit.text) and start:  # what was found is in the middle
        shown["begins"] = f"at character {start + 1:,}; {whole}"
    else:
        start = beyond(above, hit) if above is not None else 0
    shown["text"] = shorten(quotation.quoted(hit.text[start:]), HIT_LIMIT, whole)
    return shown


def _time(text: str, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return stamp(moment, zone) if moment.tzinfo else stamp(moment)
