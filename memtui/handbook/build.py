"""Build the handbook: `python -m memtui.handbook.build` makes its PDF from the chapters.

A small subset of Markdown: `#` and `##` headings, paragraphs, lists, fenced code, `code`, **bold**.
The same chapters give the same file: the date is fixed, the fonts are the PDF core fonts (so the
text must be Latin-1). Needs fpdf2, a development dependency.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from fpdf import FPDF
from fpdf.outline import OutlineSection

FOLDER = Path(__file__).parent
PDF = FOLDER / "memtui-handbook.pdf"
TITLE = "The memtui handbook"
SUBTITLE = "Talking to MemGPT agents about your own documents, in the terminal"
DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""Written into the file instead of the time of the build."""

SIZE = 10.5  # points
LINE = 5.2  # millimetres
MARGIN = 26
BULLET = 5
_PENS = {
    "": ("Helvetica", "", SIZE),
    "*": ("Helvetica", "B", SIZE),
    "`": ("Courier", "B", SIZE - 0.7),
    "```": ("Courier", "", 8.8),
}
INK, ACCENT, SHADE = (32, 32, 38), (150, 70, 20), (244, 242, 238)


class Handbook(FPDF):
    def __init__(self) -> None:
        super().__init__()
        self.set_creation_date(DATE)
        self.set_title(TITLE)
        self.set_author("The memtui project")
        self.set_subject(SUBTITLE)
        self.set_keywords("memtui MemGPT Milvus handbook")
        self.set_lang("en-GB")
        self.set_margins(MARGIN, 24)
        self.set_auto_page_break(True, margin=24)

    def footer(self) -> None:
        if self.page_no() > 1:
            self.set_y(-15)
            self.set_font("Helvetica", size=8.5)
            self.set_text_color(120)
            self.cell(0, 8, str(self.page_no()), align="C")
            self.set_text_color(*INK)

    def pen(self, kind: str) -> None:
        """Take the font for `kind`: "`" code, "*" bold, "" text."""
        font, style, size = _PENS[kind]
        self.set_font(font, style, size)
        self.set_text_color(*INK)

    def rich(self, text: str) -> None:
        """A paragraph with `code` and **bold**, flowing between the margins.

        Lines break at spaces only: fpdf's own `write` breaks words where the font changes.
        """
        line: list[tuple[str, str]] = []
        used = 0.0
        for word in _words(text):
            width = 0.0
            for kind, piece in word:
                self.pen(kind)
                width += self.get_string_width(piece)
            self.pen("")
            space = self.get_string_width(" ")
            if line and used + space + width > self.epw - 2 * self.c_margin:
                self._emit(line)
                line, used = [], 0.0
            if line:
                line.append(("", " "))
                used += space
            line += word
            used += width
        self._emit(line)

    def _emit(self, line: list[tuple[str, str]]) -> None:
        self.set_x(self.l_margin + self.c_margin)
        for kind, pieces in groupby(line, key=lambda piece: piece[0]):
            text = "".join(piece for _, piece in pieces)
            self.pen(kind)
            margin, self.c_margin = self.c_margin, 0
            self.cell(self.get_string_width(text), LINE, text)
            self.c_margin = margin
        self.ln(LINE)

    def need(self, height: float) -> None:
        """Begin a new page when less than `height` millimetres are left on this one."""
        if self.will_page_break(height):
            self.add_page()

    def chapter(self, number: int, text: str) -> None:
        if number > 1:  # the contents end with a new page
            self.ln(12)
            self.need(110)
        self.start_section(f"{number}  {text}")
        self.set_font("Helvetica", "B", 19)
        self.set_text_color(*ACCENT)
        self.multi_cell(0, 9, f"{number}  {text}", align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(5)

    def section(self, text: str) -> None:
        self.need(26)
        self.ln(3)
        self.start_section(text, level=1)
        self.set_font("Helvetica", "B", 12.5)
        self.set_text_color(*INK)
        self.multi_cell(0, 7, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1)

    def paragraph(self, text: str) -> None:
        self.need(3 * LINE)
        self.rich(text)
        self.ln(2.2)

    def item(self, text: str) -> None:
        self.need(2 * LINE)
        self.set_fill_color(*ACCENT)  # drawn: as text it would be read with the sentence
        self.ellipse(self.l_margin + 1.6, self.get_y() + LINE / 2 - 0.4, 1.0, 1.0, style="F")
        self.set_left_margin(MARGIN + BULLET)
        self.rich(text)
        self.set_left_margin(MARGIN)
        self.ln(1)

    def code(self, lines: list[str]) -> None:
        self.need(LINE * len(lines) + 4)
        self.pen("```")
        self.set_fill_color(*SHADE)
        self.multi_cell(
            0, LINE, "\n".join(lines), align="L", fill=True, padding=2, new_x="LMARGIN",
            new_y="NEXT",
        )  # fmt: skip
        self.ln(3)


def _words(text: str) -> Iterator[list[tuple[str, str]]]:
    """The words of a paragraph, each as its (pen, text) pieces: "`code`," is one word of two."""
    word: list[tuple[str, str]] = []
    for piece in re.split(r"(`[^`]+`|\*\*.+?\*\*)", text):
        kind = piece[0] if piece.startswith(("`", "**")) else ""
        for part in re.split("( )", piece.strip("`") if kind == "`" else piece.strip("*")):
            if part == " ":
                if word:
                    yield word
                word = []
            elif part:
                word.append((kind, part))
    if word:
        yield word


def chapters() -> list[Path]:
    return sorted(FOLDER.glob("[0-9][0-9]-*.md"))


def blocks(markdown: str) -> Iterator[tuple[str, list[str]]]:
    """(kind, lines) of each block; kinds are `#`, `##`, `-`, "```" and "" for a paragraph."""
    for fenced, text in _fences(markdown):
        if fenced:
            yield "```", text.split("\n")
            continue
        for block in re.split(r"\n\s*\n", text.strip("\n")):
            for kind in ("## ", "# ", "- "):
                if block.startswith(kind):
                    items = block.removeprefix(kind).split(f"\n{kind}")
                    for item in items:
                        yield kind.strip(), [item]
                    if kind == "- ":
                        yield "end", []
                    break
            else:
                if block.strip():
                    yield "", block.split("\n")


def _fences(markdown: str) -> Iterator[tuple[bool, str]]:
    for number, part in enumerate(re.split(r"^```.*\n?", markdown, flags=re.MULTILINE)):
        yield number % 2 == 1, part.rstrip("\n")


def build() -> bytes:
    """The PDF. Raises UnicodeEncodeError for a character that the core fonts lack."""
    pdf = Handbook()
    _title_page(pdf)
    pdf.add_page()
    pdf.insert_toc_placeholder(_contents, pages=2)
    for number, path in enumerate(chapters(), 1):
        text = path.read_text("utf-8")
        text.encode("latin-1")
        for kind, lines in blocks(text):
            if kind == "#":
                pdf.chapter(number, lines[0])
            elif kind == "##":
                pdf.section(lines[0])
            elif kind == "-":
                pdf.item(" ".join(lines))
            elif kind == "end":
                pdf.ln(1.5)
            elif kind == "```":
                pdf.code(lines)
            else:
                pdf.paragraph(" ".join(lines))
    return bytes(pdf.output())


def _title_page(pdf: Handbook) -> None:
    pdf.add_page()
    pdf.set_y(90)
    pdf.set_font("Helvetica", "B", 30)
    pdf.set_text_color(*ACCENT)
    pdf.cell(0, 14, TITLE, new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", size=13)
    pdf.set_text_color(*INK)
    pdf.multi_cell(0, 8, SUBTITLE, align="L")


def _contents(pdf: FPDF, outline: list[OutlineSection]) -> None:
    pdf.set_x(MARGIN)
    pdf.set_font("Helvetica", "B", 19)
    pdf.set_text_color(*ACCENT)
    pdf.cell(0, 12, "Contents", new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(*INK)
    for section in outline:
        chapter = section.level == 0
        if chapter:
            pdf.ln(1.4)
        pdf.set_font("Helvetica", "B" if chapter else "", 10 if chapter else 9)
        link = pdf.add_link(page=section.page_number)
        pdf.set_x(MARGIN if chapter else MARGIN + 6)
        number = str(section.page_number)
        pdf.cell(pdf.epw - (0 if chapter else 6) - 12, 4.6, section.name, link=link)
        pdf.cell(12, 4.6, number, align="R", link=link, new_x="LMARGIN", new_y="NEXT")


def main() -> None:
    PDF.write_bytes(build())
    sys.stdout.write(f"{PDF}\n")


if __name__ == "__main__":
    main()
