import time
from bisect import bisect_right

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from memtui import paths
from memtui.library import sentences
from memtui.library.chunking import MAX_CHARACTERS, MAX_TOKENS, OVERLAP, Chunk, chunk
from memtui.library.document import DocumentText, Heading, PageText
from memtui.library.tokens import Measure, WordPieces, estimate

TAKEN = 254
"""Tokens that MiniLM takes besides its two own."""

PROSE = (
    "The agent reads a page of the manual and remembers where it stood. "
    "When a question comes, it searches its archive, e.g. by meaning or by words. "
    "Nothing that it says is invented; each claim names its page. "
)


def document(*pages: str, headings: list[tuple[int, int, str]] | None = None) -> DocumentText:
    return DocumentText(
        kind="pdf",
        pages=[PageText(text, number, f"p{number}") for number, text in enumerate(pages, 1)],
        headings=[Heading(*heading) for heading in headings or []],
    )


def check(made: DocumentText, chunks: list[Chunk], measure: Measure = estimate) -> None:
    """Nothing lost, nothing invented, spans right, nothing too big, no chapters mixed."""
    text = made.text
    top = min((heading.level for heading in made.headings), default=0)
    chapters = [heading.start for heading in made.headings if heading.level == top]
    position = begun = 0
    for ordinal, one in enumerate(chunks):
        assert one.ordinal == ordinal
        assert text[one.start : one.end] == one.text
        assert one.text.strip() == one.text != ""
        assert text[position : one.start].strip() == ""
        assert ordinal == 0 or (one.start > begun and one.end > position)
        assert measure(text[one.start : position].strip()) <= OVERLAP
        assert len(one.text) <= MAX_CHARACTERS
        assert bisect_right(chapters, one.start) == bisect_right(chapters, one.end - 1)
        begun, position = one.start, one.end
    assert text[position:].strip() == ""


def test_a_blank_before_what_is_cut() -> None:
    for long in range(2800, 3200, 7):
        made = document("\n\nFig. 3. • a \n\n" + "x" * long)
        check(made, list(chunk(made)))


PIECES = [PROSE, "Fig. 3. ", "。中文句子", "\n\n", "x" * 3000, " ", "• a ", "É? "]
texts = st.one_of(
    st.text(max_size=400),
    st.text(alphabet=" \n\t.ab", max_size=600),
    st.lists(st.sampled_from(PIECES)).map("".join),
)


@given(st.lists(texts, min_size=1, max_size=4), st.data())
@settings(max_examples=150, deadline=None)
def test_chunks_cover_the_text_and_invent_nothing(pages: list[str], data: st.DataObject) -> None:
    length = len(document(*pages).text)
    places = data.draw(st.lists(st.integers(0, max(0, length - 1)), max_size=4))
    levels = data.draw(st.lists(st.integers(1, 3), min_size=4, max_size=4))
    headings = [(place, levels[i], f"h{i}") for i, place in enumerate(sorted(places))]
    made = document(*pages, headings=headings)
    chunks = list(chunk(made))
    check(made, chunks)
    for one in chunks:
        assert one.page is not None
        assert one.page_end is not None
        assert 1 <= one.page <= one.page_end <= len(pages)
        assert one.page_label == f"p{one.page}"


@pytest.fixture(scope="module")
def minilm() -> tuple[WordPieces, Tokenizer]:
    file = paths.tokenizer_file()
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return WordPieces.from_file(file), tokenizer


WORDS = """retrieval Grundstücksverkehr x9f-zz İstanbul ßtraße ﬁ naïve e\u0301 حبيبي สวัสดี नमस्ते
한국어 検索 𠀀 🙂👩‍👩 … ½ a_b \u200b x\u00ady ’s""".split()  # noqa: SIM905


@given(
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=30)), min_size=1, max_size=40),
    st.sampled_from(["", " ", "\n", ". "]),
    st.integers(1, 40),
)
@settings(max_examples=80, deadline=None)
def test_no_passage_has_more_tokens_than_the_model_takes(
    minilm: tuple[WordPieces, Tokenizer], words: list[str], between: str, times: int
) -> None:
    measure, tokenizer = minilm
    made = document(between.join(words * times))
    chunks = list(chunk(made, measure))
    check(made, chunks, measure)
    for one in chunks:
        assert len(tokenizer.encode(one.text, add_special_tokens=False).ids) <= TAKEN


@given(texts)
@settings(max_examples=100, deadline=None)
def test_sentences_adjoin(text: str) -> None:
    spans = list(sentences.split(text))
    assert "".join(text[start:end] for start, end in spans) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works. It is fast.", ["It works. ", "It is fast."]),
        ("See Fig. 3 and e.g. Smith et al. for more. Next.", 2),
        ("Pi is 3.14 or so. J. R. Smith said 'No!' Then he left.", 3),
        ("今天天气很好。我们去公园吧！好的", 3),
        ("هل هذا صحيح؟ نعم هو كذلك. شكرا", 3),
        ("यह पहला वाक्य है। यह दूसरा है।", 2),
        ("Items:\n• one\n• two\n1. three", 4),
        ("No stop here\n\nA new paragraph", 2),
        ("1 Intro … 3\n2 Setup … 14\n", 1),
        ("Is it e.g. This? yes it is! and on", 1),
    ],
)
def test_sentences_end_where_readers_think(text: str, expected: list[str] | int) -> None:
    found = [text[start:end] for start, end in sentences.split(text)]
    assert (found if isinstance(expected, list) else len(found)) == expected


def test_passages_are_of_even_size_and_end_with_sentences() -> None:
    made = document(PROSE * 40)
    chunks = list(chunk(made))
    check(made, chunks)
    sizes = [len(one.text) for one in chunks]
    assert min(sizes) > 0.6 * max(sizes)
    assert 500 < sum(sizes) / len(sizes) < 1100
    assert all(one.text.endswith(".") for one in chunks)


def test_a_page_ends_a_passage_however_short() -> None:
    made = document(PROSE * 2, "A short title", PROSE * 2)
    chunks = list(chunk(made))
    assert [(one.page, one.page_end) for one in chunks] == [(1, 1), (2, 2), (3, 3)]


def test_a_sentence_may_go_on_over_the_page() -> None:
    made = document(PROSE * 2 + "This one goes", "on and ends here. " + PROSE * 2)
    first, second = chunk(made)
    assert first.text.endswith("goes\non and ends here.")
    assert (first.page, first.page_end) == (1, 2)
    assert second.page == 2


def test_no_sentence_goes_on_over_pages_that_were_left_out() -> None:
    pages = [PageText(PROSE + "This one goes", 3), PageText("on elsewhere. " + PROSE, 7)]
    made = DocumentText(kind="pdf", pages=pages)
    assert [(one.page, one.page_end) for one in chunk(made)] == [(3, 3), (7, 7)]


def test_sections_are_not_mixed_and_name_their_passages() -> None:
    first, second = "# One\n\n" + PROSE * 2, "# Two\n\nShort.\n\n## Deep\n\n" + PROSE * 2
    text = first + second
    places = [text.index(title) for title in ("# One", "# Two", "## Deep")]
    headings = [(places[0], 1, "One"), (places[1], 1, "Two"), (places[2], 2, "Deep")]
    chunks = list(chunk(document(text, headings=headings)))
    # "Two" is tiny and goes on into its subsection, but a chapter's end is always an end.
    assert [one.section for one in chunks] == ["One", "Two"]
    assert chunks[1].text.startswith("# Two")


@pytest.mark.parametrize(
    "text",
    ["x" * 100_000, "wort " * 20_000, "字" * 50_000, ". " * 50_000],
    ids=lambda text: text[:4],
)
def test_text_without_sentences_is_cut(text: str) -> None:
    made = document(text)
    chunks = list(chunk(made))
    check(made, chunks)
    assert all(estimate(one.text) <= MAX_TOKENS * 1.02 for one in chunks)
    if "wort" in text:
        assert all(one.text.startswith("wort") and one.text.endswith("wort") for one in chunks)


def test_chinese_passages_are_shorter_than_english_ones() -> None:
    chinese = list(chunk(document("我们今天在这里讨论检索系统的设计。" * 100)))
    assert max(len(one.text) for one in chinese) <= MAX_TOKENS


def test_a_megabyte_takes_a_moment() -> None:
    """2,000 pages of 3,000 characters a second are asked for; 300 must do on a busy machine."""
    for text in (PROSE * 4_500, "a" * 1_000_000, " " * 1_000_000, "\n\t" * 500_000, '."' * 500_000):
        began = time.process_time()
        list(chunk(document(text)))
        assert time.process_time() - began < 1.2


def test_word_pieces() -> None:
    count = WordPieces({"memory", "page", "##s", "cafe", ".", "a"})
    assert count("Memory pages. Café a") == 6
    assert count("unheard 中") == 2
    assert count("a" * 200) == 1
