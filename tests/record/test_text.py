"""Text search: right scopes, right order, and no text that is ever syntax."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.record import NewDocument, NewPassage, Record, text
from tests.record.conftest import Library

SYNTAX = [
    '"',
    '""',
    "*",
    "apple*",
    "^apple",
    "AND",
    "OR",
    "NOT",
    "NEAR(apple pear)",
    "(",
    ")",
    "terms:",
    "scope : source",
    "{terms scope}",
    "-scope:x",
    "a+b",
    "';--",
    "\0",
    " ",
    "apple pear",
    "\ud800",
    "苹果",
    "ไทย",
    "é",
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Record, dict[str, str]]]:
    """A record whose passages have one term each, and which passage has which."""
    record = Record(tmp_path_factory.mktemp("fts") / "record.db", str)
    record.open()
    source = record.sources.create("s")
    words = ["apple", "pear", "and", "or", "not", "near", "terms", "scope", "a+b", "c++", '"', "é"]
    record.documents.add(
        source.id,
        NewDocument("/a", "a", "txt", "", 1),
        [NewPassage(i, word, terms=word) for i, word in enumerate(words)],
    )
    ids = record.passages.ids(f"source_{source.id}")
    yield record, {record.passages.get(one).text: one for one in ids}
    record.close()


def folded(term: str) -> str:
    """What a term must be equal to, to be found: the tokenizer folds ASCII only."""
    kept = "".join(char for char in term if char > " " and char != "\x7f")
    return "".join(char.lower() if char.isascii() else char for char in kept)


any_term = st.one_of(
    st.sampled_from(SYNTAX), st.text(max_size=12), st.text('"*()^:-+ aple', max_size=8)
)


@given(terms=st.lists(any_term, max_size=8), scopes=st.none() | st.lists(any_term, max_size=12))
@settings(deadline=None, max_examples=300)
def test_no_term_and_no_scope_is_ever_syntax(
    corpus: tuple[Record, dict[str, str]], terms: list[str], scopes: list[str] | None
) -> None:
    record, words = corpus
    found = {one for one, _ in record.passages.text_search(scopes, terms, 100)}
    wanted = {folded(term) for term in terms} if scopes is None else set()  # no scope is real
    assert found == {words[word] for word in wanted if word in words}


@given(term=any_term)
@settings(deadline=None, max_examples=100)
def test_every_term_that_was_indexed_is_found_by_itself(term: str) -> None:
    quoted = text.quote(term)
    assert quoted == "" or (
        quoted[0] == quoted[-1] == '"' and '"' not in quoted[1:-1].replace('""', "")
    )


def test_only_the_scopes_asked_for(record: Record, library: Library) -> None:
    sources = [record.sources.create(f"s{i}") for i in range(12)]
    for source in sources:
        library.load(source, "/a", f"apple {source.name}", "pear")
    scopes = [f"source_{source.id}" for source in sources]

    def found(chosen: list[str] | None) -> set[str]:
        hits = record.passages.text_search(chosen, ["apple"], 100)
        return {record.passages.get(one).text for one, _ in hits}

    assert found(scopes[:1]) == {"apple s0"}
    assert found(scopes[:3] * 5) == {"apple s0", "apple s1", "apple s2"}
    assert found(scopes[:10]) == {f"apple s{i}" for i in range(10)}  # filtered the other way
    assert found(None) == found(scopes) == {f"apple s{i}" for i in range(12)}
    assert found([]) == set()
    assert found(["source_x"] * 20 + ["source_y"]) == set()
    assert record.passages.text_search(None, scopes, 9) == []  # a scope's name is no text


def test_scores_are_positive_best_first_and_the_same_either_way(
    record: Record, library: Library
) -> None:
    source = record.sources.create("s")
    library.load(source, "/a", "apple pear", "apple", "apple x y z u v w", *["other"] * 20)
    scope = f"source_{source.id}"
    few = record.passages.text_search([scope], ["apple", "pear"], 9)
    assert [record.passages.get(one).text for one, _ in few] == [
        "apple pear",
        "apple",
        "apple x y z u v w",
    ]
    scores = [score for _, score in few]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0
    assert record.passages.text_search(None, ["apple", "pear"], 9) == few
    many = [scope, *(f"source_{i}" for i in range(20))]
    assert record.passages.text_search(many, ["apple", "pear"], 9) == few
    assert record.passages.text_search([scope], ["apple", "pear"], 1) == few[:1]
    assert record.passages.text_search([scope], ["apple"], 0) == []


def test_a_pasted_book_is_a_query_too(record: Record, library: Library) -> None:
    source = record.sources.create("s")
    library.load(source, "/a", "apple")
    assert record.passages.text_search(None, ["apple", *map(str, range(50_000))], 9)
    assert record.passages.text_search(None, ["x" * 1_000_000], 9) == []


def test_rebuilding_the_text_index(record: Record, library: Library) -> None:
    source = record.sources.create("s")
    library.load(source, "/a", "apple", "pear")
    with record.write() as connection:
        connection.execute("DELETE FROM fts WHERE rowid = 1")
    assert [check.name for check in record.integrity() if not check.ok] == ["text index"]
    assert record.passages.rebuild_text() == 2
    assert all(check.ok for check in record.integrity())
    assert len(record.passages.text_search(None, ["apple"], 9)) == 1
