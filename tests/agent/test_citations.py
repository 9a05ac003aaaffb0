import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.agent.citations import drawn_from, find
from memtui.api.search import Hit

from .fakes import hit

PAPER2 = hit("Virtual context is managed like memory pages by an operating system.", "paper", 2)
PAPER2B = hit("The authors thank their families and the funding agencies.", "paper", 2, id="p2b")
PAPER34 = hit("Recall storage holds the whole event history.", "paper", 3, page_end=4)
MANUAL7 = hit("Turn the handle to the left.", "manual", 7)
HITS = [PAPER2B, PAPER2, PAPER34, MANUAL7]


def brief(text: str, hits: list[Hit] | None = None) -> list[tuple[str, str | None, int | None]]:
    """(text of the reference, passage or None, page) of each; spans are checked."""
    found = find(text, HITS if hits is None else hits)
    for one in found:
        assert text[one.start : one.end] == one.text
        assert one.verified == (one.passage_id is not None)
    return [(one.text, one.passage_id, one.page) for one in found]


def test_exact_and_tolerant() -> None:
    p2, p34, m7 = PAPER2.passage_id, PAPER34.passage_id, MANUAL7.passage_id
    system = "An operating system manages memory pages "
    assert brief(system + "[paper p. 2].") == [("[paper p. 2]", p2, 2)]
    assert brief(system + "[Paper, p.2]") == [("[Paper, p.2]", p2, 2)]
    assert brief(system + "[paper.pdf page 2]") == [("[paper.pdf page 2]", p2, 2)]
    assert brief(system + "[paper, paper.pdf p. 2]") == [("[paper, paper.pdf p. 2]", p2, 2)]
    assert brief("History [paper p. 4]") == [("[paper p. 4]", p34, 4)]
    assert brief("History [paper pp. 3-4]") == [("[paper pp. 3-4]", p34, 3)]
    assert brief("Events [paper pp. 2–3]")[0][0::2] == ("[paper pp. 2–3]", 2)
    assert brief("Left [manual p. 7; paper pp. 3–4]") == [
        ("manual p. 7", m7, 7),
        ("paper pp. 3–4", p34, 3),
    ]
    assert brief("History [paper p. 3, 4]") == [("paper p. 3", p34, 3), ("4", p34, 4)]
    assert brief("Left [p. 7]") == [("[p. 7]", m7, 7)]


def test_the_passage_that_fits_the_words_is_meant() -> None:
    assert brief("They thank their families [paper p. 2].")[0][1] == "p2b"
    text = "They thank their families [paper p. 2]. Context is managed like pages [paper p. 2]."
    assert [one[1] for one in brief(text)] == ["p2b", PAPER2.passage_id]


def test_invented_ones_are_unverified() -> None:
    (one,) = find("As shown [paper p. 9].", HITS)
    assert (one.source, one.page, one.verified, one.passage_id) == ("paper", 9, False, None)
    assert brief("[foo p. 9]") == [("[foo p. 9]", None, 9)]
    assert brief("[paper p. 2; foo p. 9]")[1] == ("foo p. 9", None, 9)
    assert brief("[paper pp. 2-5]") == [("[paper pp. 2-5]", None, 2)]
    assert brief("[paper pp. 1-999999]") == [("[paper pp. 1-999999]", None, 1)]
    assert brief("[paper p. 2]", []) == [("[paper p. 2]", None, 2)]
    assert brief("[notes ¶9]", [hit("x", "notes", None, citation="[notes ¶4]")]) == [
        ("[notes ¶9]", None, None)
    ]


def test_other_brackets_are_left_alone() -> None:
    for text in ("[x]", "[see above]", "a[0] = b[1]", "[link](http://p. 3)", "[", "[]", "[paper]"):
        assert brief(text) == []


def test_names_with_brackets_and_worse() -> None:
    for name in (
        "a [draft] (2)",
        "p. 3",
        "x]y[",
        ".*",
        "Größe, 2. Auflage; neu",
        "名前[一]",
        "[",
        "İß",
    ):
        one = hit("some words", name, 2, id="n")
        assert brief(f"words [{name} p. 2] and", [one]) == [(f"[{name} p. 2]", "n", 2)]
        assert brief(f"words [{name}, pp. 2]", [one]) == [(f"[{name}, pp. 2]", "n", 2)]


def test_passages_without_a_page() -> None:
    notes = hit("x", "notes", None, citation="[notes ¶4]", id="n4")
    assert brief("so [notes ¶4] and [Notes, ¶ 4]", [notes]) == [
        ("[notes ¶4]", "n4", None),
        ("[Notes, ¶ 4]", "n4", None),
    ]
    label = hit("x", "book", 15, citation="[book p. 3]", id="b")  # a page label
    assert brief("[book p. 3] [book p.3]", [label])[1][1] == "b"


@settings(deadline=None)
@given(st.text(alphabet="[]();,.:-–pP ¶1239 paper\n", max_size=200))
def test_any_text(text: str) -> None:
    found = find(text, HITS)
    assert all(a.end <= b.start for a, b in pairwise(found))
    for one in found:
        assert text[one.start : one.end] == one.text
        assert not one.verified or one.source in ("paper", "manual")


def test_hostile_text_takes_no_time() -> None:
    begun = time.perf_counter()
    for piece in (
        "[",
        "[paper p. 2;",
        "[p. 1-9999;",
        "[ , , ,",
        "[a a a p ",
        "[paper p. 2]",
        "[" + " " * 250,
    ):
        find(piece * (200_000 // len(piece)), HITS)
    assert time.perf_counter() - begun < 20  # seconds when it is linear, hours when it is not


def test_sources_that_a_text_draws_on() -> None:
    said = "I read: recall storage holds the whole EVENT history. Good?"
    assert drawn_from(said, HITS) == {"id-paper"}
    assert drawn_from("your birthday is in May", HITS) == set()
    assert drawn_from("外部记忆保存全部历史", [hit("说明：外部记忆保存全部历史。", "zh")]) == {
        "id-zh"
    }


def test_the_last_citation_ends_with_the_text() -> None:
    shown = [
        Hit(rank=n, score=1, text="x", passage_id=str(n), source="paper", page=page,
            citation=f"[paper p. {page}]")
        for n, page in enumerate((2, 1234), start=1)
    ]  # fmt: skip
    text = "It is so [paper p. 2]"
    assert [(one.start, one.end) for one in find(text, shown)] == [(9, len(text))]
