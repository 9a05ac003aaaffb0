"""Page numbers and running heads are no part of the text; all else stays."""

import pytest

from memtui.library.chunking import chunk
from memtui.library.document import DocumentText, PageText
from memtui.library.readers.pdf_margins import without_margins
from memtui.library.readers.pdf_text import tidy

BODIES = [
    f"This is what stands on leaf {word}."
    for word in ["one", "two", "three", "four", "five", "six"]
]


@pytest.mark.parametrize(
    "pages",
    [
        [f"{body}\n{n}" for n, body in enumerate(BODIES, 17)],
        [f"- {n} -\n{body}" for n, body in enumerate(BODIES, 1)],
        [f"{body}\nPage {n} of 6" for n, body in enumerate(BODIES, 1)],
        [
            f"{body}\n\n{n}"
            for n, body in zip(("i", "ii", "iii", "iv", "v", "vi"), BODIES, strict=True)
        ],
        [f"Chapter {n // 2}: The sea {n}\n{body}" for n, body in enumerate(BODIES, 9)],
        [f"{body}\n1" if n == 1 else f"{body}\n2" for n, body in enumerate(BODIES[:2], 1)],
    ],
)
def test_page_numbers_go(pages: list[str]) -> None:
    assert without_margins(pages) == BODIES[: len(pages)]


def test_a_running_head_stays_where_it_stands_first() -> None:
    heads = ["The Sea", "A. Author"] * 3
    pages = [
        f"{head}\n{body}\n{n}" for n, (head, body) in enumerate(zip(heads, BODIES, strict=True), 1)
    ]
    assert without_margins(pages) == [
        f"The Sea\n{BODIES[0]}",
        f"A. Author\n{BODIES[1]}",
        *BODIES[2:],
    ]


@pytest.mark.parametrize(
    "pages",
    [
        ["Only one page\n1"],
        ["Day 1\nWe sail.", "Day 2\nStorm.", "Day 3\nCalm."],
        ["Total\n120", "Total\n80", "Sum\n200"],  # numbers that do not count
        ["Summary\nGood.", "Result\nBad.", "Summary\nGood."],
        ["1", "2", "3"],
        ["", "", ""],
        [],
    ],
)
def test_all_else_stays(pages: list[str]) -> None:
    assert without_margins(pages) == pages


def test_a_sentence_over_a_page_end_is_whole() -> None:
    texts = tidy(
        [f"Page of text. It goes\n{n}" for n in (1, 2)] + ["on and ends.\n3"],
    )
    document = DocumentText("pdf", [PageText(text, n) for n, text in enumerate(texts, 1)])
    last = next(one for one in chunk(document) if one.page_end == 3)
    assert (last.page, last.text.split("\n")) == (2, ["Page of text. It goes", "on and ends."])
