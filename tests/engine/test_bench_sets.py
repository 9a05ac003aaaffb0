"""Sets for `memtui bench`: reading them, and the whole measurement of a small one."""

import gzip
import json
import tempfile
from pathlib import Path

import pytest

from memtui.api.errors import UsageError
from memtui.engine.bench_answers import sample
from memtui.engine.bench_sets import RetrievalSet, read
from tests.cli.conftest import Memtui, memtui

__all__ = ["memtui"]

PASSAGE = '{"id": "p1", "text": "A partition is a folder."}'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("rubbish", "Line 2"),
        ("[1]", "Line 2"),
        ('{"id": "p2"}', "Line 2"),
        ('{"id": "p2", "text": " "}', "Line 2"),
        (PASSAGE, "twice"),
        ('{"question": "Which?", "relevant": "p1"}', "Line 2"),
        ('{"question": "Which?", "relevant": []}', "Line 2"),
        ('{"question": "Which?", "relevant": ["p9"]}', "p9"),
        ("", "no questions"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(f"{PASSAGE}\n{line}\n")
    with pytest.raises(UsageError, match=why):
        read(file)


def test_what_is_not_gzip_after_all(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl.gz"
    file.write_text(PASSAGE)
    with pytest.raises(UsageError, match="cannot be read"):
        read(file)


def test_bench_retrieval(tmp_path: Path, memtui: Memtui, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "set.jsonl.gz"
    lines = [
        PASSAGE,
        '{"id": 2, "text": "Die Katze schläft auf dem Sofa."}',
        "",
        '{"question": "What is a partition?", "relevant": ["p1"]}',
        '{"question": "Wo schläft die Katze?", "relevant": ["gone", 2]}',
    ]
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    before = set(Path(tempfile.gettempdir()).glob("memtui-bench-*"))
    result = memtui("bench", "retrieval", str(file), "--json")
    assert result.status == 0, result.err
    found = json.loads(result.out)
    perfect = {"R@1": 1.0, "R@5": 1.0, "R@10": 1.0, "MRR": 1.0}
    assert found["modes"].pop("dense").keys() == perfect.keys()
    modes = {"hybrid": perfect, "text": perfect}
    assert found == {"passages": 2, "questions": 2, "modes": modes}
    assert set(Path(tempfile.gettempdir()).glob("memtui-bench-*")) <= before


def test_bench_answers(tmp_path: Path, memtui: Memtui) -> None:
    texts = [
        "A partition of the archive is a folder of its own on the disk.",
        "Die Katze schläft auf dem Sofa im Wohnzimmer.",
        "The lighthouse of Alexandria was built by Sostratus of Cnidus.",
    ]
    questions = ["Who built the lighthouse of Alexandria?", "Wo schläft die Katze?"]
    rows: list[object] = [{"id": f"p{n}", "text": text} for n, text in enumerate(texts)]
    rows += [
        {"question": questions[0], "relevant": ["p2"]},
        {"question": questions[1], "relevant": ["p1"]},
    ]
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    result = memtui("bench", "answers", str(file), "--json")
    assert result.status == 0, result.err
    assert json.loads(result.out) == {
        "passages": 3, "questions": 2, "answered": 1.0, "cited": 1.0, "declined": 1.0
    }  # fmt: skip
    file.write_text("rubbish")
    result = memtui("bench", "answers", str(file))
    assert (result.status, "Line 1" in result.err) == (2, True)


def test_a_sample_is_the_same_each_time() -> None:
    given = RetrievalSet({"p": "text"}, [(f"{n}?", frozenset("p")) for n in range(50)])
    assert sample(given, 0) == sample(given, 50) == given
    some = sample(given, 5)
    assert len(some.questions) == 5
    assert some == sample(given, 5)
    assert some.texts == given.texts
