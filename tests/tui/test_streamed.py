"""A reply while it arrives: as it will look at the end, at a cost that does not grow with it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from memtui.tui import prose
from memtui.tui.streamed import UNSETTLED, Streamed

WORDS = "Some words of a reply that goes on. "
PARTS = {
    "a line": "W" * 36,
    "a paragraph": WORDS,
    "lines": WORDS + "\n",
    "a list": f"- {WORDS}\n",
    "rows of a table": f"| {WORDS}| 1 |\n",
    "paragraphs": WORDS + "\n\n",
}


def told(text: str, step: int = 7) -> list[str]:
    stream = Streamed(None, 60)
    lines: list[str] = []
    for end in range(step, len(text) + step, step):
        lines = [line.plain.rstrip() for line in stream.lines(text[:end])]
    return lines


@pytest.mark.parametrize("begin", ["", "Look:\n\n```python\n", "| a | b |\n|---|---|\n"])
@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_the_next_token_costs_the_same_however_much_there_is(
    begin: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out: list[int] = []

    def counted(plain: Callable[..., Any], text: str, *rest: Any) -> Any:
        laid_out[-1] += len(text)
        return plain(text, *rest)

    for name in ("lines", "plain_lines"):
        monkeypatch.setattr(prose, name, partial(counted, getattr(prose, name)))
    stream, text = Streamed(None, 60), begin
    for _ in range(60):
        text += part * 30
        laid_out.append(0)
        lines = stream.lines(text)
    assert max(laid_out) < 2 * UNSETTLED + 60 * len(part)
    assert all(line.cell_length <= 60 for line in lines)
    stream.lines(text + part * 30_000)
    laid_out.append(0)
    assert "more characters" in stream.lines(text + part * 30_001)[-1].plain
    assert not laid_out[-1]


def test_it_looks_as_it_will_at_the_end() -> None:
    text = (
        f"First.\n\n```python\nif x:\n\n    y\n```\n\n- one\n- two\n\n{WORDS * 5}\n\n"
        "````\n```\nno end\n````\n\n\n\nLast"
    )
    whole = [line.plain.rstrip() for line in prose.lines(text, [], 60)]
    assert told(text)[:-1] == whole[:-1]
    assert told(text)[-1] == "Last ▍"


def test_a_long_block_of_code_stays_code_until_it_ends() -> None:
    code = "".join(f"print({number})\n" for number in range(600))
    lines = told(f"Look:\n\n```py\n{code}```\n\nThat **is** all.", 997)
    assert lines[:3] == ["Look:", "", "┌ py"]
    assert [line for line in lines if line.startswith("│")] == [
        f"│ {line}" for line in code.splitlines()
    ]
    assert lines[-1] == "That is all. ▍"
