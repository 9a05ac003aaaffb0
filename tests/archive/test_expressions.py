"""Nothing that is passed as text can become a part of the expression."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from milvus_lite.search.filter.tokens import TokenKind, tokenize

from memtui.archive import Archive, Row
from memtui.archive.expressions import any_of, literal
from tests.archive.rows import rows, vector

ANY = st.text(st.characters(exclude_categories=["Cs"]))
NASTY = st.text(st.sampled_from("\"'\\\n\r\t\0[],()x n"))


@given(ANY | NASTY)
def test_a_literal_is_one_string_with_the_same_text(text: str) -> None:
    string, end = tokenize(literal(text))
    assert (string.kind, string.value) == (TokenKind.STRING, text)
    assert end.kind is TokenKind.EOF


@given(st.lists(ANY | NASTY, min_size=1, max_size=5))
def test_a_list_keeps_every_value_apart(values: list[str]) -> None:
    tokens = tokenize(any_of("id", values))
    assert [token.value for token in tokens if token.kind is TokenKind.STRING] == values
    assert len(tokens) == 4 + 2 * len(values)  # id in [ … , … ] EOF


@given(st.text())
def test_a_literal_is_always_sendable_or_refused(text: str) -> None:
    try:
        made = literal(text)
    except ValueError:
        assert any("\ud800" <= char <= "\udfff" for char in text)
    else:
        made.encode()


ODD = [
    '"',
    "'",
    "\\",
    '\\"',
    "a\nb",
    "a\r\nb",
    "\t",
    '"] or id != "',
    "') or ('",
    "\0",
    "é漢🙂",
    "\\n",
]


def test_passages_with_odd_ids_are_removed_and_no_others(archive: Archive) -> None:
    odd = [Row(text, "source_a", vector(n), "text") for n, text in enumerate(ODD)]
    archive.write([*odd, *rows("source_a", 3)])
    for number, text in enumerate(ODD):
        archive.remove("source_a", [text])
        assert archive.count("source_a") == len(ODD) - number - 1 + 3
    assert archive.ids("source_a") == {"source_ax0", "source_ax1", "source_ax2"}


IDS = st.sets((ANY | NASTY).filter(lambda text: 0 < len(text.encode()) <= 128), max_size=4)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(there=IDS, gone=IDS)
def test_only_what_is_named_is_removed(archive: Archive, there: set[str], gone: set[str]) -> None:
    archive.drop("source_a")
    stored = [Row(text, "source_a", vector(n), text) for n, text in enumerate(sorted(there))]
    archive.write(stored)
    assert archive.ids("source_a") == there
    archive.remove("source_a", sorted(gone))
    assert archive.ids("source_a") == there - gone


def test_an_id_that_cannot_exist_is_refused(lite: Archive) -> None:
    lite.write(rows("source_a", 1))
    with pytest.raises(ValueError, match="cannot be sent"):
        lite.remove("source_a", ["\ud800"])
