"""Recall memory: everything that was ever said."""

from datetime import date, datetime, time, timedelta

from memtui.agent.tools import reading
from memtui.agent.tools.base import Result, ToolContext, ToolError
from memtui.agent.tools.paging import PAGE_SIZE, offset_of, page_of

_YEARS = (1970, 2999)  # far enough for any conversation, and for every time zone's arithmetic


async def conversation_search(context: ToolContext, query: str, page: int = 0) -> Result:
    """Searches everything that you and the user ever said, by meaning and by words.

    Args:
        query: What to look for; or, to read what was shortened, its name such as message:57.
        page: Which page of results, 0 for the first.
    """
    offset = offset_of(page)
    if named := reading.reference(query):
        return await reading.read(context, *named, page)
    if not query.strip():
        raise ToolError("query is empty. Give the words to look for.")
    found = await context.memory.search_conversation(query, offset=offset, k=PAGE_SIZE)
    return page_of(context, found, page)


async def conversation_search_date(
    context: ToolContext, start_date: str, end_date: str, page: int = 0
) -> Result:
    """Lists what you and the user said on certain days, oldest first.

    Args:
        start_date: The first day, as YYYY-MM-DD.
        end_date: The last day, as YYYY-MM-DD; it is included.
        page: Which page of results, 0 for the first.
    """
    offset = offset_of(page)
    first, last = _day("start_date", start_date), _day("end_date", end_date)
    if last < first:
        raise ToolError(f"end_date {last} is before start_date {first}. Exchange them.")
    zone = context.clock.now().tzinfo
    found = await context.memory.search_dates(
        datetime.combine(first, time(), zone),
        datetime.combine(last + timedelta(days=1), time(), zone),
        offset=offset,
        k=PAGE_SIZE,
    )
    return page_of(context, found, page)


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ToolError(
            f"{name} must be a day written like 2026-11-22, not {text[:50]!r}."
        ) from None
    return min(max(day, date(_YEARS[0], 1, 2)), date(_YEARS[1], 12, 30))
