"""Files of office programs, made here: by their libraries, or part by part."""

import re
import sys
import zipfile
from pathlib import Path

import pytest

from memtui.library.document import DocumentText, UnreadableError
from memtui.library.files import FoundFile
from memtui.library.reader_pool import Limits, ReaderPool
from memtui.library.readers import kind_of, reader_of

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tower\n&#x202e;s'
    "</dc:title><dc:creator>Ada Byron</dc:creator></cp:coreProperties>"
)


def pack(path: Path, parts: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def make_docx(path: Path, body: str, **more: str | bytes) -> Path:
    package = "http://schemas.openxmlformats.org/package/2006"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return pack(
        path,
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default '
            'Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml"'
            f' ContentType="{main}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/styles.xml": f"<w:styles {WORD}>"
            + "".join(
                f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/>'
                "</w:style>"
                for n in (1, 2)
            )
            + "</w:styles>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="s" Type="{office}/styles" Target="styles.xml"/></Relationships>',
            "word/document.xml": f"<w:document {WORD}><w:body>{body}</w:body></w:document>",
            "docProps/core.xml": CORE,
            **more,
        },
    )


def paragraph(text: str, style: str = "") -> str:
    how = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{how}<w:r><w:t>{text}</w:t></w:r></w:p>"


def make_pptx(path: Path) -> Path:
    import pptx

    deck = pptx.Presentation()
    deck.core_properties.title = "A deck"
    deck.core_properties.author = "Martha Quill"
    for title, text in (("Copper", "It melts at 1085 degrees."), ("Tin", "It melts at 232.")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    slide.notes_slide.notes_text_frame.text = "Speak slowly."
    table = slide.shapes.add_table(1, 2, 0, 0, 9_000_000, 900_000).table
    table.cell(0, 0).text, table.cell(0, 1).text = "symbol", "Sn"
    deck.save(str(path))
    return path


def make_xlsx(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Keepers"
    book.active.append(["Year", None, "Name of the keeper"])
    book.active.append([1871, None, "Martha Quill, " + "a name that goes on " * 5 + "to the end"])
    book.active.append([1911, 2.5, None])
    lenses = book.create_sheet("Lenses")
    lenses.append([None, "first_order", "*"])
    lenses["XFD1048576"] = "far away"
    book.save(str(path))
    return path


def make_epub(path: Path) -> Path:
    spine = "".join(f'<itemref idref="c{n}"/>' for n in (2, 1))
    items = "".join(f'<item id="c{n}" href="c{n}.xhtml"/>' for n in (1, 2))
    chapter = '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>{}</h1><p>{}</p></body></html>'
    return pack(
        path,
        {
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="O/b.opf"/>'
            "</rootfiles></container>",
            "O/b.opf": '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>'
            "The Book</dc:title><dc:creator>E. Hall</dc:creator></metadata><manifest>"
            f"{items}</manifest><spine>{spine}</spine></package>",
            "O/c1.xhtml": chapter.format("The end", "They kept the lamp_light."),
            "O/c2.xhtml": chapter.format("The beginning", "A ship was lost.<script>no()</script>"),
        },
    )


def read(path: Path) -> DocumentText:
    return reader_of(kind_of(str(path)))(str(path), path.name, lambda number: None)


def test_docx(tmp_path: Path) -> None:
    body = (
        paragraph("Keepers", "H1")
        + paragraph("Martha &amp; Rowe kept the lamp_light.")
        + paragraph("Lenses", "H2")
        + "<w:tbl><w:tr><w:tc>"
        + paragraph("first")
        + "</w:tc><w:tc>"
        + paragraph("order")
        + "</w:tc></w:tr></w:tbl>"
    )
    document = read(make_docx(tmp_path / "a.docx", body))
    assert (document.kind, document.title, document.author) == ("docx", "Tower s", "Ada Byron")
    assert document.text.startswith("# Keepers\n\nMartha & Rowe kept the lamp_light.\n\n## Lenses")
    assert "| first | order |" in document.text
    assert [(one.level, one.title) for one in document.headings] == [(1, "Keepers"), (2, "Lenses")]


def test_pptx(tmp_path: Path) -> None:
    document = read(make_pptx(tmp_path / "a.pptx"))
    assert (document.kind, document.title, document.author) == ("pptx", "A deck", "Martha Quill")
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[0].text == "# Copper\nIt melts at 1085 degrees."
    assert "Speak slowly." in document.pages[1].text
    assert "symbol | Sn" in document.pages[1].text
    assert [one.title for one in document.headings][:2] == ["Copper", "Tin"]
    assert document.text[document.headings[1].start :].startswith("# Tin")


def test_xlsx(tmp_path: Path) -> None:
    document = read(make_xlsx(tmp_path / "a.xlsx"))
    assert document.text.startswith("## Keepers\n\nYear |  | Name of the keeper\n1871 |  | Martha")
    assert "to the end\n1911 | 2.5\n\n## Lenses\n\n| first_order | *\n" in document.text
    assert document.text.endswith("*\n| far away")
    assert [one.title for one in document.headings] == ["Keepers", "Lenses"]


def test_epub(tmp_path: Path) -> None:
    document = read(make_epub(tmp_path / "a.epub"))
    assert (document.kind, document.title, document.author) == ("epub", "The Book", "E. Hall")
    assert document.text == (
        "# The beginning\n\nA ship was lost.\n\n# The end\n\nThey kept the lamp_light."
    )
    assert [one.title for one in document.headings] == ["The beginning", "The end"]


def test_epub_that_says_nothing_about_itself(tmp_path: Path) -> None:
    path = make_epub(tmp_path / "a.epub")
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    parts["O/b.opf"] = re.sub(b"<dc:.*?</dc:[a-z]*>", b"", parts["O/b.opf"])
    document = read(pack(path, parts))
    assert (document.title, document.author) == ("The beginning", "")
    assert document.text.startswith("# The beginning\n\nA ship was lost.")


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [make_epub(tmp_path / "a.epub"), make_xlsx(tmp_path / "a.xlsx")]
    for name in ("markitdown", "openpyxl"):
        monkeypatch.setitem(sys.modules, name, None)
    for path in files:
        with pytest.raises(UnreadableError) as problem:
            read(path)
        assert str(problem.value) == (
            f"{path.name} needs the extra for DOCX, PPTX, XLSX and EPUB. Install it (uv tool "
            "install 'memtui[office]', or pip install 'memtui[office]') and load the file again."
        )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\3\4 cut off", "a.docx is damaged, or no DOCX file."),
        (b"just text", "a.docx is damaged, or no DOCX file."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.docx is encrypted, or in an older format."),
    ],
)
def test_no_docx(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.docx").write_bytes(content)
    with pytest.raises(UnreadableError) as problem:
        read(tmp_path / "a.docx")
    assert str(problem.value).startswith(reason)


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_docx(tmp_path / "a.docx", paragraph("a") * 1000)
    monkeypatch.setattr("memtui.library.readers.office._LARGEST", 10_000)
    with pytest.raises(UnreadableError, match=r"a\.docx unpacks to 0\.0 GB, more than"):
        read(path)


async def test_a_bomb_costs_only_itself(tmp_path: Path) -> None:
    """A few kilobytes that become more than the reader process may take."""
    bomb = make_docx(tmp_path / "bomb.docx", paragraph("a") * 600_000)
    assert bomb.stat().st_size < 300_000
    good = make_docx(tmp_path / "good.docx", paragraph("Copper melts at 1085 degrees."))
    pool = ReaderPool(size=1, limits=Limits(seconds=60, memory=600_000_000))
    try:
        with pytest.raises(UnreadableError, match=r"^bomb\.docx "):
            await pool.read(FoundFile(str(bomb), 1), lambda pages: None)
        reading = await pool.read(FoundFile(str(good), 1), lambda pages: None)
        assert reading.passages[0].text == "Copper melts at 1085 degrees."
    finally:
        await pool.close()


def test_what_a_document_links_to_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    entity = (
        f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file://{secret}">]><w:document {WORD}>'
        "<w:body><w:p><w:r><w:t>Before &x; after</w:t></w:r></w:p></w:body></w:document>"
    )
    path = make_docx(tmp_path / "a.docx", "", **{"word/document.xml": entity})
    try:
        text = read(path).text
    except Exception as error:  # noqa: BLE001 - refused, which is as good
        text = str(error)
    assert "the secret" not in text
