"""The command that `memtui show passage` names to open a file."""

import shlex
from datetime import UTC, datetime

import pytest

from memtui.api.library import Passage
from memtui.api.viewer import opener


@pytest.mark.parametrize(
    ("path", "page", "opened"),
    [
        ("/a b/it's $(x).pdf", 3, "file:///a%20b/it%27s%20%24%28x%29.pdf#page=3"),
        ("/a b/$(x).txt", None, "/a b/$(x).txt"),
        ("https://example.org/a?b=1&c", None, "https://example.org/a?b=1&c"),
    ],
)
def test_the_shell_sees_one_argument(path: str, page: int | None, opened: str) -> None:
    now = datetime.now(UTC)
    passage = Passage(
        id="p", scope="source_x", text="x", document_path=path, page=page, created_at=now
    )
    _, argument = shlex.split(opener(passage))
    assert argument == opened


def test_what_has_no_file() -> None:
    assert opener(Passage(id="p", scope="s", text="x", created_at=datetime.now(UTC))) == ""
