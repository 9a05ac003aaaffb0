"""Neighbouring passages among the hits are shown as one."""

from memtui.agent.tools.base import ToolContext
from memtui.agent.tools.paging import page_of
from memtui.api.joined import beyond, blocks, joined, merged
from memtui.api.search import Hit, SearchReply
from tests.agent.fakes import FixedClock, Store

TEXT = "One is first. Two is next. Three is last."
SPANS = [(0, 26), (14, 41)]


def hit(id_: str, document: str | None, ordinal: int, rank: int = 1) -> Hit:
    start, end = SPANS[ordinal % 2]
    return Hit(
        rank=rank, score=0.5, passage_id=id_, document_id=document, ordinal=ordinal, source="s",
        citation=f"[s ¶{ordinal + 1}]", text=TEXT[start:end], start=start, end=end,
        terms=[(0, 3), (13, 18)] if ordinal % 2 else [(0, 3)],
    )  # fmt: skip


def found() -> list[Hit]:
    hits = [hit("b", "d", 1), hit("x", "e", 1), hit("own", None, 0), hit("a", "d", 0)]
    return joined([*hits, hit("y", "e", 9), hit("z", None, 1)])


def test_neighbours_belong_to_the_best_of_them() -> None:
    assert [one.joined_to for one in found()] == ["", "", "", "b", "", ""]
    ids = [[one.passage_id for one in block] for block in blocks(found())]
    assert ids == [["a", "b"], ["x"], ["own"], ["y"], ["z"]]
    run = joined([hit("4", "d", 4), hit("6", "d", 6), hit("5", "d", 5)])
    assert [one.joined_to for one in run] == ["", "4", "4"]


def test_what_overlaps_is_shown_once() -> None:
    first, second = hit("a", "d", 0), hit("b", "d", 1)
    assert beyond(first, second) == len("Two is next.")
    whole = merged([first, second])
    assert whole.text == TEXT
    assert [TEXT[a:b] for a, b in whole.terms] == ["One", "Three"]
    apart = second.model_copy(update={"start": 30, "end": 57})
    assert merged([first, apart]).text == f"{first.text}\n{second.text}"


def test_the_agent_reads_them_as_one() -> None:
    context = ToolContext(Store(), FixedClock(), lambda event: None)  # type: ignore[arg-type]
    hits = found()
    result = page_of(context, SearchReply(query="q", mode="hybrid", hits=hits, total=9), 0)
    assert isinstance(result.message, dict)
    assert result.message["showing"].startswith("hits 1–6 of 9")
    first, second, *others = result.message["hits"]
    assert (first["cite"], first["text"]) == ("[s ¶1]", "One is first. Two is next.")
    assert (second["cite"], second["text"]) == ("[s ¶2]", " Three is last.")
    assert second["continues"] == "the hit above"
    assert not any("continues" in one for one in (first, *others))
    assert result.hits == hits
