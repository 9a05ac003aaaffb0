"""Labels by which a reply refers to a hit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtui.api.search import Hit
from memtui.search.citation import label


def hit(**fields: Any) -> Hit:
    return Hit(**{"rank": 1, "score": 1.0, "text": "", "passage_id": "p", **fields})


@pytest.mark.parametrize(
    ("fields", "documents", "ordinal", "expected"),
    [
        ({"source": "paper", "document": "a.pdf", "page": 3}, 1, 9, "[paper p. 3]"),
        ({"source": "paper", "document": "a.pdf", "page": 3}, 2, 9, "[paper, a.pdf p. 3]"),
        ({"source": "paper", "page": 3, "page_end": 4}, 1, 0, "[paper pp. 3–4]"),
        ({"source": "paper", "page": 3, "page_end": 3}, 1, 0, "[paper p. 3]"),
        ({"source": "book", "page": 6, "page_label": "iv"}, 1, 0, "[book p. 6]"),
        ({"source": "notes", "document": "a.md"}, 1, 3, "[notes ¶4]"),
        ({"source": "notes", "document": "a.md"}, 5, 0, "[notes, a.md ¶1]"),
        ({"scope": "agent_a"}, 0, 0, "[memory]"),
        ({"scope": "recall_a"}, 0, 0, "[conversation]"),
        ({"source": "a]\n\x1b[2J[b", "page": 1}, 1, 0, "[a) (2J(b p. 1]"),
    ],
)
def test_label(fields: dict[str, Any], documents: int, ordinal: int, expected: str) -> None:
    assert label(hit(**fields, ordinal=ordinal), documents) == expected


@given(st.text(min_size=1), st.text(), st.text())
def test_hostile_names_stay_inside_one_line(source: str, document: str, page: str) -> None:
    said = label(hit(source=source, document=document, page=1, page_label=page), 2)
    assert said.startswith("[")
    assert said.index("]") == len(said) - 1
    assert said.count("[") == 1
    assert said.isprintable() or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in said)
    assert "\n" not in said
    assert len(said) < 300
