"""Replies of an engine that says nothing sensible."""

import httpx
import pytest

from memtui.api.calls import checked
from memtui.api.errors import MemtuiError, NotFoundError


@pytest.mark.parametrize("body", [b"Internal Server Error", b"", b"[]", b'{"error": 7}', b"\xff"])
def test_an_error_without_a_sentence_says_what_to_do(body: bytes) -> None:
    with pytest.raises(MemtuiError, match=r"HTTP status 500.*Try again; .*memtui engine stop"):
        checked(httpx.Response(500, content=body))


def test_an_error_with_a_sentence_keeps_it() -> None:
    reply = httpx.Response(404, json={"error": {"kind": "not_found", "message": "No such thing."}})
    with pytest.raises(NotFoundError, match=r"^No such thing\.$"):
        checked(reply)
