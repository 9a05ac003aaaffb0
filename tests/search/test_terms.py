"""Terms: one function for texts, queries and the marking of words."""

import re
import sqlite3
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memtui.search.terms import index_terms, is_english, matched_spans, query_terms, terms

SAMPLE = (
    "Milvus the Straße ﬁle ＦＵＬＬ café cafe\u0301 İstanbul 猫 数据库 データ ภาษาไทย हिन्दी الكتاب "
    "можно Ελλάδα don't x² ½ e\u00admail 5G手机 한국어 ٣٤ naïve C++ a_b \u0345 \ud800 ™ \x00"
)
WORDS = st.sampled_from(SAMPLE.split(" "))
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=12).map(" ".join))


@settings(deadline=None)
@given(TEXTS)
def test_spans_lie_inside_the_text_and_say_what_is_indexed(text: str) -> None:
    found = terms(text)
    assert " ".join(term.text for term in found) == index_terms(text)
    assert all(0 <= term.start < term.end <= len(text) for term in found)


@settings(deadline=None)
@given(TEXTS)
def test_terms_are_whole_tokens_of_the_index(text: str) -> None:
    for term in [*index_terms(text).split(), *query_terms(text)]:
        assert re.fullmatch(r"[0-9a-z\u0080-\U0010ffff]+", term)
        term.encode()


@settings(deadline=None)
@given(TEXTS)
@example("Cafe\u0301 ﬁne ＡＢＣ Ⅳ")
def test_form_and_case_make_no_difference(text: str) -> None:
    assert index_terms(unicodedata.normalize("NFKC", text)) == index_terms(text)
    assert index_terms(text.casefold()) == index_terms(text)
    assert query_terms(text.casefold()) == query_terms(text)


@settings(deadline=None)
@given(TEXTS)
def test_marked_is_what_was_asked_for(text: str) -> None:
    wanted = query_terms(text)
    spans = matched_spans(text, wanted)
    assert spans == sorted(spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    marked = {(t.start, t.end) for t in terms(text) if t.text in set(wanted)}
    assert all(any(a <= start and end <= b for a, b in spans) for start, end in marked)
    assert matched_spans(text, []) == []


def marked(text: str, query: str) -> list[str]:
    return [text[start:end] for start, end in matched_spans(text, query_terms(query))]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("who manages the contexts?", "MemGPT manages a limited context.", ["manages", "context"]),
        ("CAFE", "Das Café ist hier und nicht dort.", ["Café"]),
        ("batallas", "Las batallas de la guerra", ["batallas"]),
        ("¿Qué pasó en las batallas?", "La batalla de los Alpes fue en el norte.", ["batalla"]),
        ("Häuser", "Das Haus ist nicht auf dem Berg.", ["Haus"]),
        ("كتب", "قرأت الكتب", ["الكتب"]),
        ("книги", "Я читаю книгу", ["книгу"]),
        ("भारत", "भारत एक देश है", ["भारत"]),
        ("数据库", "向量数据库很快", ["数据库"]),
        ("猫", "黑猫和白猫", ["猫", "猫"]),
        ("ภาษา", "ประเทศไทยใช้ภาษาไทย", ["ภาษา"]),
        ("คน", "มีคนมา", ["คน"]),
        ("한국", "한국어를 배운다", ["한국"]),
        ("istanbul", "İSTANBUL", ["İSTANBUL"]),
        ("information", "infor\u00admation", ["infor\u00admation"]),
        ("file", "the ﬁle", ["ﬁle"]),
        ("nước", "Nước ta và nuốc", ["Nước"]),
        ("42", "٤٢", ["٤٢"]),
        ("snake", "snake_case", ["snake"]),
        ("Which PDFs?", "One pdf, the LLM's PDF and two pdfs.", ["pdf", "PDF", "pdfs"]),
        ("URLs", "a URL", ["URL"]),
        ("TLS", "DNS, CSS, TLS", ["TLS"]),
        ("mouse", "the house", []),
    ],
)
def test_words_are_found_and_marked(query: str, text: str, expected: list[str]) -> None:
    assert marked(text, query) == expected


def test_stop_words_and_repeats_are_not_searched_for() -> None:
    assert query_terms("what is the engine of the engines") == ["engin"]
    assert query_terms("who is it?") == []
    assert query_terms("¿Cuándo fue la batalla?") == ["batall", "batalla"]


def test_a_passage_is_found_through_fts5() -> None:
    texts = ["Der Hund läuft über die Straße.", "向量数据库", "ประเทศไทย", "The dog’s houses"]
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(terms, tokenize='ascii')")
    db.executemany("INSERT INTO t VALUES (?)", [(index_terms(text),) for text in texts])
    for row, query in enumerate(["Wo ist die Strasse?", "数据", "ไทย", "dog house"], 1):
        match = " OR ".join(f'"{term}"' for term in query_terms(query))
        found = db.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank", (match,))
        assert found.fetchone() == (row,)
    db.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who wrote the book", True),
        ("wer hat das Buch geschrieben", False),
        ("neural networks", True),
        ("谁写了这本书", False),
        ("", True),
    ],
)
def test_is_english(text: str, expected: bool) -> None:
    assert is_english(text) is expected


def test_a_huge_word_stays_small() -> None:
    assert all(len(term) <= 64 for term in index_terms("x" * 100_000 + " " + "é" * 999).split())
