"""Small PDFs written by hand: any script (no font is embedded, a ToUnicode map says what each
glyph means), each run of text at its place and in the order that the test wants it drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SIZE = 10.0
"""Of the font, in points. Every glyph of it is half as wide, but for wide scripts."""


@dataclass(frozen=True)
class Run:
    """Text drawn from (x, y) to the right, glyph by glyph. A glyph may mean several characters."""

    x: float
    y: float
    glyphs: Sequence[str]


def width(glyph: str) -> int:
    """In thousandths of the font's size."""
    return 1000 if glyph >= "\u2e80" and not "\ufb00" <= glyph <= "\ufeff" else 500


def write(path: Path, *pages: Iterable[Run], size: float = SIZE) -> Path:
    drawn = [list(page) for page in pages]
    glyphs = list(dict.fromkeys(glyph for page in drawn for run in page for glyph in run.glyphs))
    codes = {glyph: code for code, glyph in enumerate(glyphs, 1)}
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]>>"
        % (len(drawn), b" ".join(b"%d 0 R" % (6 + 2 * n) for n in range(len(drawn)))),
        b"<</Type/Font/Subtype/Type0/BaseFont/Glyphs/Encoding/Identity-H"
        b"/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Glyphs/DW 500/W[1[%s]]"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/FontDescriptor<</Type/FontDescriptor/FontName/Glyphs/Flags 4/Ascent 800/Descent -200"
        b"/CapHeight 700/StemV 80/ItalicAngle 0/FontBBox[0 -200 1000 800]>>>>"
        % b" ".join(b"%d" % width(glyph) for glyph in glyphs),
        stream(_to_unicode(codes)),
    ]
    for number, page in enumerate(drawn):
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>>>>>" % (7 + 2 * number)
        )
        objects.append(stream(b"\n".join(_draw(run, codes, size) for run in page)))
    path.write_bytes(assemble(objects))
    return path


def assemble(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A whole PDF; the first object is the catalogue."""
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return data + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R%s>>\n"
        b"startxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, trailer, len(data))
    )


def stream(body: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(body), extra, body)


def _draw(run: Run, codes: dict[str, int], size: float) -> bytes:
    shown = b"".join(b"%04x" % codes[glyph] for glyph in run.glyphs)
    return b"BT /F %g Tf 1 0 0 1 %g %g Tm <%s> Tj ET" % (size, run.x, run.y, shown)


def _to_unicode(codes: dict[str, int]) -> bytes:
    pairs = [
        b"<%04x> <%s>" % (code, glyph.encode("utf-16-be").hex().encode())
        for glyph, code in codes.items()
    ]
    blocks = b"".join(
        b"%d beginbfchar\n%s\nendbfchar\n"
        % (len(pairs[at : at + 100]), b"\n".join(pairs[at : at + 100]))
        for at in range(0, len(pairs), 100)
    )
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CMapName /M def\n"
        b"1 begincodespacerange <0000> <ffff> endcodespacerange\n%sendcmap end end" % blocks
    )
