"""What a server says its models are, and what litellm knows by the keys there are."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from memtui.llm.listing import known, served
from tests.fakes.site import web_site

ANSWERS = {
    "/v1/models": {"data": [{"id": "llama-3"}, {"id": "org/qwen"}]},
    "/api/tags": {"models": [{"name": "qwen3:8b"}]},
    "/odd/models": {"data": [{"name": "no id"}]},
    "/list/models": ["x"],
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers["Authorization"] == "Bearer wrong" or self.path not in ANSWERS:
            self.send_error(401)
            return
        body = json.dumps(ANSWERS[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with web_site(Handler) as address:
        yield address


async def test_what_a_server_lists(address: str) -> None:
    assert await served("llama-3", f"{address}/v1", "") == ["llama-3", "org/qwen"]
    assert await served("llama-3", f"{address}/v1/", "right") == ["llama-3", "org/qwen"]
    assert await served("ollama_chat/llama3", address, "") == ["ollama_chat/qwen3:8b"]
    for base, key in (
        (f"{address}/v1", "wrong"), (f"{address}/odd", ""), (f"{address}/list", ""),
        (f"{address}/nothing", ""), ("http://127.0.0.1:1", ""), ("no address", ""), ("//[", ""),
    ):  # fmt: skip
        assert await served("llama-3", base, key) == [], base


async def test_what_the_keys_in_the_environment_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = await known("no-such-model")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    more = await known("no-such-model")
    assert any(name.startswith("claude") for name in more)
    assert not any(name.startswith("claude") for name in before)
    assert "gpt-4o" in await known("gpt-4o")
