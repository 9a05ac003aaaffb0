"""The search function, on channels made of plain Python."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from memtui.api.errors import ModelError, StorageError, UnavailableError
from memtui.api.library import Passage
from memtui.search.evaluate import quality
from memtui.search.hybrid import Ports, search
from memtui.search.ports import Scored, Words
from memtui.search.terms import index_terms

TEXTS = {
    "a": "Milvus keeps vectors in segments.",
    "b": "SQLite keeps rows in pages.",
    "c": "El gato duerme en la casa de los vecinos.",
    "d": "向量数据库很快。",
    "e": "The cats sleep.",
}
VECTORS = {"a": 0.9, "b": 0.5, "e": 0.1}


class Fakes:
    """Counts shared terms for BM25; the same cosines for every query."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.text_error: Exception | None = None
        self.gone: set[str] = set()
        self.asked: list[str] = []

    async def text(self, scopes: Sequence[str] | None, words: Words, limit: int) -> list[Scored]:
        self.asked.append("text")
        if self.text_error:
            raise self.text_error
        terms = set(words.terms)
        found = {id_: len(terms & set(index_terms(t).split())) for id_, t in TEXTS.items()}
        best = sorted(found.items(), key=lambda one: -one[1])
        return [(id_, float(score)) for id_, score in best if score][:limit]

    async def dense(self, scopes: Sequence[str] | None, vector: object, limit: int) -> list[Scored]:
        self.asked.append("dense")
        assert vector == [1.0]
        return list(VECTORS.items())[:limit]

    async def encode(self, query: str) -> list[float]:
        if self.error:
            raise self.error
        return [1.0]

    async def many(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return {
            id_: Passage(id=id_, scope="source_x", text=TEXTS[id_], ordinal=4, created_at=now)
            for id_ in ids
            if id_ not in self.gone
        }

    @property
    def ports(self) -> Ports:
        return Ports(self.text, self.dense, self.encode, self)


@pytest.fixture
def fakes() -> Fakes:
    return Fakes()


async def test_hybrid_explains_its_hits(fakes: Fakes) -> None:
    found = await search("who keeps vectors?", ["source_x"], fakes.ports)
    best, second, last = found.hits
    assert (best.passage_id, second.passage_id, last.passage_id) == ("a", "b", "e")
    assert (best.rank, best.dense_rank, best.text_rank) == (1, 1, 1)
    assert (best.dense_score, best.text_score) == (0.9, 2.0)
    assert [best.text[a:b] for a, b in best.terms] == ["keeps", "vectors"]
    assert (last.text_rank, last.text_score, last.terms) == (None, None, [])
    assert best.score == 1
    assert found.total == 3
    assert best.ordinal == 4
    assert found.problem == ""


async def test_pages_follow_each_other(fakes: Fakes) -> None:
    whole = await search("keeps vectors", None, fakes.ports)
    pages = [await search("keeps vectors", None, fakes.ports, k=1, offset=n) for n in range(4)]
    assert [page.hits[0] for page in pages[:3]] == whole.hits
    assert pages[3].hits == []
    assert all(page.total == 3 for page in pages)


async def test_modes_use_one_channel(fakes: Fakes) -> None:
    text = await search("gato", None, fakes.ports, mode="text")
    assert ([hit.passage_id for hit in text.hits], fakes.asked) == (["c"], ["text"])
    fakes.asked.clear()
    dense = await search("gato", None, fakes.ports, mode="dense")
    assert [hit.passage_id for hit in dense.hits] == ["a", "b", "e"]
    assert fakes.asked == ["dense"]
    assert [hit.dense_rank for hit in dense.hits] == [1, 2, 3]


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
@pytest.mark.parametrize("error", [UnavailableError("Milvus is away."), ModelError("No model.")])
async def test_without_vectors_the_words_answer(fakes: Fakes, mode: str, error: Exception) -> None:
    fakes.error = error
    found = await search("数据库", None, fakes.ports, mode=mode)  # type: ignore[arg-type]
    assert [hit.passage_id for hit in found.hits] == ["d"]
    assert found.problem == f"Only the words were searched, not their meaning. {error}"


async def test_the_record_must_answer(fakes: Fakes) -> None:
    fakes.text_error = StorageError("The disk is full.")
    with pytest.raises(StorageError, match="disk"):
        await search("cats", None, fakes.ports)


async def test_nothing_to_search_for_or_in(fakes: Fakes) -> None:
    assert (await search("  ", None, fakes.ports)).hits == []
    assert (await search("cats", [], fakes.ports)).total == 0
    assert fakes.asked == []
    await search("who is it?", None, fakes.ports)
    assert fakes.asked == ["dense"]


async def test_a_passage_deleted_meanwhile_is_left_out(fakes: Fakes) -> None:
    fakes.gone = {"a"}
    found = await search("keeps vectors", None, fakes.ports)
    assert [(hit.passage_id, hit.rank) for hit in found.hits] == [("b", 2), ("e", 3)]


def test_quality() -> None:
    found = quality([["a"], ["x", "b"], []], [{"a"}, {"b"}, {"c"}])
    assert found == {"R@1": 1 / 3, "R@5": 2 / 3, "R@10": 2 / 3, "MRR": 0.5}
