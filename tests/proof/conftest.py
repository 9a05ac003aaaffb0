"""An engine whose model is a scripted server that decides from each request alone."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.fakes import Reply, ScriptedServer, plain

Scripted = Callable[..., AbstractContextManager[ScriptedServer]]


def last(body: dict[str, Any]) -> dict[str, Any]:
    """The envelope of a request's last message."""
    envelope: dict[str, Any] = json.loads(body["messages"][-1]["content"])
    return envelope


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """`with scripted(script, window):` the configured model is that script."""

    @contextmanager
    def serving(
        script: Callable[[dict[str, Any]], Reply], window: int = 8192
    ) -> Iterator[ScriptedServer]:
        def answer(body: dict[str, Any]) -> Reply:
            # Without tools, a summary is asked for.
            return script(body) if body.get("tools") else plain("We talked, and I took note.")

        with ScriptedServer(answer) as server:
            monkeypatch.setenv("MEMTUI_LLM__MODEL", "my-model")
            monkeypatch.setenv("MEMTUI_LLM__API_BASE", server.api_base)
            monkeypatch.setenv("MEMTUI_LLM__CONTEXT_WINDOW", str(window))
            monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
            yield server

    return serving
