"""What every archive does, on Milvus Lite and on a server alike."""

import re
import threading

import numpy as np
import pytest

from memtui.api.errors import StorageError, UnavailableError
from memtui.archive import Archive, Row
from tests.archive.rows import COLLECTION, DIMENSION, row, rows, vector


def test_finds_the_nearest_best_first_with_their_cosine(archive: Archive) -> None:
    stored = rows("source_a", 300)
    archive.write(stored)
    query = vector(1234)
    cosines = sorted(((float(r.vector @ query), r.id) for r in stored), reverse=True)[:20]

    hits = archive.search(["source_a"], query, 20)

    assert [hit for hit, _ in hits] == [row_id for _, row_id in cosines]
    assert [score for _, score in hits] == pytest.approx([c for c, _ in cosines], abs=1e-5)


def test_searches_only_the_scopes_asked_for(archive: Archive) -> None:
    archive.write([*rows("source_a", 5), *rows("source_b", 5), *rows("agent_c", 5)])

    found = archive.search(["source_b", "agent_c"], vector(0), 100)

    assert {hit.partition("x")[0] for hit, _ in found} == {"source_b", "agent_c"}
    assert len(found) == 10


def test_no_scope_and_unknown_scopes_have_no_passages(archive: Archive) -> None:
    archive.write(rows("source_a", 5))

    assert archive.search([], vector(0), 5) == []
    assert archive.search(["source_unknown"], vector(0), 5) == []
    assert len(archive.search(["source_unknown", "source_a"], vector(0), 50)) == 5
    assert archive.search(["source_a"], vector(0), 0) == []
    assert archive.ids("source_unknown") == set()
    assert archive.count("source_unknown") == 0
    archive.remove("source_unknown", ["x"])
    archive.drop("source_unknown")
    assert archive.count("source_a") == 5


def test_writing_an_id_again_replaces_it(archive: Archive) -> None:
    archive.write(rows("source_a", 10))
    archive.write([row("source_ax3", "source_a", seed=99)])
    archive.write([row("source_ax3", "source_a", seed=77)])

    assert archive.count("source_a") == 10
    found = archive.search(["source_a"], vector(77), 100)
    assert found[0] == ("source_ax3", pytest.approx(1, abs=1e-5))
    assert len(found) == len({hit for hit, _ in found}) == 10


def test_removed_passages_are_gone_and_can_come_back(archive: Archive) -> None:
    archive.write([*rows("source_a", 10), *rows("source_b", 3)])

    archive.remove("source_a", ["source_ax1", "source_ax2", "never-there"])
    archive.remove("source_a", ["source_bx1"])  # another scope's
    archive.remove("source_a", [])

    assert archive.ids("source_a") == {f"source_ax{n}" for n in (0, *range(3, 10))}
    assert archive.count("source_b") == 3
    assert "source_ax1" not in dict(archive.search(["source_a"], vector(1), 100))
    archive.write(rows("source_a", 2))
    assert archive.search(["source_a"], vector(1), 1)[0][0] == "source_ax1"


def test_a_dropped_scope_is_gone_and_can_come_back(archive: Archive) -> None:
    archive.write([*rows("source_a", 10), *rows("source_b", 10)])

    archive.drop("source_a")

    assert archive.search(["source_a", "source_b"], vector(0), 100) == archive.search(
        ["source_b"], vector(0), 100
    )
    assert archive.count("source_a") == 0
    assert archive.scopes() == {"source_b"}
    archive.write(rows("source_a", 1))
    assert archive.ids("source_a") == {"source_ax0"}


def test_vectors_of_any_length_are_compared_by_their_direction(archive: Archive) -> None:
    archive.write([Row("x", "source_a", vector(1) * 7, "text"), row("y", "source_a", seed=2)])
    ((first, score), _) = archive.search(["source_a"], vector(1) / 50, 2)
    assert (first, score) == ("x", pytest.approx(1, abs=1e-5))


@pytest.mark.parametrize("number", [0.0, float("nan"), float("inf")])
def test_a_vector_without_a_direction_is_refused(lite: Archive, number: float) -> None:
    bad = np.full(DIMENSION, number, dtype=np.float32)
    lite.write(rows("source_a", 1))
    with pytest.raises(ValueError, match="no direction"):
        lite.write([row("x", "source_a"), Row("y", "source_b", bad, "text")])
    with pytest.raises(ValueError, match="no direction"):
        lite.search(["source_a"], bad, 1)
    assert lite.ids("source_a") == {"source_ax0"}


SCOPES = [
    "../../evil",
    "_default",
    "_all",
    "",
    "Source",
    "a b",
    'a"',
    "a\n",
    "é",
    "1a",
    "a/b",
    "a" * 128,
]


def test_only_generated_scope_names_are_taken(archive: Archive) -> None:
    for scope in SCOPES:
        for call in (
            lambda: archive.write([row("x", scope)]),  # noqa: B023
            lambda: archive.search([scope], vector(0), 1),  # noqa: B023
            lambda: archive.remove(scope, ["x"]),  # noqa: B023
            lambda: archive.drop(scope),  # noqa: B023
            lambda: archive.ids(scope),  # noqa: B023
            lambda: archive.count(scope),  # noqa: B023
        ):
            with pytest.raises(ValueError, match="not the name of a scope"):
                call()
    assert archive.scopes() == set()


def test_a_vector_of_another_dimension_is_refused_before_anything_is_stored(
    archive: Archive,
) -> None:
    wrong = Row("y", "source_a", np.zeros(DIMENSION + 1, dtype=np.float32), "text")
    with pytest.raises(ValueError, match="shape"):
        archive.write([row("x", "source_a"), wrong])
    assert archive.count("source_a") == 0


TEXTS = ["", "x" * 70_000, "é" * 40_000, "a\0b\n\"'\\", "\ud800 lone", "👩‍👩‍👧" * 9_000]


def test_any_text_can_be_stored(archive: Archive) -> None:
    archive.write(
        [Row(f"x{n}", "source_a", vector(n), t, t, None, 0, t) for n, t in enumerate(TEXTS)]
    )
    assert archive.ids("source_a") == {f"x{n}" for n in range(len(TEXTS))}


def test_ids_are_complete_beyond_a_page(archive: Archive) -> None:
    stored = rows("source_a", 2_100)
    archive.write(stored)
    assert archive.ids("source_a") == {r.id for r in stored}
    assert archive.count("source_a") == 2_100


def test_ids_are_complete_beyond_what_milvus_gives_at_once(lite: Archive) -> None:
    stored = rows("source_a", 17_000)  # the limit of a query is 16,384
    lite.write(stored)
    assert lite.ids("source_a") == {r.id for r in stored}


def test_opening_says_whether_the_collection_is_new(archive: Archive) -> None:
    archive.write(rows("source_a", 3))
    assert archive.open("memtui_other_4", 4) is True
    assert archive.scopes() == set()
    assert archive.open(COLLECTION, DIMENSION) is False
    assert archive.ids("source_a") == {"source_ax0", "source_ax1", "source_ax2"}


def test_another_dimension_than_the_stored_one_is_explained(archive: Archive) -> None:
    with pytest.raises(StorageError, match=r"vectors of 8 numbers.*gives 9.*archive.uri"):
        archive.open(COLLECTION, 9)
    with pytest.raises(UnavailableError, match="not open"):
        archive.count("source_a")
    archive.open(COLLECTION, DIMENSION)


def test_readers_and_writers_in_many_threads(archive: Archive) -> None:
    archive.write(rows("source_a", 100))
    problems: list[BaseException] = []

    def run(number: int) -> None:
        try:
            for step in range(4):
                archive.write(rows(f"source_t{number}", 5, start=step * 5))
                assert len(archive.search(["source_a"], vector(step), 10)) == 10
                archive.remove(f"source_t{number}", [f"source_t{number}x{step * 5}"])
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            problems.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert [archive.count(f"source_t{n}") for n in range(5)] == [16] * 5


def test_calls_after_closing_are_explained(archive: Archive) -> None:
    archive.close()
    archive.close()
    for call in (
        lambda: archive.search(["source_a"], vector(0), 1),
        lambda: archive.write(rows("source_a", 1)),
        lambda: archive.remove("source_a", ["x"]),
        archive.scopes,
        archive.version,
    ):
        with pytest.raises(UnavailableError, match="not open"):
            call()


def test_version_names_what_is_at_the_other_end(archive: Archive) -> None:
    assert re.fullmatch(r"Milvus (Lite 3\.\d+\.\d+|2\.3\.5)", archive.version())


def test_two_collections_on_one_connection_and_the_new_one_takes_over(archive: Archive) -> None:
    archive.write(rows("source_a", 2))
    new = archive.beside()
    with pytest.raises(UnavailableError, match="not open"):
        new.scopes()
    assert new.open("memtui_other_8", DIMENSION) is True
    new.write(rows("source_a", 3))
    archive.write(rows("source_b", 1))
    assert (archive.count("source_a"), new.count("source_a"), new.count("source_b")) == (2, 3, 0)
    archive.become(new)
    new.close()
    assert archive.count("source_a") == 3

    archive.retire("memtui_other_8", ["source_a"])  # it serves: no
    assert archive.count("source_a") == 3
    archive.retire(COLLECTION, ["source_a", "source_b"])
    archive.retire(COLLECTION, ["source_a", "source_b"])
    assert archive._client.list_collections() == ["memtui_other_8"]
    archive.close()
    archive.retire("memtui_other_8", ["source_a"])
    with pytest.raises(UnavailableError, match="not open"):
        archive.scopes()
    assert archive.open("memtui_other_8", DIMENSION) is True


def test_a_server_keeps_what_others_have_in_a_retired_collection(address: str) -> None:
    ours, theirs = Archive(address), Archive(address)
    ours.open(COLLECTION, DIMENSION)
    theirs.open(COLLECTION, DIMENSION)
    ours.write([*rows("source_a", 3), *rows("recall_a", 2)])
    theirs.write(rows("source_b", 3))
    ours.close()
    ours.retire(COLLECTION, ["source_a", "recall_a", "source_gone"])
    assert theirs.scopes() == {"source_b"}
    assert theirs.count("source_b") == 3
    theirs.close()
