"""Phrases and excluded words, over the real text index."""

from pathlib import Path

import pytest

from memtui.api.errors import UsageError
from memtui.api.search import Filters
from memtui.record import NewDocument, NewPassage, Record
from memtui.search.terms import index_terms
from memtui.search.wording import understood

TEXTS = [
    "The partition key chooses a segment.",
    "A key for every partition, and many keys for segments.",
    "東京都は日本の首都である。",
    "京都は日本の古い都、東京ではない。",
    *["Something else altogether."] * 9,  # what half of the texts hold has no weight
]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    made = Record(tmp_path / "record.db", index_terms)
    made.open()
    source = made.sources.create("s")
    for number, text in enumerate(TEXTS):
        page = number + 1
        passage = NewPassage(ordinal=0, text=text, end=len(text), page=page, page_end=page)
        new = NewDocument(f"/{number}", f"{number}", "text", f"{number}", size=1)
        made.documents.add(source.id, new, [passage])
    return made


def found(record: Record, query: str, strict: bool = True, filters: Filters | None = None) -> str:
    """The numbers of the texts found, best first."""
    words = understood(query, strict)
    hits = record.passages.text_search(
        None, words.terms, 9, words.phrases, words.excluded, words.strict, filters
    )
    assert record.passages.among([id_ for id_, _ in hits], filters or Filters()) == {*dict(hits)}
    return "".join(record.passages.get(id_).document or "" for id_, _ in hits)


def test_phrases_and_excluded_words(record: Record) -> None:
    assert sorted(found(record, "partition keys")) == ["0", "1"]
    assert found(record, '"partition keys"') == "0"
    assert found(record, '"key for every partition"') == "1"
    assert found(record, "partition -chooses") == "1"
    assert found(record, 'segment -"partition key"') == "1"
    assert found(record, "「首都」“東京都”") == "2"
    assert found(record, "日本 -首都") == "3"
    assert found(record, "-partition") == ""
    assert found(record, '"" "the" -" partition') != ""


def test_elsewhere_a_phrase_only_weighs(record: Record) -> None:
    assert found(record, '"partition key"', strict=False) == "01"
    assert sorted(found(record, "partition -chooses", strict=False)) == ["0", "1"]


def test_filters(record: Record) -> None:
    assert found(record, "partition 日本", filters=Filters(pages="2-3")) in ("12", "21")
    assert found(record, "partition", filters=Filters(until="2020-01-01")) == ""
    assert sorted(found(record, "partition", filters=Filters(since="2020-01-01"))) == ["0", "1"]
    assert found(record, "partition", filters=Filters(document_ids=["x' OR 1"])) == ""
    assert found(record, "partition", filters=Filters(document_ids=[])) == ""
    with pytest.raises(UsageError, match="no date"):
        found(record, "partition", filters=Filters(since="'; DROP TABLE passages"))
