"""Sentences out of text as PDFs give it."""

from hypothesis import given
from hypothesis import strategies as st

from memtui.llm.sentences import LONGEST, readability, sentences, shortened


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


@given(st.text("aB. \n-•1?。故\x00", max_size=200))
def test_nothing_is_invented(text: str) -> None:
    """Hyphens at line ends aside, a sentence stands in the text as it is."""
    whole = "".join(text.replace("-", "").split())
    for sentence in sentences(text):
        assert "".join(sentence.replace("-", "").split()) in whole
        assert len(shortened(sentence)) <= LONGEST + 2
