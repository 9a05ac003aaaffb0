"""What people read on a page, from files that draw it in unhelpful ways: golden extractions."""

import unicodedata
from pathlib import Path

import pytest
from fpdf import FPDF

from memtui.library.chunking import chunk
from memtui.library.document import DocumentText, UnreadableError
from memtui.library.readers import pdf
from memtui.search.terms import index_terms, query_terms
from tests.library.helpers import make_pdf
from tests.library.pdf_by_hand import Run, width, write

LEFT = """The ship left the harbour early in the
morning and came home late. It carried
salt and letters for the people of the
island, who had waited for a whole week.
Nobody spoke of the storm that had kept
it away for so long, nor of its captain."""
RIGHT = """A garden is described here, with walls,
three wells and several old pear trees.
Children play in it when school is over,
and in autumn its fruit is sold. There is
a book in which each tree has a page that
the gardener alone is allowed to read."""
MIDDLE = """Between the two stands a third story of
no great length: a clock that was mended
so often that no part of it is as old as
its name. It strikes when it likes to do
so, and the whole town has learned to be
on time in spite of it, or to be content."""


def read(path: Path, **choices: str) -> DocumentText:
    return pdf.read(str(path), path.name, lambda number: None, **choices)


def flowing(text: str) -> str:
    return " ".join(text.split())


def column(text: str, x: float, y: float = 700) -> list[Run]:
    return [Run(x, y - 14 * n, line) for n, line in enumerate(text.split("\n"))]


def interleaved(*columns: list[Run]) -> list[Run]:
    return [run for row in zip(*columns, strict=True) for run in row]


TITLE = Run(180, 740, "A title over all of the columns")
FOOT = Run(120, 560, "A line below that goes over both of them again, to its end.")


def test_columns_drawn_one_after_the_other(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", [TITLE, *column(LEFT, 60), *column(RIGHT, 310)])
    assert flowing(read(path).text) == f"{TITLE.glyphs} {flowing(LEFT)} {flowing(RIGHT)}"


@pytest.mark.parametrize("right_first", [False, True])
def test_columns_drawn_line_by_line(tmp_path: Path, right_first: bool) -> None:
    columns = [column(LEFT, 60), column(RIGHT, 310)]
    drawn = interleaved(*(columns[::-1] if right_first else columns))
    path = write(tmp_path / "a.pdf", [TITLE, *drawn, FOOT])
    parts = [TITLE.glyphs, LEFT, RIGHT, FOOT.glyphs]
    assert flowing(read(path).text) == " ".join(flowing(str(part)) for part in parts)


def test_three_columns_word_by_word(tmp_path: Path) -> None:
    """And a heading within that ends the columns above it."""

    def words(runs: list[Run]) -> list[Run]:
        made = []
        for run in runs:
            x = run.x
            for word in str(run.glyphs).split():
                made.append(Run(x, run.y, word))
                x += 4 * (len(word) + 1)
        return made

    def band(y: float) -> list[Run]:
        lines = interleaved(
            *(column(t, x, y) for t, x in ((LEFT, 30), (MIDDLE, 220), (RIGHT, 410)))
        )
        return [word for line in lines for word in words([line])]

    heading = Run(60, 580, "A heading that stands over the three columns of the second half")
    path = write(tmp_path / "a.pdf", [*band(700), heading, *band(550)], size=8)
    three = f"{flowing(LEFT)} {flowing(MIDDLE)} {flowing(RIGHT)}"
    assert flowing(read(path).text) == f"{three} {heading.glyphs} {three}"


def test_the_rows_of_a_table_stay(tmp_path: Path) -> None:
    rows = [("Austria", "8.9", "Vienna"), ("Belgium", "11.5", "Brussels"), ("Chad", "17.7", "N")]
    runs = [
        Run(60 + 150 * n, 700 - 14 * m, cell)
        for m, row in enumerate(rows * 4)
        for n, cell in enumerate(row)
    ]
    assert flowing(read(write(tmp_path / "a.pdf", runs)).text) == flowing(
        " ".join(" ".join(row) for row in rows * 4)
    )


def test_ligatures_and_hyphens(tmp_path: Path) -> None:
    lines = [
        "The of\ufb01ce was dif\ufb01cult to \ufb01nd, the street being long and badly lit: recog-",
        "nition of the well-known problem that every \ufb02oor has its own door, and no num-",
        "ber. Who asks is sent on to the next one, where the same is said again, in well-",
        "known words that nobody listens to any more, because they are always the same.",
    ]
    path = write(tmp_path / "a.pdf", [Run(60, 700 - 14 * n, line) for n, line in enumerate(lines)])
    text = read(path).text
    assert "badly lit: recognition of the well-known problem" in text
    assert "and no number." in text
    assert "in well-known words" in text
    assert "The office was difficult to find" in unicodedata.normalize("NFKC", text)
    assert set(query_terms("of\ufb01ce")) & set(index_terms(text).split())


def test_accents_that_older_tex_draws_beside_their_letters(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", [Run(60, 700, "Niels M¨oller, Jos´e, na´ıve; 5 ˚ and a ¨ b")])
    assert read(path).text == "Niels Möller, José, naíve; 5 ˚ and a ¨ b"


def right_to_left(text: str, x: float = 500, y: float = 700) -> list[Run]:
    runs = []
    for letter in text:
        x -= width(letter) / 100
        runs.append(Run(x, y, letter))
    return runs


HEBREW = "שלום לכל הקוראים של הספר (מהדורה 12) memtui וגם דבר אחר."
HEBREW_DRAWN = ".רחא רבד םגו memtui (12 הרודהמ) רפסה לש םיארוקה לכל םולש"


def test_hebrew_drawn_from_left_to_right(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", [Run(60, 700, HEBREW_DRAWN)])
    text = read(path).text
    assert text == HEBREW
    assert set(query_terms("הקוראים")) <= set(index_terms(text).split())


def test_letters_drawn_one_by_one_from_the_right(tmp_path: Path) -> None:
    """pdfium leaves out all of them."""
    path = write(tmp_path / "a.pdf", right_to_left("שלום לכל הקוראים"))
    assert read(path).text == "שלום לכל הקוראים"


def test_arabic_presentation_forms(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", [Run(60, 700, "ﺍﻟﺴﻼﻡ ﻋﻠﻴﻜﻢ"[::-1])])
    text = read(path).text
    assert text == "السلام عليكم"
    assert set(query_terms("السلام")) <= set(index_terms(text).split())


def test_arabic_glyphs_of_several_letters(tmp_path: Path) -> None:
    glyphs = [*"مكيلع ", "م", "لا", *"سلا"]
    path = write(tmp_path / "a.pdf", [Run(60, 700, glyphs)])
    assert read(path).text == "السلام عليكم"


CHINESE = "检索系统的设计与实现需要考虑很多方面的问题，例如速度与准确。"
JAPANESE = "図書館の本は誰でも読むことができます。"


def test_chinese_and_japanese(tmp_path: Path) -> None:
    rows = [CHINESE[:16], CHINESE[16:], JAPANESE]
    path = write(tmp_path / "a.pdf", [Run(60, 700 - 14 * n, row) for n, row in enumerate(rows)])
    text = read(path).text
    assert text.replace("\n", "") == CHINESE + JAPANESE
    for query in ("准确", "図書館", "检索系统"):
        assert set(query_terms(query)) <= set(index_terms(text).split())


def test_rubbish_is_read_by_the_other_extractor_or_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.pdf", [Run(60, 700, "Good.")], [Run(60, 700, "\ue001\ue002\ue003")])
    document = read(path)
    assert [page.text for page in document.pages] == ["Good.", ""]
    assert document.notes == [
        "a.pdf: 1 of 2 pages show something but have no text (2). If they are scans, run OCR on it "
        "(for example ocrmypdf) and load it again."
    ]
    monkeypatch.setattr(pdf._Second, "page", lambda self, number: f"The other one read {number}.")
    assert read(path).pages[1].text == "The other one read 2."
    monkeypatch.setattr(pdf._Second, "page", lambda self, number: "(cid:12)(cid:7)(cid:9)")
    assert read(path).pages[1].text == ""


def with_outline(path: Path) -> Path:
    made = FPDF()
    made.set_font("Helvetica", size=11)
    for number, (label, title, level) in enumerate(
        [("r", "", 0), ("D", "One", 0), ("D", "Part", 1), ("D", "Two", 0)], 1
    ):
        made.add_page(label_style=label, label_start=1 if number < 3 else None)
        if title:
            made.start_section(title, level=level)
        made.multi_cell(0, 6, f"{title}\nThis is what stands on leaf {number}.")
    made.output(str(path))
    return path


def test_outline_and_labels(tmp_path: Path) -> None:
    document = read(with_outline(tmp_path / "a.pdf"))
    assert [page.label for page in document.pages][:2] == ["i", "1"]
    assert [(h.level, h.title) for h in document.headings] == [(1, "One"), (2, "Part"), (1, "Two")]
    passages = list(chunk(document))
    assert [(p.page, p.section) for p in passages] == [(1, ""), (2, "One"), (3, "Part"), (4, "Two")]


@pytest.mark.parametrize(
    ("choice", "pages", "sections"),
    [("2", [2], ["One"]), ("1,4-", [1, 4], ["", "Two"]), ("3-9", [3, 4], ["Part", "Two"])],
)
def test_chosen_pages(tmp_path: Path, choice: str, pages: list[int], sections: list[str]) -> None:
    document = read(with_outline(tmp_path / "a.pdf"), pages=choice)
    assert [page.number for page in document.pages] == pages
    assert [(p.page, p.section) for p in chunk(document)] == list(zip(pages, sections, strict=True))


def test_no_such_pages(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"a\.pdf has only 4 pages: none of 5-\. Choose") as p:
        read(with_outline(tmp_path / "a.pdf"), pages="5-")
    assert p.value.state == "empty"


@pytest.mark.parametrize("password", ["word", "owner"])
def test_a_password_opens(tmp_path: Path, password: str) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["Secret."], password="word")
    assert read(path, password=password).text == "Secret."
    with pytest.raises(UnreadableError, match=r"The password does not open a\.pdf\. Check it"):
        read(path, password="wrong")


def test_a_password_that_is_not_needed_does_no_harm(tmp_path: Path) -> None:
    assert read(make_pdf(tmp_path / "a.pdf", ["Open."]), password="x").text == "Open."
    owned = make_pdf(tmp_path / "b.pdf", ["Free to read."], password="")
    assert read(owned, password="owner").text == "Free to read."
