"""What servers of local models say about their context windows, over real HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from memtui.llm import windows
from memtui.llm.remote import DEFAULT_WINDOW, RemoteModel
from memtui.llm.windows import ask, stated
from tests.fakes.site import web_site

OLLAMA = {"model_info": {"general.architecture": "llama", "llama.context_length": 131_072}}
SERVERS: dict[str, tuple[dict[str, Any], tuple[int, bool]]] = {
    "vllm": ({"/v1/models": {"data": [{"id": "m", "max_model_len": 4096}]}}, (4096, True)),
    "llama.cpp": (
        {
            "/v1/models": {"data": [{"id": "x.gguf", "meta": {"n_ctx_train": 131_072}}]},
            "/props": {"default_generation_settings": {"n_ctx": 6000}},
        },
        (6000, True),
    ),
    "an older llama.cpp": ({"/props": {"n_ctx": 2048}}, (2048, True)),
    "LM Studio": (
        {
            "/v1/models": {"data": [{"id": "m"}]},
            "/api/v0/models": {
                "data": [
                    {"id": "other", "max_context_length": 1},
                    {"id": "m", "max_context_length": 32_768, "loaded_context_length": 5000},
                ]
            },
        },
        (5000, True),
    ),
    "Ollama, not loaded": ({"/api/ps": {"models": []}, "/api/show": OLLAMA}, (131_072, False)),
    "Ollama, loaded": (
        {
            "/api/ps": {"models": [{"name": "m:latest", "context_length": 4096}]},
            "/api/show": OLLAMA,
        },
        (4096, True),
    ),
    "Ollama, configured": (
        {"/api/show": {**OLLAMA, "parameters": 'stop "<s>"\nnum_ctx                 16384'}},
        (16_384, True),
    ),
    "OpenRouter": (
        {"/v1/models": {"data": [{"id": "m", "context_length": 65_536}]}},
        (65_536, True),
    ),
    "says nothing": ({"/v1/models": {"data": [{"id": "m"}]}}, (0, False)),
    "says nonsense": (
        {"/v1/models": ["m"], "/props": {"n_ctx": "many"}, "/api/show": {"model_info": 7}},
        (0, False),
    ),
}


@contextmanager
def serving(routes: dict[str, Any], asked: list[str] | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if asked is not None:
                asked.append(f"{self.path} {self.headers.get('Authorization', '')}".strip())
            body = json.dumps(routes.get(self.path, {"error": "not found"})).encode()
            self.send_response(200 if self.path in routes else 404)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with web_site(Handler) as address:
        yield f"{address}/v1"


@pytest.mark.parametrize("name", SERVERS)
async def test_servers_say_it_in_their_ways(name: str) -> None:
    routes, expected = SERVERS[name]
    with serving(routes) as address:
        assert await ask("m", address) == expected


async def test_the_key_goes_along_and_nobody_else_is_asked() -> None:
    asked: list[str] = []
    with serving({}, asked) as address:
        await ask("m", f"{address}/", "secret")
    assert len(asked) == 5
    assert all(one.endswith("Bearer secret") for one in asked)


async def test_a_dead_server_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await ask("m", "http://127.0.0.1:1/v1") == (0, False)
    assert await ask("m", "no address") == (0, False)


async def test_a_model_asks_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memtui.llm.remote.ASK_AGAIN", 0.0)
    with serving(SERVERS["vllm"][0]) as address:
        model = RemoteModel("m", api_base=address)
        assert not model.window_known
        await model.prepare()
        assert (model.context_window, model.window_known) == (4096, True)
        given = RemoteModel("m", api_base=address, context_window=1234)
        await given.prepare()
        assert given.context_window == 1234
    routes = dict(SERVERS["Ollama, not loaded"][0])
    with serving(routes) as address:
        model = RemoteModel("ollama_chat/m", api_base=address.removesuffix("/v1"))
        await model.prepare()
        assert model.context_window == 131_072
        routes |= SERVERS["Ollama, loaded"][0]  # the first answer has loaded it
        await model.prepare()
        assert model.context_window == 4096
    asked: list[str] = []
    with serving({}, asked) as address:
        model = RemoteModel("m", api_base=address)
        for _ in range(20):
            await model.prepare()
        assert (model.context_window, model.window_known) == (DEFAULT_WINDOW, False)
        assert len(asked) == 5 * 5


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("This model's maximum context length is 4097 tokens. However, you requested 5360", 4097),
        ("prompt is too long: 210000 tokens > 200000 maximum", 200_000),
        ("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
         1_048_576),
        ('the request exceeds the available context size. {"n_prompt_tokens":5000,"n_ctx":4096}',
         4096),
        ("the model is loaded with context length of only 4096 tokens", 4096),
        ("Requested tokens (5000) exceed context window of 4,096", 4096),
        ("the request exceeds the available context size (8192 tokens), try increasing it", 8192),
        ("context_length_exceeded", 0),
    ],
)  # fmt: skip
def test_what_a_refusal_says(words: str, window: int) -> None:
    assert stated(words) == window


def test_the_wait_is_short() -> None:
    assert windows.TIMEOUT <= 3
