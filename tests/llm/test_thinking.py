"""ThinkingSplitter: whatever the chunk borders, the same split."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from memtui.llm.thinking import ThinkingSplitter


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkingSplitter()
    parts = [*map(splitter.feed, pieces), splitter.end()]
    return "".join(content for content, _ in parts), "".join(thought for _, thought in parts)


@given(
    st.text("ab<>/ \nthink", max_size=30).filter(lambda text: "</think>" not in text),
    st.text("ab<>/ ", min_size=1, max_size=30).filter(lambda text: text[0] in "ab"),
    st.lists(st.integers(0, 80), max_size=8),
)
def test_chunk_borders_do_not_matter(thought: str, answer: str, cuts: list[int]) -> None:
    text = f"<think>{thought}</think>{answer}"
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(edges)]
    assert split(pieces) == (answer, thought)


def test_a_tag_inside_the_answer_is_content() -> None:
    assert split(["Use <think>", " to think </think>."]) == ("Use <think> to think </think>.", "")


def test_unclosed_and_unopened_blocks() -> None:
    assert split(["<think>half a th", "ought </thi"]) == ("", "half a thought </thi")
    assert split(["</think>\n", "ok"])[0].strip() == "ok"
    assert split(["<", "b>bold"]) == ("<b>bold", "")
    assert split([" <"]) == (" <", "")
