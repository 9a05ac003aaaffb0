"""Damaged and hostile PDFs, made by seed: what downloads, disks, bad writers and attackers do."""

import random
import re
import zlib
from collections.abc import Callable
from pathlib import Path

from fpdf import FPDF

from tests.library.pdf_by_hand import assemble, stream

SENTENCE = "The keeper of leaf {} writes down what the weather was. "

Damage = Callable[[random.Random], bytes]


def sound(random_: random.Random, compress: bool = True, **encryption: str | None) -> bytes:
    """A good PDF of a few pages, with an outline and labels."""
    pdf = FPDF()
    pdf.set_compression(compress)
    pdf.set_font("Helvetica", size=11)
    for number in range(1, random_.randint(2, 9)):
        pdf.add_page(label_style="D", label_start=number)
        pdf.start_section(f"Part {number}")
        pdf.multi_cell(0, 6, SENTENCE.format(number) * random_.randint(1, 20))
    if encryption:
        pdf.set_encryption(**encryption)  # type: ignore[arg-type]
    return bytes(pdf.output())


def truncated(random_: random.Random) -> bytes:
    data = sound(random_)
    return data[: random_.randrange(len(data))]


def headless(random_: random.Random) -> bytes:
    data = sound(random_)
    return data[random_.randrange(1, len(data) // 2) :]


def flipped(random_: random.Random) -> bytes:
    data = bytearray(sound(random_, compress=random_.random() < 0.5))
    for _ in range(random_.choice([1, 5, 50, 500])):
        data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    return bytes(data)


def overwritten(random_: random.Random) -> bytes:
    """A sector of zeros, of noise, or of another part of the file."""
    data = bytearray(sound(random_))
    size = random_.randint(1, len(data) // 3)
    at = random_.randrange(len(data) - size)
    other = random_.randrange(len(data) - size)
    data[at : at + size] = random_.choice(
        [bytes(size), random_.randbytes(size), data[other : other + size]]
    )
    return bytes(data)


def shuffled(random_: random.Random) -> bytes:
    """Objects in another order, so that every offset is wrong, and some twice or not at all."""
    parts = re.split(rb"(?=\n\d+ 0 obj)", sound(random_))
    return b"".join(random_.choices(parts, k=len(parts)))


def wrong_numbers(random_: random.Random) -> bytes:
    """Lengths, counts, references and offsets that do not hold."""
    numbers = [b"0", b"-1", b"1", b"7", b"99999", b"2147483648", b"99999999999999999999"]

    def wrong(match: re.Match[bytes]) -> bytes:
        return random_.choice(numbers) if random_.random() < share else match[0]

    share = random_.choice([0.02, 0.1, 0.5])
    return re.sub(rb"(?<=[ \[])\d+(?=[ \]/>\n])", wrong, sound(random_, compress=False))


def _tree(pages: bytes, *more: bytes, catalogue: bytes = b"") -> bytes:
    """Object 1 is the catalogue, 2 the tree, 3 the font, 4 a page and 5 its content."""
    return assemble(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalogue,
            pages,
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            _page(b"5 0 R"),
            stream(_text("A page that can be read.")),
            *more,
        ]
    )


def _page(contents: bytes, extra: bytes = b"") -> bytes:
    return (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %s"
        b"/Resources<</Font<</F 3 0 R>>%s>>>>" % (contents, extra)
    )


def _text(line: str) -> bytes:
    return b"BT /F 11 Tf 60 700 Td (%s) Tj ET" % line.encode()


def page_cycle(random_: random.Random) -> bytes:
    """A tree of pages that contains itself, directly or by way of a child, or twice."""
    return random_.choice(
        [
            _tree(b"<</Type/Pages/Count 2/Kids[4 0 R 2 0 R]>>"),
            _tree(b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>"),
            _tree(
                b"<</Type/Pages/Count 3/Kids[6 0 R 4 0 R]/Parent 6 0 R>>",
                b"<</Type/Pages/Count 2/Kids[2 0 R 4 0 R]/Parent 2 0 R>>",
            ),
            _tree(b"<</Type/Pages/Count 1000000/Kids[4 0 R]>>"),
            _tree(b"<</Type/Pages/Count %d/Kids[4 0 R 4 0 R 4 0 R]>>" % random_.choice([-5, 2, 0])),
        ]
    )


def outline_cycle(random_: random.Random) -> bytes:
    entries = random_.randint(2, 5)
    first = 7
    return _tree(
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
        b"<</Type/Outlines/First %d 0 R/Last %d 0 R>>" % (first, first + entries - 1),
        *(
            b"<</Title(Entry %d)/Dest[4 0 R/Fit]/Parent 6 0 R/Next %d 0 R/First %d 0 R>>"
            % (n, first + (n + 1) % entries, first + random_.randrange(entries))
            for n in range(entries)
        ),
        catalogue=b"/Outlines 6 0 R/PageLabels<</Kids[6 0 R]/Nums[0 6 0 R]>>",
    )


def object_cycle(random_: random.Random) -> bytes:
    """A length that is its own stream, forms that draw each other, a font made of itself."""
    return random_.choice(
        [
            _tree(
                b"<</Type/Pages/Count 1/Kids[6 0 R]>>",
                _page(b"7 0 R"),
                b"<</Length 7 0 R>>stream\n%s\nendstream" % _text("Length of itself."),
            ),
            _tree(
                b"<</Type/Pages/Count 1/Kids[6 0 R]>>",
                _page(b"7 0 R", b"/XObject<</X 8 0 R>>"),
                stream(_text("Before the form.") + b" /X Do"),
                stream(
                    b"/X Do /X Do",
                    b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 8 0 R>>>>",
                ),
            ),
            _tree(
                b"<</Type/Pages/Count 1/Kids[6 0 R]>>",
                b"<</Type/Page/Parent 2 0 R/Contents 5 0 R/Resources<</Font<</F 7 0 R>>>>>>",
                b"<</Type/Font/Subtype/Type0/BaseFont/X/DescendantFonts[7 0 R]/ToUnicode 7 0 R"
                b"/Encoding 7 0 R>>",
            ),
        ]
    )


def bomb(random_: random.Random) -> bytes:
    """Streams that grow a thousandfold: spaces, text, filters upon filters, a map of letters."""
    kind = random_.randrange(4)
    size = random_.choice([5, 60]) << 20
    if kind == 0:
        body = stream(
            zlib.compress(b" " * size + _text("After much space.")), b"/Filter/FlateDecode"
        )
    elif kind == 1:
        line = b"(many words upon words) Tj 0 -12 Td\n"
        drawn = b"BT /F 11 Tf 60 700 Td " + line * (size // 50 // len(line)) + b"ET"
        body = stream(zlib.compress(drawn), b"/Filter/FlateDecode")
    elif kind == 2:
        twice = zlib.compress(zlib.compress(b"q Q " * (size // 4)))
        body = stream(twice, b"/Filter[/FlateDecode/FlateDecode]")
    else:
        body = stream(zlib.compress(b"q " * (size // 8) + _text("Deep.")), b"/Filter/FlateDecode")
    return _tree(b"<</Type/Pages/Count 1/Kids[6 0 R]>>", _page(b"7 0 R"), body)


def many_objects(random_: random.Random, number: int = 20_000) -> bytes:
    good = _tree(b"<</Type/Pages/Count 1/Kids[4 0 R]>>")
    cut = good.index(b"xref\n")
    more = b"".join(b"%d 0 obj null endobj\n" % n for n in range(6, number))
    return good[:cut] + more + good[cut:]


def a_million_objects(random_: random.Random) -> bytes:
    """Plain, or empty ones in a compressed stream, as a small file can hold them."""
    if random_.random() < 0.5:
        return many_objects(random_, 1_000_000)
    index = b"".join(b"%d 0 " % n for n in range(6, 1_000_000))
    packed = stream(
        zlib.compress(index + b"1"),
        b"/Type/ObjStm/N 999994/First %d/Filter/FlateDecode" % len(index),
    )
    return _tree(b"<</Type/Pages/Count 1/Kids[4 0 R]>>", packed)


def deep(random_: random.Random) -> bytes:
    """Nesting without end: arrays, dictionaries, page tree, saved states."""
    depth = random_.choice([500, 5_000, 100_000])
    kind = random_.randrange(4)
    if kind == 0:
        return _tree(
            b"<</Type/Pages/Count 1/Kids[4 0 R]>>", catalogue=b"/X " + b"[" * depth + b"]" * depth
        )
    if kind == 1:
        return _tree(
            b"<</Type/Pages/Count 1/Kids[4 0 R]/X %s1%s>>" % (b"<</X " * depth, b">>" * depth)
        )
    if kind == 2:
        depth = min(depth, 5_000)
        nodes = [b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (n + 7) for n in range(depth)]
        return _tree(b"<</Type/Pages/Count 1/Kids[6 0 R]>>", *nodes, _page(b"5 0 R"))
    body = stream(b"q BT " * depth + _text("Saved."))
    return _tree(b"<</Type/Pages/Count 1/Kids[6 0 R]>>", _page(b"7 0 R"), body)


def encrypted(random_: random.Random) -> bytes:
    """With and without a password for readers, whole, cut, and with a damaged dictionary."""
    from fpdf.enums import EncryptionMethod

    method = random_.choice(
        [EncryptionMethod.RC4, EncryptionMethod.AES_128, EncryptionMethod.AES_256]
    )
    data = sound(
        random_,
        owner_password="owner",
        user_password=random_.choice([None, "word"]),
        encryption_method=method,  # type: ignore[arg-type]
    )
    kind = random_.randrange(4)
    if kind == 1:
        return data[: random_.randrange(len(data) // 2, len(data))]
    if kind == 2:
        return re.sub(rb"/V \d", b"/V 9", data)
    if kind == 3:
        at = data.rindex(b"/O")
        return data[:at] + random_.randbytes(40) + data[at + 40 :]
    return data


def no_pdf(random_: random.Random) -> bytes:
    return random_.choice(
        [
            b"",
            b"%PDF-1.7\n",
            b"%PDF-1.7\n" + random_.randbytes(5_000),
            random_.randbytes(5_000),
            b"<html><body>404 Not Found</body></html>",
            b"%PDF-1.7\n%%EOF\n" * 1_000,
            b"PK\3\4" + random_.randbytes(300),
        ]
    )


DAMAGES: tuple[Damage, ...] = (
    truncated,
    headless,
    flipped,
    overwritten,
    shuffled,
    wrong_numbers,
    page_cycle,
    outline_cycle,
    object_cycle,
    bomb,
    many_objects,
    a_million_objects,
    deep,
    encrypted,
    no_pdf,
)


def make(folder: Path, seed: int) -> Path:
    """The damaged PDF of that seed, always the same."""
    damage = DAMAGES[seed % len(DAMAGES)]
    path = folder / f"{seed:03}-{damage.__name__.replace('_', '-')}.pdf"
    path.write_bytes(damage(random.Random(seed)))
    return path
