"""The text channel: the FTS5 rows beside the passages, and the search over them."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

MAX_TERMS = 64
"""Terms of a query that count. Time grows with each; a question has 5, a paragraph 50."""
MAX_SCOPES_IN_MATCH = 8
"""Up to here scopes are terms of the query, so that time goes by what is searched; beyond it
every match is ranked and other scopes' are passed over. Measured at 20 scopes of 5,000 passages:
about 2 ms per scope the first way, 20 ms for any number the second."""


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Rows are (seq, terms, scope)."""
    connection.executemany("INSERT INTO fts (rowid, terms, scope) VALUES (?, ?, ?)", rows)


def remove_passages(connection: sqlite3.Connection, condition: str, *values: object) -> None:
    """Delete the passages that meet `condition` (SQL of ours) and their FTS rows."""
    connection.execute(
        f"DELETE FROM fts WHERE rowid IN (SELECT seq FROM passages WHERE {condition})",  # noqa: S608
        values,
    )
    connection.execute(f"DELETE FROM passages WHERE {condition}", values)  # noqa: S608


class Match(NamedTuple):
    """Passages with any of `terms`, or with a phrase: terms with spaces between.

    `phrases` are lists of which one is enough: with `strict` one of each must occur, else they are
    more terms. None of `excluded`, terms and phrases, may occur.
    """

    terms: Sequence[str]
    phrases: Sequence[Sequence[str]] = ()
    excluded: Sequence[str] = ()
    strict: bool = False

    def __str__(self) -> str:
        """As FTS5 has it; empty when there is nothing to look for."""
        terms = [quoted for quoted in map(quote, _distinct(self.terms)) if quoted][:MAX_TERMS]
        phrases = [any_ for any_ in map(_any, self.phrases) if any_]
        match = " OR ".join(terms if self.strict else [*terms, *phrases])
        if match and self.strict and phrases:
            match = " AND ".join([f"({match})", *phrases])
        excluded = _any(self.excluded)
        return f"({match}) NOT {excluded}" if match and excluded else match


def _any(phrases: Sequence[str]) -> str:
    found = [" + ".join(filter(None, map(quote, phrase.split(" ")))) for phrase in phrases]
    return f"({' OR '.join(filter(None, found))})" if any(found) else ""


def search(
    connection: sqlite3.Connection,
    scopes: Sequence[str] | None,
    wanted: Match,
    limit: int,
    where: str = "",
    values: Mapping[str, object] = MappingProxyType({}),
) -> list[tuple[str, float]]:
    """(passage id, BM25 > 0) of passages that match, best first, at most `limit`.

    `where` is SQL of ours about `p`, with `values`.
    """
    match = str(wanted)
    if not match or limit < 1 or (scopes is not None and not scopes):
        return []
    outside = scopes is not None and len(set(scopes)) > MAX_SCOPES_IN_MATCH
    match = f"terms : ({match})"
    if scopes is not None and not outside:
        quoted_scopes = [quoted for quoted in map(quote, _distinct(scopes)) if quoted]
        if not quoted_scopes:
            return []
        match = f"scope : ({' OR '.join(quoted_scopes)}) AND ({match})"
    allowed = "AND p.scope IN (SELECT value FROM json_each(:scopes))" if outside else ""
    if where:
        allowed += f" AND {where}"
    # CROSS JOIN: fts first, whatever the planner thinks. The weights leave scope out of the score.
    rows = connection.execute(
        f"""SELECT p.id, -f.rank AS score FROM fts AS f CROSS JOIN passages AS p ON p.seq = f.rowid
            WHERE f.fts MATCH :match AND f.rank MATCH 'bm25(1.0, 0.0)' {allowed}
            ORDER BY f.rank LIMIT :limit""",  # noqa: S608
        {
            "match": match,
            "limit": limit,
            **({"scopes": json.dumps(scopes)} if outside else {}),
            **values,
        },
    ).fetchall()
    return [(row["id"], row["score"]) for row in rows]


def quote(term: str) -> str:
    """`term` as an FTS5 string, in which nothing but the quote has a meaning; "" if it is empty.

    White space and control characters split tokens, so they are taken out: one term is one token.
    """
    kept = "".join(char for char in term if char > " " and char != "\x7f")
    return '"' + kept.replace('"', '""') + '"' if kept else ""


def _distinct(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))
