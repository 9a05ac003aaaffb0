"""The part of the record that a search was narrowed to, as SQL."""

from datetime import datetime, timedelta

from memtui.api.errors import UsageError
from memtui.api.pages import canonical, ranges
from memtui.api.search import Filters
from memtui.record.rows import stamp


def condition(filters: Filters) -> tuple[str, dict[str, object]]:
    """(SQL about `p`, a row of passages, or ""; its values). Nothing of `filters` becomes SQL.

    Raises UsageError for what is no date, or no choice of pages.
    """
    parts: list[str] = []
    values: dict[str, object] = {}
    for number, document in enumerate(filters.document_ids or []):
        values[f"document{number}"] = document
    if filters.document_ids is not None:
        parts.append(f"p.document_id IN ({', '.join(f':{name}' for name in values)})")
    if pages := ranges(canonical(filters.pages)):
        those = []
        for number, (first, last) in enumerate(pages):
            values |= {f"first{number}": first, f"last{number}": last}
            those.append(
                f"p.page <= :last{number} AND coalesce(p.page_end, p.page) >= :first{number}"
            )
        parts.append(f"({' OR '.join(those)})")
    if filters.since:
        values["since"] = moment(filters.since)
        parts.append("p.created_at >= :since")
    if filters.until:
        values["until"] = moment(filters.until, end=True)
        parts.append("p.created_at < :until")
    return " AND ".join(parts), values


def moment(text: str, end: bool = False) -> str:
    """An ISO-8601 date or time as the record writes it; a date's `end` is that of the day.

    UTC when it does not say. Raises UsageError.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if end and len(text.strip()) <= len("2026-01-31"):
            found += timedelta(days=1)
        return stamp(found)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no date. Write it as YYYY-MM-DD.") from None
