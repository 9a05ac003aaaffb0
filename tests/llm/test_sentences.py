"""Sentences out of text as PDFs give it."""

from hypothesis import given
from hypothesis import strategies as st

from memtui.llm.sentences import LONGEST, heading, readability, sentences, shortened


def test_line_breaks_and_hyphens() -> None:
    text = "The context win-\ndow is limited.\nIt holds 8,192 tokens (see Fig. 3), i.e. little."
    assert sentences(text) == [
        "The context window is limited.",
        "It holds 8,192 tokens (see Fig. 3), i.e. little.",
    ]


def test_headings_and_lists_stand_apart() -> None:
    text = (
        "2.1 The Queue Manager\nThe queue manager writes every message that arrives to recall"
        " storage.\n• Red lever\n• Blue lever\n\nA new paragraph."
    )
    assert sentences(text) == [
        "2.1 The Queue Manager",
        "The queue manager writes every message that arrives to recall storage.",
        "Red lever",
        "Blue lever",
        "A new paragraph.",
    ]


def test_abbreviations_initials_and_quotes() -> None:
    assert sentences("Dr. J. Smith came. “Yes.” He left.") == [
        "Dr. J. Smith came.",
        "“Yes.”",
        "He left.",
    ]


def test_other_scripts() -> None:
    assert sentences("故宫位于北京。它很大！") == ["故宫位于北京。", "它很大！"]
    assert sentences("هل هذا صحيح؟ نعم، هذا صحيح.") == ["هل هذا صحيح؟", "نعم، هذا صحيح."]


def test_readability_orders_text() -> None:
    plain = readability("The queue manager writes every message to recall storage.")
    assert plain == 1.0
    for poor in (
        "1 Introduction . . . . . . . . . 3",
        "7.1.4 The struct abstraction",
        "12 14 18 22 41.5 0.93 0.88 17",
        "[12] J. Doe and A. Roe. A paper. In Proc. of X, pp. 1-9, 2019.",
        "OVERVIEW",
        "struct foo { int *a; int *b; }; void bar(struct foo *x, int n_max);",
    ):
        assert readability(poor) < 0.6, poor


def test_a_heading_is_not_glued_to_what_follows() -> None:
    long = "asks for a password, and then it reads the file page by page until the last one. "
    text = f"What you need\nThe reader {long}It ends.\nWhere memtui comes from\nmemtui {long}"
    found = sentences(f"{text}It stays. memtui never sleeps.")
    assert found[0] == heading(text) == "What you need"
    assert "Where memtui comes from" in found
    assert found[-1] == "memtui never sleeps."
    assert heading("Copper melts.\nIron melts later.") == ""


def test_sentences_that_begin_small() -> None:
    assert sentences("It prints a line. memtui folder says where. base64_init resets it.") == [
        "It prints a line.",
        "memtui folder says where.",
        "base64_init resets it.",
    ]
    assert sentences("It is used by e.g. the approx. three of them.") == [
        "It is used by e.g. the approx. three of them."
    ]


def test_code_stands_apart_and_reads_badly() -> None:
    text = (
        "To see it at once, clone the repository and run this command in one line:\n"
        "pip install uv && uv run demo\nThe command installs what it needs, and opens the app.\n"
        "void sha_init (struct sha256 ctx *ctx, size t length, uint8 t *dst) [Function]\n"
        "Initialize the state."
    )
    found = sentences(text)
    assert found[0].endswith("in one line: pip install uv && uv run demo")
    assert found[1].startswith("The command installs")
    assert found[-1] == "Initialize the state."
    assert readability(found[2]) < 0.3


def test_contents_and_references_are_never_quoted() -> None:
    for line in (
        "Questions and searches 17 Agents, personas and humans 18 memtui itself 18",
        "7.3.2 Counter mode … 38",
        "[7] A. Turing. Computing machinery and intelligence. Mind, 1950.",
        "Lewis, P., and Perez, E. 2020. Retrieval-augmented generation.",
        "arXiv:2310.08560",
    ):
        assert [readability(one) for one in sentences(line)].count(0.0) >= 1, line


@given(st.text("aB. \n-•1?。故\x00", max_size=200))
def test_nothing_is_invented(text: str) -> None:
    """Hyphens at line ends aside, a sentence stands in the text as it is."""
    whole = "".join(text.replace("-", "").split())
    for sentence in sentences(text):
        assert "".join(sentence.replace("-", "").split()) in whole
        assert len(shortened(sentence)) <= LONGEST + 2
