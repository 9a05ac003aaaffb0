"""Whatever is wrong with a PDF, it ends as read or with a reason, and the next file is read."""

import asyncio
from pathlib import Path

import pytest

from memtui.library.document import UnreadableError
from memtui.library.files import FoundFile
from memtui.library.reader_pool import Limits, ReaderPool
from memtui.library.readers import pdf
from tests.library import damaged_pdfs
from tests.library.damaged_pdfs import DAMAGES, SENTENCE
from tests.library.helpers import make_pdf

CORPUS = range(300)
QUICK = [
    seed
    for seed in CORPUS
    if DAMAGES[seed % len(DAMAGES)] is not damaged_pdfs.a_million_objects
][:60]  # fmt: skip

LIMITS = Limits(seconds=30, memory=500_000_000)


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(QUICK, id="60"),
        pytest.param(CORPUS, id="300", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
async def test_every_damaged_file_ends_with_a_result(tmp_path: Path, seeds: list[int]) -> None:
    good = make_pdf(tmp_path / "good.pdf", ["All is well."])
    pool = ReaderPool(size=2, limits=LIMITS)

    async def outcome(path: Path) -> str:
        try:
            reading = await pool.read(FoundFile(str(path), path.stat().st_size), lambda n: None)
        except UnreadableError as problem:
            said = str(problem)
            return problem.state if path.name in said and said[-1] == "." else said
        assert reading.document.pages >= 1
        assert all(passage.text.strip() for passage in reading.passages)
        assert all(note.startswith(path.name) for note in reading.notes)
        return "read"

    async def one(seed: int) -> str:
        path = await asyncio.to_thread(damaged_pdfs.make, tmp_path, seed)
        found = await outcome(path)
        path.unlink()
        return found

    try:
        outcomes = [
            found
            for at in range(0, len(seeds), 4)
            for found in await asyncio.gather(*map(one, seeds[at : at + 4]))
        ]
        assert await outcome(good) == "read"
    finally:
        await pool.close()
    assert set(outcomes) <= {"read", "failed", "scanned", "empty"}
    assert outcomes.count("read") > len(outcomes) / 3, "what can be read is read"


def test_a_page_count_that_is_made_up(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(damaged_pdfs._tree(b"<</Type/Pages/Count 1000000/Kids[4 0 R]>>"))
    document = pdf.read(str(path), path.name, lambda number: None)
    assert [page.text for page in document.pages] == ["A page that can be read."]
    assert document.notes == [
        "a.pdf: 999999 of its 1000000 pages damaged and left out (2–1000000)."
    ]


def test_a_file_without_its_beginning(tmp_path: Path) -> None:
    whole = make_pdf(tmp_path / "a.pdf", [SENTENCE.format(n) for n in range(1, 4)]).read_bytes()
    (tmp_path / "a.pdf").write_bytes(whole[whole.index(b"1 0 obj") + 3 :])
    document = pdf.read(str(tmp_path / "a.pdf"), "a.pdf", lambda number: None)
    assert "weather" in document.text
    assert document.notes[0].startswith("a.pdf is cut off or damaged")
