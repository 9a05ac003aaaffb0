"""English prose in any amount, the same every time: sentences of Python's own manual, shuffled.

The manual ships with Python (`pydoc_data`), so nothing has to be downloaded or kept in the tree.
"""

import random
import re
import textwrap
from functools import cache
from pathlib import Path

SEED = 20_230_701
PAGE_CHARACTERS = 2_800
"""A page of a manual set in 10 points."""
LINE_CHARACTERS = 105
LAST_WORD = "zyzzogeton"
"""A word that no manual has."""


@cache
def sentences() -> tuple[str, ...]:
    """Some 3,000 different sentences of 40 to 300 characters, printable ASCII."""
    from pydoc_data.topics import topics

    found: dict[str, None] = {}
    for name in sorted(topics):
        for paragraph in re.split(r"\n\s*\n", topics[name]):
            text = " ".join(paragraph.replace("*", "").replace('"', "").split())
            for sentence in re.split(r"(?<=[.!?]) +(?=[A-Z])", text):
                words = re.findall(r"[A-Za-z]{2,}", sentence)
                letters = sum(len(word) for word in words)
                prose = letters > 0.75 * len(sentence) and sentence[-1:] in ".!?"
                if 40 <= len(sentence) <= 300 and prose and sentence.isascii():
                    found[sentence] = None
    return tuple(found)


def text(characters: int, chance: random.Random) -> str:
    """Whole sentences, at least `characters` in all."""
    chosen: list[str] = []
    while sum(map(len, chosen)) + len(chosen) < characters:
        chosen.append(chance.choice(sentences()))
    return " ".join(chosen)


def page(number: int, seed: int = SEED) -> str:
    """Page `number` of the book `seed`: a few paragraphs."""
    chance = random.Random(f"{seed} {number}")
    return "\n\n".join(text(PAGE_CHARACTERS // 4, chance) for _ in range(4))


def pdf(path: Path, pages: int, seed: int = SEED) -> Path:
    """A PDF of `pages` pages with a text layer; LAST_WORD stands at its very end."""
    from fpdf import FPDF

    document = FPDF()
    document.set_font("Helvetica", size=10)
    for number in range(pages):
        document.add_page()
        content = page(number, seed)
        if number == pages - 1:
            content += f" {LAST_WORD}."
        for paragraph in content.split("\n\n"):
            for line in textwrap.wrap(paragraph, LINE_CHARACTERS):
                document.cell(0, 4.5, line, new_x="LMARGIN", new_y="NEXT")
            document.ln(3)
    document.output(str(path))
    return path
