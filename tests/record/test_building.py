"""The index that is built beside the serving one, as the record knows it."""

from memtui.record import Record
from tests.record.conftest import Library


def waiting(record: Record) -> list[str]:
    return [row[2] for row in record.building.pending(99)]


def test_both_indexes_have_marks_and_removals_of_their_own(
    record: Record, library: Library
) -> None:
    source, other = record.sources.create("s"), record.sources.create("o")
    library.load(source, "/a", "one", "two", "three")
    library.load(other, "/b", "four")
    library.index()
    record.set_meta("index", "old")
    building = record.building
    building.begin("new")
    assert building.description() == "new"
    assert waiting(record) == ["one", "two", "three", "four"]
    assert building.pending(9, "agent_") == []
    building.mark_indexed([*library.ids(source)[:2], "gone"])
    assert waiting(record) == ["three", "four"]
    assert building.counts() == (4, 2)
    assert building.counts(f"source_{source.id}") == (3, 2)

    # What is loaded now is for both, and so is what is deleted.
    library.load(source, "/c", "five")
    record.sources.delete(other.id)
    assert [row[2] for row in record.passages.pending(9)] == ["five"]
    assert waiting(record) == ["three", "five"]
    (removal,) = record.removals.pending(9)
    (own,) = building.removals.pending(9)
    assert removal[1:] == own[1:] == (f"source_{other.id}", None)
    record.removals.done([removal[0]])
    assert building.removals.pending(9) == [own]

    building.serve()
    assert record.meta("index") == "new"
    assert building.description() is None
    assert [(one, sorted(scopes)) for one, scopes in building.retired()] == [
        ("old", sorted([f"source_{source.id}", f"source_{other.id}"]))
    ]
    assert [row[2] for row in record.passages.pending(9)] == ["three", "five"]
    assert record.removals.pending(9) == [own]
    assert building.removals.pending(9) == []
    assert record.passages.totals() == (4, 2)
    building.gone("old")
    assert building.retired() == []


def test_the_place_of_a_deleted_passage_may_be_taken_again(
    record: Record, library: Library
) -> None:
    source = record.sources.create("s")
    library.load(source, "/a", "one", "two")
    record.building.begin("new")
    record.building.mark_indexed(library.ids(source))
    assert waiting(record) == []
    record.sources.clear(source.id)
    (removal,) = record.building.removals.pending(9)
    record.building.removals.done([removal[0]])
    library.load(source, "/a", "three", "four", "five")
    assert waiting(record) == ["three", "four", "five"]
    record.building.mark_indexed(library.ids(source)[2:])
    assert waiting(record) == ["three", "four"]


def test_what_is_abandoned_leaves_nothing_but_a_note(record: Record, library: Library) -> None:
    source = record.sources.create("s")
    library.load(source, "/a", "one")
    record.set_meta("index", "old")
    record.building.begin("new")
    record.building.mark_indexed(library.ids(source))
    record.sources.clear(source.id)
    record.building.abandon()
    record.building.abandon()
    assert record.building.retired() == [("new", [f"source_{source.id}"])]
    assert record.building.removals.pending(9) == []
    assert len(record.removals.pending(9)) == 1
    assert record.building.counts() == (0, 0)
    assert record.meta("index") == "old"
