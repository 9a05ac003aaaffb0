"""Fusion: deterministic, monotonic, and never much worse than the better channel."""

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.search.fusion import coverage, dense_weight, fuse, judged
from memtui.search.ports import Scored

IDS = st.integers(0, 30).map(lambda n: f"p{n}")


def rankings(low: float, high: float) -> st.SearchStrategy[list[Scored]]:
    scores = st.floats(low, high, allow_subnormal=False)
    return st.dictionaries(IDS, scores, max_size=20).map(
        lambda found: sorted(found.items(), key=lambda one: (-one[1], one[0]))
    )


DENSE, TEXT = rankings(-1, 1), rankings(1e-6, 50)
WORDS = ["milvus", "vector", "index"]
TOPS = st.dictionaries(IDS, st.sampled_from(["milvus vector index", "vector", "other"]))


@settings(deadline=None)
@given(DENSE, TEXT, TOPS)
def test_every_candidate_once_with_its_own_scores(
    dense: list[Scored], text: list[Scored], tops: dict[str, str]
) -> None:
    fused = fuse("milvus vector index", WORDS, dense, text, tops)
    assert fused == fuse("milvus vector index", WORDS, dense, text, tops)
    assert {one.id for one in fused} == {*dict(dense), *dict(text)}
    assert len({one.id for one in fused}) == len(fused)
    assert all(0 <= one.score <= 1 for one in fused)
    assert [one.score for one in fused] == sorted((one.score for one in fused), reverse=True)
    for one in fused:
        assert one.dense_score == dict(dense).get(one.id)
        assert one.text_score == dict(text).get(one.id)
        if one.dense_rank:
            assert dense[one.dense_rank - 1][0] == one.id
        if one.text_rank:
            assert text[one.text_rank - 1][0] == one.id


@settings(deadline=None)
@given(DENSE, TEXT, TOPS)
def test_better_in_both_channels_is_better(
    dense: list[Scored], text: list[Scored], tops: dict[str, str]
) -> None:
    ranked = [one for one in fuse("", WORDS, dense, text, tops) if one.dense_rank and one.text_rank]
    for a, b in pairwise(ranked):
        assert a.dense_score is not None
        assert b.dense_score is not None
        assert a.text_score is not None
        assert b.text_score is not None
        assert not (b.dense_score > a.dense_score and b.text_score > a.text_score) or (
            a.score == b.score
        )


@settings(deadline=None)
@given(DENSE, TEXT)
def test_one_channel_alone_keeps_its_order(dense: list[Scored], text: list[Scored]) -> None:
    assert [one.id for one in fuse("x", [], [], text, {})] == [id_ for id_, _ in text]
    alone = fuse("x", [], dense, [], {})
    assert [one.dense_score for one in alone] == [score for _, score in dense]


def test_coverage_counts_distinct_terms() -> None:
    assert coverage(["vector", "index"], "Vectors, vectors, vectors") == 0.5
    assert coverage([], "anything") == 0


def test_as_many_passages_of_each_channel_are_judged() -> None:
    assert judged([("a", 1.0), ("b", 0.5)], [("c", 3.0)]) == (["a"], ["c"])


SUBJECTS = [[f"word{subject}x{n}" for n in range(6)] for subject in range(60)]
LIBRARY = {f"p{n}": " ".join(words) for n, words in enumerate(SUBJECTS)}


def quality(dense_works: bool, text_works: bool, prefix: str) -> tuple[float, float]:
    """(share of right first hits, mean weight) over all subjects of a made-up library.

    A channel that works scores the right passage 0.3 above the rest, one that does not scores at
    random; a text channel that does not knows one word in three and prefers another passage.
    """
    right = weight = 0.0
    for subject, words in enumerate(SUBJECTS):
        rng = random.Random(subject)
        cosines = {id_: rng.uniform(0.2, 0.4) for id_ in LIBRARY}
        if dense_works:
            cosines[f"p{subject}"] += 0.3
        dense = sorted(cosines.items(), key=lambda one: -one[1])
        if text_works:
            text = [(f"p{subject}", 12.0), (f"p{(subject + 1) % 60}", 4.0)]
        else:
            text = [(f"p{(subject + 7) % 60}", 2.0), (f"p{(subject + 9) % 60}", 1.5)]
        query = f"{prefix} {' '.join(words)}"
        right += fuse(query, words, dense, text, LIBRARY)[0].id == f"p{subject}"
        weight += dense_weight(query, words, dense, text, LIBRARY)
    return right / len(SUBJECTS), weight / len(SUBJECTS)


def test_vectors_of_a_model_that_does_not_know_the_language_are_outvoted() -> None:
    for prefix in ("what is the", "qué es la"):
        right, weight = quality(dense_works=False, text_works=True, prefix=prefix)
        assert right == 1
        assert weight < 0.5


def test_words_that_are_not_in_the_texts_are_outvoted() -> None:
    for prefix in ("what is the", "qué es la"):
        right, weight = quality(dense_works=True, text_works=False, prefix=prefix)
        assert right == 1
        assert weight > 0.6


def test_agreement_raises_the_weight_of_vectors_in_every_language() -> None:
    for prefix in ("what is the", "qué es la"):
        _, agreed = quality(dense_works=True, text_works=True, prefix=prefix)
        _, apart = quality(dense_works=False, text_works=True, prefix=prefix)
        assert agreed > apart


def test_an_english_word_met_by_chance_does_not_outvote_the_vectors() -> None:
    texts = {"right": "I studied in Coimbra for a year.", "other": "I gave up sugar two years ago."}
    terms = ["foreign", "univers", "town", "spend", "two", "semest"]
    query = "At which foreign university town did I spend two semesters?"
    dense = [("right", 0.54), ("other", 0.11)]
    assert dense_weight(query, terms, dense, [("other", 3.6)], texts) > 0.85
    assert fuse(query, terms, dense, [("other", 3.6)], texts)[0].id == "right"


def test_between_turns_of_a_conversation_the_words_decide() -> None:
    texts = {f"t{n}": f"Anna: how was the trip, number {n}?" for n in range(10)}
    texts |= {"right": "Anna: I adopted a greyhound last weekend."}
    terms = ["anna", "adopt", "greyhound"]
    text = [("right", 9.0), *((f"t{n}", 7.0 - n / 10) for n in range(9))]
    flat = [*((f"t{n}", 0.60 - n / 200) for n in range(9)), ("right", 0.55)]
    peaked = [("t0", 0.85), *((f"t{n}", 0.5 - n / 100) for n in range(1, 10))]
    query = "When did Anna adopt the greyhound?"
    assert fuse(query, terms, flat, text, texts)[0].id == "right"
    weight = dense_weight(query, terms, flat, text, texts)
    assert weight < 0.3
    assert weight < dense_weight(query, terms, peaked, text, texts)
