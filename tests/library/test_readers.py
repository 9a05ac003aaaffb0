from pathlib import Path

import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter

from memtui.library.document import DocumentText, UnreadableError
from memtui.library.readers import kind_of, pdf_text, reader_of
from memtui.library.readers.pdf_about import find_title
from memtui.library.readers.text import clean
from tests.library.helpers import make_pdf


def read(path: Path) -> DocumentText:
    return reader_of(kind_of(str(path)))(str(path), path.name, lambda number: None)


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(UnreadableError) as problem:
        read(path)
    return problem.value.state, str(problem.value)


SENTENCE = "The quick brown fox jumps over the lazy dog while the farmer looks on and laughs. "


def test_pdf_pages_title_and_wrapped_lines(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf", [SENTENCE * 8, "Second page."], title="A\nTitle", author="B"
    )
    pages: list[int] = []
    document = reader_of("pdf")(str(path), "a.pdf", pages.append)
    assert (document.kind, document.title, document.author) == ("pdf", "A Title", "B")
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == (SENTENCE * 8).strip()
    assert pages == [1, 2]
    assert document.notes == []


def test_pdf_with_an_owner_password_opens(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["Free to read."], password="")
    assert read(path).pages[0].text == "Free to read."


def test_pdf_encrypted(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "paper.pdf", ["Secret."], password="word")
    assert refused(path) == (
        "failed",
        "paper.pdf is encrypted. Load it again with --password, or remove its password (for "
        "example with qpdf --decrypt).",
    )


def test_pdf_without_text(tmp_path: Path) -> None:
    scan = FPDF()
    scan.add_page()
    scan.rect(10, 10, 50, 50, "F")
    scan.output(str(tmp_path / "scan.pdf"))
    assert refused(tmp_path / "scan.pdf") == (
        "scanned",
        "scan.pdf has no text layer. Run OCR on it (for example ocrmypdf) and load it again.",
    )
    assert refused(make_pdf(tmp_path / "blank.pdf", ["", ""])) == (
        "empty",
        "blank.pdf has only blank pages. Check what it is, or get it anew.",
    )


def test_pdf_without_pages_is_not_taken_for_an_encrypted_one(tmp_path: Path) -> None:
    refused(make_pdf(tmp_path / "secret.pdf", ["Secret."], password="word"))
    PdfWriter().write(tmp_path / "none.pdf")
    state, sentence = refused(tmp_path / "none.pdf")
    assert (state, sentence[:23]) == ("empty", "none.pdf has no pages. ")


def test_pdf_mostly_without_text_is_noted(tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    for page in ("Text.", "", "picture", "picture", "Text.", "picture"):
        pdf.add_page()
        if page == "picture":
            pdf.rect(10, 10, 50, 50, "F")
        elif page:
            pdf.multi_cell(0, 6, page)
    pdf.output(str(tmp_path / "a.pdf"))
    (note,) = read(tmp_path / "a.pdf").notes
    assert note.startswith("a.pdf: 3 of 6 pages show something but have no text (3–4, 6). If they")


@pytest.mark.parametrize(("cut", "pages"), [(10, 20), (400, 20), (5000, 15)])
def test_pdf_truncated(tmp_path: Path, cut: int, pages: int) -> None:
    path = make_pdf(tmp_path / "a.pdf", [SENTENCE * 3] * 20)
    path.write_bytes(path.read_bytes()[:-cut])
    document = read(path)
    assert sum(bool(page.text) for page in document.pages) == pages
    assert document.pages[0].text.startswith("The quick")
    assert document.notes[0].startswith(f"a.pdf is cut off or damaged at its end; {pages} pages")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"just some text", "a.pdf is not a PDF. If it is text, rename it to end in .txt"),
        (b"\x89PNG\0\0", "a.pdf is not a PDF. Check what it is"),
        (b"%PDF-1.4\n%%EOF", "a.pdf is too damaged to be read."),
        (b"%PDF-1.7 \0\1\2 garbage", "a.pdf is too damaged to be read."),
    ],
)
def test_no_pdf(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    assert refused(path)[1].startswith(sentence)


def test_pypdf_covers_for_pdfium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["Read by the other one.", "And this."], title="T")
    monkeypatch.setattr("memtui.library.readers.pdf._open_pdfium", lambda *_: None)
    document = read(path)
    assert [page.text for page in document.pages] == ["Read by the other one.", "And this."]
    assert document.title == "T"


def test_outline_becomes_sections(tmp_path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    pdf.multi_cell(0, 6, "Before anything.\n\n1.2 Of Memory\nText.")
    pdf.start_section("Of Memory")
    pdf.output(str(tmp_path / "a.pdf"))
    document = read(tmp_path / "a.pdf")
    (heading,) = document.headings
    assert (heading.title, heading.level) == ("Of Memory", 1)
    assert document.text[heading.start :].startswith("1.2 Of Memory")


@pytest.mark.parametrize(
    ("page", "place"),
    [("Of Memory\nx", 0), ("x\nChapter 7: Of  memory", 2), ("all of memory\n", 0), ("x\ny", 0)],
)
def test_finding_a_title(page: str, place: int) -> None:
    assert find_title("Of Memory", page) == place


def test_hyphens_at_line_ends() -> None:
    full = "a line of text that is as wide as the column can be at its very widest"
    words = "we saw a recog\ufffenition of well\ufffeknown GPT\ufffeFour things"
    raw = pdf_text.raw(f"{full}\n{full}\n{full}\n{words}")
    (tidied,) = pdf_text.tidy([raw + "\nIt is well-known."])
    assert "recognition of well-known GPT-Four things" in tidied


def test_lists_listings_and_contents_keep_their_lines() -> None:
    wide = "word " * 15
    lines = [wide.strip()] * 5 + [
        "the end.",
        f"{wide}7",  # a footnote's number
        "3 Baz",
        "int main() {",
        "  return 0;",
        "}",
        "1 Intro . . . . . . . . 3",
    ]
    (tidied,) = pdf_text.tidy(["\n".join(lines)])
    assert tidied.startswith("word word")
    assert tidied.endswith(f"the end.\n{wide}7\n3 Baz\nint main() {{\n  return 0;\n}}\n1 Intro … 3")
    assert tidied.count("\n") == 6


def test_chinese_lines_are_joined_without_a_space() -> None:
    (tidied,) = pdf_text.tidy(["\n".join(["检索系统的设计与实现需要考虑很多方面的问题和困难"] * 4)])
    assert "\n" not in tidied
    assert " " not in tidied


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Grüße, 世界"),
        ("utf-8-sig", "Grüße"),
        ("utf-16", "Grüße, 世界"),
        ("utf-16-le", "Plain English text in two bytes a letter"),
        ("utf-32", "Grüße"),
        ("cp1252", "Die Männer fuhren über die Brücke und grüßten die Mädchen. " * 5),
        ("cp1252", "Le garçon a mangé une pêche à côté de l'hôtel, où il était déjà."),
        ("cp1252", "“It’s 5 € – or so,” said the man who kept the lighthouse on the cape."),
        ("cp1250", "Praha je hlavní a současně největší město České republiky."),
        ("koi8-r", "Съешь ещё этих мягких французских булок."),
        ("shift_jis", "これは日本語の文章です。検索できるはずです。" * 10),
        ("cp1251", "Это русский текст, который должен быть найден поиском. " * 5),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert read(path).text == text


@pytest.mark.parametrize(
    "content", [b"\0\1\2\3" * 100, bytes(range(256)) * 20, b"\x7fELF\0\0\0"], ids=len
)
def test_binary_is_no_text(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert refused(path) == ("failed", "a.txt is not text. Load documents, or files of text.")


def test_control_characters_go_and_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("a\x1b[31mb\r\nc\fd\u2028e\u202ef\U000e0041 ﬁne\ttab".encode())
    assert read(path).text == "a[31mb\nc\nd\nef ﬁne\ttab"


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_cleaned_like_other_text(text: str) -> None:
    assert clean(text) + "é" == clean(text + "é")


def test_blank_text_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(" \n\t ")
    assert refused(path) == ("empty", "a.txt contains no text.")


def test_markdown_headings(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    text = (
        "# The *Big* [Title](x) #\ntext\n\n```sh\n# no heading\n```\nUnder\n=====\n#nospace\n"
        "### Deep\n\n---\n"
    )
    path.write_text(text)
    document = read(path)
    assert document.text == text
    found = [(heading.level, heading.title) for heading in document.headings]
    assert found == [(1, "The Big Title"), (1, "Under"), (3, "Deep")]
    assert document.title == "The Big Title"
    assert text[document.headings[1].start :].startswith("Under")


def test_markdown_front_matter_and_what_is_no_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "---\ntitle: 'On Towers'\nauthors: [Ada Byron, E. Hall]\ntags: x\n---\n# Towers\n"
        "- a list\n---\n> a quotation\n---\n| a | table |\n---\n"
        "```\n```python\n# code\n```\n## After\n"
    )
    document = read(path)
    assert (document.title, document.author) == ("On Towers", "Ada Byron, E. Hall")
    assert [heading.title for heading in document.headings] == ["Towers", "After"]
    assert "tags: x" in document.text
    path.write_text("---\nno front matter, only a line\n# One\n")
    assert [heading.title for heading in read(path).headings] == ["One"]


def test_kinds() -> None:
    assert [kind_of(name) for name in ("a.PDF", "a.md", "a.txt", "a.rst", "README")] == [
        "pdf",
        "markdown",
        "text",
        "text",
        "text",
    ]
