"""The question of the tutorial, on a paper that fpdf2 writes and memtui's library reads."""

from pathlib import Path

import pytest
from fpdf import FPDF

from memtui.library.chunking import chunk
from memtui.library.readers import reader_of
from memtui.search.terms import index_terms, query_terms
from tests.llm.world import Archive, Played, play, quotes

QUESTION = (
    "The paper I loaded into your archival memory is called {}. Can you tell me more about it?"
)
PAGES = [
    ["Tidal Caches for Small Machines", "Ada Brinkmann and Li Wei", "Abstract",
     "Small machines forget what they have read as soon as their memory is full. We present tidal"
     " caches, a method that moves what is seldom used to a disk and brings it back in time. On"
     " three workloads tidal caches halve the time that a program waits.",
     "1 Introduction",
     "Programs that read large collections wait for the disk most of the time. This paper shows"
     " that the waiting follows a rhythm, and that the rhythm can be used."],
    ["2 Method", "A tide is a period in which more is read than written. The scheduler counts the"
     " reads of every second and predicts the next tide from the last four."],
    ["3 Results", "The cache was measured on three workloads. Waiting fell from 12 to 6 seconds,"
     " and no workload became slower."],
    ["References", "[1] L. Belady. A study of replacement algorithms. IBM Systems Journal, 1966.",
     "[2] P. Denning. The working set model. In Proc. of SOSP, pp. 1-9, 1968."],
]  # fmt: skip


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int | None, str]]:
    path: Path = tmp_path_factory.mktemp("paper") / "tidal.pdf"
    pdf = FPDF()
    for page in PAGES:
        pdf.add_page()
        for text in page:
            pdf.set_font("helvetica", size=11 if len(text) > 60 else 16)
            pdf.multi_cell(0, 7, text, new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
    pdf.output(str(path))
    document = reader_of("pdf")(str(path), path.name, lambda pages: None)
    return [("tidal", one.page, one.text) for one in chunk(document)]


async def ask(text: str, paper: list[tuple[str, int | None, str]]) -> Played:
    def analyse(text: str) -> list[str]:
        return index_terms(text).split()

    return await play(
        text,
        Archive(paper, terms=analyse, everything=True),
        system='Sources attached to archival memory: "tidal" (6 passages).',
        terms=(query_terms, analyse),
    )


@pytest.mark.parametrize("name", ["tidal", "Tidal Caches for Small Machines", "My thesis"])
async def test_it_tells_what_the_paper_is_about(
    name: str, paper: list[tuple[str, int | None, str]]
) -> None:
    played = await ask(QUESTION.format(name), paper)
    found = quotes(played.said)
    assert not played.declined
    assert 2 <= len(found) <= 5
    assert any(text.startswith("We present tidal caches, a method") for text, _ in found)
    assert found[0][1] == "[tidal p. 1]"
    assert "Journal" not in played.said
    assert [cite for _, cite in found] == sorted(cite for _, cite in found)


async def test_follow_up_and_page(paper: list[tuple[str, int | None, str]]) -> None:
    played = await ask("What is on page 3?", paper)
    assert {cite for _, cite in quotes(played.said)} == {"[tidal p. 3]"}
    assert "Waiting fell from 12 to 6 seconds" in played.said
    missing = await ask("What is on page 9?", paper)
    assert missing.declined
    assert "nothing I could quote from page 9" in missing.said


async def test_another_topic_is_declined(paper: list[tuple[str, int | None, str]]) -> None:
    assert (await ask("Tell me about the Roman empire", paper)).declined
    assert (await ask("How do I reduce tomatoes?", paper)).declined
