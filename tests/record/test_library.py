"""Sources, documents, passages and the outbox of removals."""

from datetime import UTC, datetime

import pytest

from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.record import NewDocument, NewPassage, Record
from tests.record.conftest import Library


def test_a_source_and_its_counts(record: Record, library: Library) -> None:
    source = record.sources.create("papers", "to read")
    assert (source.state, source.documents, source.embedding_model) == ("empty", 0, "minilm")
    record.documents.fail(source.id, "/x.pdf", "x.pdf", "pdf", "0", 3, "scanned", "No text layer.")
    assert record.sources.get(source.id).state == "failed"
    library.load(source, "/a.pdf", "one", "two")
    library.load(source, "/b.pdf", "three")
    found = record.sources.by_name("papers")
    assert found is not None
    assert (found.documents, found.failed, found.pages, found.passages) == (2, 1, 4, 3)
    assert (found.indexed, found.state) == (0, "embedding")
    record.passages.mark_indexed(library.ids(source)[:2])
    assert record.sources.get(source.id).indexed == 2
    library.index()
    assert record.sources.list()[0].state == "ready"
    assert record.passages.counts(f"source_{source.id}") == (3, 3)


def test_names_of_sources_are_unique_and_may_be_anything(record: Record) -> None:
    names = ["a'b\"c", "../../etc", "%_", "😀", "A", "a"]
    for name in names:
        record.sources.create(name)
    assert sorted(source.name for source in record.sources.list()) == sorted(names)
    with pytest.raises(ConflictError, match="There is a source named a already"):
        record.sources.create("a")
    assert record.sources.by_name("%") is None
    for missing in (record.sources.get, record.sources.delete, record.sources.clear):
        with pytest.raises(NotFoundError, match="There is no source nope"):
            missing("nope")


def test_describe(record: Record) -> None:
    source = record.sources.create("a")
    record.sources.describe(source.id, "new")
    assert record.sources.get(source.id).description == "new"
    with pytest.raises(NotFoundError):
        record.sources.describe("nope", "")


def test_a_document_and_its_passages(record: Record) -> None:
    source = record.sources.create("papers")
    document_id = record.documents.add(
        source.id,
        NewDocument("/d/a.pdf", "a.pdf", "pdf", "abc", 77, pages=3, title="T", author="A"),
        [NewPassage(0, "Some Text", 2, 3, "iv", "Intro", 10, 19, terms="given terms")],
    )
    document = record.documents.get(document_id)
    assert (document.source, document.title, document.author) == ("papers", "T", "A")
    assert (document.pages, document.passages, document.state) == (3, 1, "embedding")
    (passage_id,) = record.passages.ids(f"source_{source.id}")
    passage = record.passages.get(passage_id)
    assert (passage.text, passage.page, passage.page_end, passage.page_label) == (
        "Some Text",
        2,
        3,
        "iv",
    )
    assert (passage.section, passage.start, passage.end) == ("Intro", 10, 19)
    assert (passage.source, passage.document, passage.document_path) == (
        "papers",
        "a.pdf",
        "/d/a.pdf",
    )
    assert (passage.source_id, passage.document_id) == (source.id, document_id)
    assert passage.indexed_at is None
    assert passage.created_at == document.loaded_at
    assert record.passages.text_search(None, ["some"], 9) == []  # the caller's terms count
    record.passages.mark_indexed([passage_id])
    assert record.passages.get(passage_id).indexed_at is not None
    assert record.documents.get(document_id).state == "indexed"
    assert record.documents.by_path(source.id, "/d/a.pdf") == record.documents.get(document_id)
    assert record.documents.by_sha(source.id, "abc") == record.documents.get(document_id)
    assert record.documents.by_sha(source.id, "other") is None
    assert record.documents.list("other") == []
    with pytest.raises(NotFoundError):
        record.documents.get("nope")


def test_replacing_a_document_removes_the_old_passages_everywhere(
    record: Record, library: Library
) -> None:
    source = record.sources.create("papers")
    old = library.load(source, "/a.pdf", "apple one", "apple two")
    before = library.ids(source)
    new = record.documents.add(
        source.id,
        NewDocument("/a.pdf", "a.pdf", "pdf", "2", 1),
        [NewPassage(0, "pear")],
    )
    assert new != old
    assert [one.id for one in record.documents.list()] == [new]
    assert record.passages.many(before) == {}
    assert record.passages.text_search(None, ["apple"], 9) == []
    assert {(scope, gone) for _, scope, gone in record.removals.pending(9)} == {
        (f"source_{source.id}", one) for one in before
    }


def test_names_of_documents_change_places(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    a = library.load(source, "/a", "apple")
    b = library.load(source, "/b", "banana")
    c = library.load(source, "/c", "cherry")
    other = library.load(record.sources.create("other"), "/a", "apple")
    ids = library.ids(source)
    record.documents.rename(source.id, {a: ["/b", "/x"], b: ["/a"]})
    named = {one.id: (one.name, one.path, one.also) for one in record.documents.list()}
    assert named == {
        a: ("b", "/b", ["/x"]),
        b: ("a", "/a", []),
        c: ("c", "/c", []),
        other: ("a", "/a", []),
    }
    assert library.ids(source) == ids
    record.documents.rename(source.id, {b: ["/a", "/c"]})  # nothing else has the content of c
    assert {one.id for one in record.documents.list()} == {a, b, other}
    assert record.passages.text_search(None, ["cherry"], 9) == []


def test_a_file_that_changes_leaves_its_content_to_its_other_name(
    record: Record, library: Library
) -> None:
    source = record.sources.create("papers")
    a = library.load(source, "/a", "apple")
    record.documents.rename(source.id, {a: ["/a", "/b"]})
    new = library.load(source, "/a", "pear")
    assert {one.id: (one.path, one.also) for one in record.documents.list()} == {
        a: ("/b", []),
        new: ("/a", []),
    }
    record.documents.rename(source.id, {a: ["/b", "/c"]})
    record.documents.fail(source.id, "/b", "b", "text", "", 1, "failed", "It is damaged.")
    found = {one.path: (one.state, one.also) for one in record.documents.list()}
    assert found == {"/a": ("embedding", []), "/b": ("failed", []), "/c": ("embedding", [])}


def test_a_document_without_passages_is_empty(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a.txt")
    assert record.documents.list()[0].state == "empty"
    assert (record.sources.get(source.id).failed, record.sources.get(source.id).documents) == (1, 0)


def test_failures_are_kept_once_per_path(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    for sha in ("1", "2"):
        first = record.documents.fail(source.id, "/a", "a", "pdf", sha, 1, "failed", "Truncated.")
    assert [one.sha256 for one in record.documents.list()] == ["2"]
    assert record.documents.get(first).error == "Truncated."
    library.load(source, "/a", "read at last")
    assert [one.state for one in record.documents.list()] == ["embedding"]
    record.documents.fail(source.id, "/a", "a", "pdf", "3", 1, "failed", "Cannot be read now.")
    (kept,) = record.documents.list()
    assert (kept.error, kept.passages, kept.sha256) == ("Cannot be read now.", 1, "/a")
    assert record.passages.text_search(None, ["read"], 9) != []


def test_a_document_of_a_source_that_was_deleted_meanwhile(
    record: Record, library: Library
) -> None:
    source = record.sources.create("papers")
    record.sources.delete(source.id)
    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        library.load(source, "/a", "text")
    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        record.documents.fail(source.id, "/a", "a", "pdf", "1", 1, "failed", "x")
    assert record.stats()["passages"] == 0


def test_deleting_a_document(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    gone, kept = library.load(source, "/a", "apple"), library.load(source, "/b", "pear")
    (passage,) = (one for one in library.ids(source) if record.passages.get(one).text == "apple")
    record.documents.delete(gone)
    assert [one.id for one in record.documents.list()] == [kept]
    assert [row[1:] for row in record.removals.pending(9)] == [(f"source_{source.id}", passage)]
    with pytest.raises(NotFoundError):
        record.documents.delete(gone)
    assert all(check.ok for check in record.integrity())


@pytest.mark.parametrize("keep", [True, False])
def test_deleting_or_clearing_a_source(record: Record, library: Library, keep: bool) -> None:
    source, other = record.sources.create("papers"), record.sources.create("other")
    library.load(source, "/a", "apple")
    library.load(other, "/a", "apple too")
    agent = library.agent("Otter", source, other)
    (record.sources.clear if keep else record.sources.delete)(source.id)
    assert [one.name for one in record.sources.list()] == ["other", "papers"][: 1 + keep]
    assert len(record.agents.get(agent.id).sources) == 1 + keep
    assert [row[1:] for row in record.removals.pending(9)] == [(f"source_{source.id}", None)]
    assert len(record.passages.text_search(None, ["apple"], 9)) == 1
    assert record.passages.scopes() == [f"source_{other.id}"]
    assert all(check.ok for check in record.integrity())


def test_pending_holds_back_what_a_removal_would_take_along(
    record: Record, library: Library
) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a", "old")
    record.sources.clear(source.id)
    library.load(source, "/a", "new")
    assert record.passages.pending(9) == []
    record.removals.done([row[0] for row in record.removals.pending(9)])
    assert [row[2] for row in record.passages.pending(9)] == ["new"]
    assert record.removals.pending(9) == []


def test_pending_marking_and_unmarking(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    agent = library.agent()
    library.load(source, "/a", "one", "two")
    mine = record.passages.add_to_scope(f"agent_{agent.id}", "mine")
    assert {row[2] for row in record.passages.pending(9)} == {"one", "two", "mine"}
    assert len(record.passages.pending(1)) == 1
    assert record.passages.pending(9, "agent_") == [(mine.id, f"agent_{agent.id}", "mine")]
    assert len(record.passages.pending(9, "source_")) == 2
    assert record.passages.pending(9, "agent`") == []
    first = library.ids(source)[0]
    assert record.passages.mark_indexed([first, "deleted"]) == ["deleted"]
    assert {row[2] for row in record.passages.pending(9)} == {"two", "mine"}
    library.index()
    record.passages.unmark([first])
    assert [row[2] for row in record.passages.pending(9)] == ["one"]
    record.passages.unmark_all()
    assert len(record.passages.pending(9)) == 3


def test_adding_to_an_agents_scope(record: Record, library: Library) -> None:
    agent = library.agent()
    scope = f"agent_{agent.id}"
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    added = record.passages.add_to_scope(scope, "The cat is grey", id="abc1", created_at=moment)
    assert (added.id, added.created_at, added.source, added.end) == ("abc1", moment, None, 15)
    again = record.passages.add_to_scope(scope, "The cat is grey", id="abc1")
    assert again == added
    assert record.passages.ids(scope) == ["abc1"]
    assert record.agents.get(agent.id).archival == 1
    with pytest.raises(UsageError, match="belongs to"):
        record.passages.add_to_scope(f"recall_{agent.id}", "x", id="abc1")
    with pytest.raises(UsageError):
        record.passages.add_to_scope("source_abc", "x")
    with pytest.raises(NotFoundError):
        record.passages.add_to_scope("agent_nobody", "x")


def test_a_passage_in_its_context(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a", *"abcde")
    library.load(source, "/b", "other")
    passages = record.passages.many(library.ids(source))
    ids = {one.text: one.id for one in passages.values()}
    around = record.passages.context(ids["c"], 1)
    assert [one.text for one in (*around.before, around.passage, *around.after)] == ["b", "c", "d"]
    edge = record.passages.context(ids["e"], 2)
    assert ([one.text for one in edge.before], edge.after) == (["c", "d"], [])
    assert record.passages.context(ids["c"], 0).before == []
    with pytest.raises(NotFoundError):
        record.passages.context("nope", 1)
    agent = library.agent()
    said = [record.passages.add_to_scope(f"recall_{agent.id}", text) for text in ("x", "y", "z")]
    talk = record.passages.context(said[1].id, 5)
    assert [one.text for one in (*talk.before, *talk.after)] == ["x", "z"]


def test_many_keeps_the_order_and_skips_what_is_gone(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a", "one", "two", "three")
    ids = library.ids(source)[::-1]
    found = record.passages.many([ids[0], "nope", *ids[1:]])
    assert list(found) == ids
    with pytest.raises(NotFoundError, match="There is no passage nope"):
        record.passages.get("nope")


def test_passages_by_date(record: Record, library: Library) -> None:
    scope = f"recall_{library.agent().id}"
    for day in (1, 2, 2, 3):
        record.passages.add_to_scope(
            scope, f"day {day}", created_at=datetime(2026, 5, day, 23, 59, tzinfo=UTC)
        )
    total, page = record.passages.in_dates(scope, "2026-05-02", "2026-05-03", 1, 1)
    assert (total, [one.text for one in page]) == (2, ["day 2"])
    total, page = record.passages.in_dates(scope, "2026-05-02T23:59:00+00:00", "2026-06-01", 9)
    assert (total, [one.text for one in page]) == (3, ["day 2", "day 2", "day 3"])
    # 23:59 in New York is the next day in UTC
    assert record.passages.in_dates(scope, "2026-05-03T23:59:00-04:00", "2027-01-01", 9)[0] == 0
    with pytest.raises(UsageError, match="Write it as YYYY-MM-DD"):
        record.passages.in_dates(scope, "yesterday'; --", "2026-05-03", 9)


def test_removals_are_done_one_by_one(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    document = library.load(source, "/a", "one", "two", "three")
    record.documents.delete(document)
    first = record.removals.pending(2)
    assert len(first) == 2
    record.removals.done([row[0] for row in first])
    assert len(record.removals.pending(9)) == 1
    record.sources.delete(source.id)  # the whole scope covers what is left of it
    assert [row[1:] for row in record.removals.pending(9)] == [(f"source_{source.id}", None)]


def test_what_stands_on_a_page(record: Record, library: Library) -> None:
    one, other = record.sources.create("b"), record.sources.create("a")
    library.load(one, "/x", "first", "second")
    library.load(other, "/y", "primero", "segundo")
    scopes = [f"source_{source.id}" for source in (one, other)]
    total, found = record.passages.on_page(scopes, 2, 9)
    assert (total, [passage.text for passage in found]) == (2, ["segundo", "second"])
    total, found = record.passages.on_page(scopes, 2, 9, offset=1)
    assert (total, [passage.text for passage in found]) == (2, ["second"])
    assert record.passages.on_page([scopes[0]], 2, 9)[0] == 1
    assert record.passages.on_page(scopes, 3, 9) == (0, [])
    over = NewPassage(0, "over the end", page=7, page_end=9)
    document = NewDocument(path="/z", name="z", kind="pdf", sha256="z", size=1, pages=9)
    record.documents.add(one.id, document, [over])
    for page in (7, 8, 9):
        assert [p.text for p in record.passages.on_page(scopes, page, 9)[1]] == ["over the end"]


def test_no_source_waits_for_the_vectors_of_another(record: Record, library: Library) -> None:
    big, small = record.sources.create("big"), record.sources.create("small")
    library.load(big, "/big", *(f"big {number}" for number in range(50)))
    library.load(small, "/small", *(f"small {number}" for number in range(4)))
    rows = record.passages.pending(10)
    assert sorted(text for _, _, text in rows[:8]) == [
        *(f"big {number}" for number in range(4)),
        *(f"small {number}" for number in range(4)),
    ]
    assert len({id for id, _, _ in rows}) == 10
    assert len(record.passages.pending(100)) == 54
    record.passages.mark_indexed(library.ids(small))
    assert {text for _, _, text in record.passages.pending(3)} == {"big 0", "big 1", "big 2"}
