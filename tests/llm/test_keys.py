"""A key goes to the provider for whose model it was set, and to nobody else."""

import pytest

from memtui.llm.remote import RemoteModel
from tests.fakes import ScriptedServer, plain

SECRET, OWN = "sk-of-the-configured", "sk-of-the-environment"


@pytest.mark.parametrize(
    ("key_of", "sent"),
    [
        ("openai/other", SECRET),
        ("anthropic/claude-3-5-sonnet-latest", OWN),
        ("offline", SECRET),  # nobody knows whose it is
        ("", SECRET),
    ],
)
async def test_whose_key_is_sent(monkeypatch: pytest.MonkeyPatch, key_of: str, sent: str) -> None:
    with ScriptedServer([plain("yes")]) as server:
        for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE"):
            monkeypatch.setenv(name, server.api_base)
        monkeypatch.setenv("OPENAI_API_KEY", OWN)
        model = RemoteModel("openai/mine", api_key=SECRET, key_of=key_of)
        async for _ in model.stream([{"role": "user", "content": "x"}], []):
            pass
        (request,) = server.requests
        assert request.headers["authorization"] == f"Bearer {sent}"
