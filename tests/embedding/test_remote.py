"""A provider's model through the real litellm, from a real HTTP server."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from memtui.api.errors import MemtuiError, ModelError, UnavailableError
from memtui.embedding import LitellmEmbedder, estimated_cost, remote

KEY = "sk-very-secret-key-1234"
Answer = Callable[[dict[str, Any]], tuple[int, Any]]


def vectors(body: dict[str, Any]) -> tuple[int, Any]:
    """Vectors not of length 1, in reversed order; the first number tells the text's length."""
    data = [
        {"object": "embedding", "index": index, "embedding": [float(len(text)), 3.0, 4.0]}
        for index, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return 200, {"object": "list", "data": data[::-1], "model": body["model"], "usage": usage}


class Provider(ThreadingHTTPServer):
    """POST /v1/embeddings, answered by `answer`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Answer = vectors
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.headers: dict[str, str] = {}
        self.hangs_up: Callable[[], bool] = lambda: False
        self.address = f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.server.keys.add(self.headers["Authorization"])
        if self.server.hangs_up():
            self.close_connection = True
            return
        status, reply = self.server.answer(body)
        if self.path != "/v1/embeddings":
            status, reply = 404, {"error": {"message": f"no such path: {self.path}"}}
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def refuse(status: int, message: str) -> Answer:
    return lambda body: (status, {"error": {"message": message, "code": str(status)}})


async def test_vectors_come_in_order_and_normalised(
    provider: Provider, capfd: pytest.CaptureFixture[str]
) -> None:
    embedder = LitellmEmbedder("openai/Some.Model-3", provider.address, KEY)
    assert embedder.slug == "openai_some_model_3"
    assert embedder.dimension == 0
    assert await embedder.probe() == embedder.dimension == await embedder.probe() == 3
    assert len(provider.bodies) == 1

    texts = ["x" * n for n in range(150)]
    made = await embedder.embed(texts)
    expected = np.array([[max(n, 1), 3, 4] for n in range(150)], dtype=np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert made.dtype == np.float32
    assert made == pytest.approx(expected, abs=1e-6)
    assert sorted(len(body["input"]) for body in provider.bodies[1:]) == [22, 64, 64]
    assert (await embedder.embed_query("xx\ud800")) == pytest.approx(expected[3], abs=1e-6)
    assert (await embedder.embed([])).shape == (0, 3)
    assert provider.keys == {f"Bearer {KEY}"}
    assert {body["model"] for body in provider.bodies} == {"Some.Model-3"}
    embedder.set_threads(3)
    await embedder.close()
    with pytest.raises(ModelError, match="was stopped"):
        await embedder.embed(["x"])
    assert capfd.readouterr() == ("", "")


async def test_a_server_of_ones_own_needs_no_key(provider: Provider) -> None:
    assert await LitellmEmbedder("openai/m", provider.address).probe() == 3
    assert provider.keys == {"Bearer none"}


BAD_DATA = [
    [],
    [{"index": 0, "embedding": [1.0, 2.0]}, {"index": 1, "embedding": [1.0]}],
    [{"index": 0, "embedding": [float("nan"), 1.0]}, {"index": 1, "embedding": [1.0, 1.0]}],
]


async def test_every_failure_is_a_sentence_without_the_key(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(remote, "WAITS", (0.0,))
    embedder = LitellmEmbedder("openai/m", provider.address, KEY)
    where = f"openai/m at {provider.address}"

    async def sentence(embedder: LitellmEmbedder) -> str:
        with pytest.raises(MemtuiError) as caught:
            await embedder.embed(["a", "b"])
        text = str(caught.value)
        assert KEY not in text
        assert "\x1b" not in text
        assert text.endswith(".")
        return text

    provider.answer = refuse(401, f"Incorrect API key provided: {KEY}")
    assert f"{where} refused the key" in await sentence(embedder)
    provider.answer = refuse(404, "The model `m` does not exist")
    assert f"{where} is not known there" in await sentence(embedder)
    provider.answer = refuse(400, f"too long \x1b[31m for {KEY}")
    text = await sentence(embedder)
    assert where in text
    assert "too long" in text

    before = len(provider.bodies)
    provider.answer = refuse(429, "slow down")
    assert "too many requests" in await sentence(embedder)
    assert len(provider.bodies) >= before + 2

    for data in BAD_DATA:
        provider.answer = lambda body, data=data: (200, {"object": "list", "data": data})
        assert "not what an embedding model answers" in await sentence(embedder)

    answers = iter([refuse(503, "busy"), vectors])
    provider.answer = lambda body: next(answers)(body)
    assert await embedder.probe() == 3  # the second attempt

    provider.answer = lambda body: (
        200,
        {"data": [{"index": n, "embedding": [1.0]} for n in range(len(body["input"]))]},
    )
    assert "it is another model" in await sentence(embedder)

    nobody = LitellmEmbedder("openai/m", "http://127.0.0.1:9/v1", KEY)
    assert "No connection to the embedding model openai/m at http://127.0.0.1:9/v1" in (
        await sentence(nobody)
    )
    assert "--set embedding.model=openai/m`" in await sentence(LitellmEmbedder("m", api_key=KEY))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "--set embedding.api_key=" in await sentence(LitellmEmbedder("openai/m"))
    assert capfd.readouterr() == ("", "")


async def test_many_requests_at_once_but_not_too_many(provider: Provider) -> None:
    """The server counts. Its answers come in another order than the requests."""
    lock, under_way, most = threading.Condition(), 0, 0

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            lock.notify_all()
            lock.wait_for(lambda: most >= 3, timeout=10)
        time.sleep(len(body["input"][0]) % 5 / 50)
        with lock:
            under_way -= 1
        return vectors(body)

    provider.answer = answer
    embedder = LitellmEmbedder("openai/m", provider.address, KEY, dimension=3, concurrency=3)
    assert embedder.at_once == 3 * 64
    texts = ["x" * (n * 7 % 640) for n in range(640)]
    made = await embedder.embed(texts)
    assert most == 3
    assert len(provider.bodies) == 10
    assert made[:, 0] * 5 / made[:, 2] * 0.8 == pytest.approx(
        [max(1, len(text)) for text in texts], rel=1e-4
    )
    assert embedder.tokens == 10
    for body in provider.bodies:  # texts of about one length go together
        lengths = [len(text) for text in body["input"]]
        assert max(lengths) - min(lengths) <= 70

    provider.bodies.clear()
    await embedder.embed(["x" * 60_000] * 3)
    assert [len(body["input"]) for body in provider.bodies] == [1, 1, 1]


async def test_a_provider_that_asks_for_time_gets_it(provider: Provider) -> None:
    provider.headers["Retry-After"] = "0.2"
    refused: list[float] = []

    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        if len(refused) < 5:  # the library itself makes three attempts
            refused.append(time.monotonic())
            return 429, {"error": {"message": "slow down"}}
        return vectors(body)

    provider.answer = answer
    embedder = LitellmEmbedder("openai/m", provider.address, KEY, concurrency=1)
    began = time.monotonic()
    made = await embedder.embed(["x" * n for n in range(130)])
    assert made.shape == (130, 3)
    assert 5 * 0.2 <= time.monotonic() - began < 20


async def test_lost_connections_are_made_again(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "WAITS", (0.0,))
    hung_up: list[int] = []

    def hangs_up() -> bool:
        hung_up.append(len(hung_up))
        return hung_up[-1] % 2 == 0

    provider.hangs_up = hangs_up
    embedder = LitellmEmbedder("openai/m", provider.address, KEY)
    assert (await embedder.embed(["x"] * 200)).shape == (200, 3)
    assert len(hung_up) > len(provider.bodies) / 2
    provider.hangs_up = lambda: True
    with pytest.raises(UnavailableError):
        await embedder.embed(["x"])


async def test_what_is_too_long_for_the_model_is_shortened(provider: Provider) -> None:
    def answer(body: dict[str, Any]) -> tuple[int, Any]:
        if any(len(text) > 2_000 for text in body["input"]):
            return 400, {"error": {"message": "This model's maximum context length is 500 tokens"}}
        return vectors(body)

    provider.answer = answer
    embedder = LitellmEmbedder("openai/m", provider.address, KEY, dimension=3)
    made = await embedder.embed(["x" * 100, "x" * 5_000, "x" * 200])
    assert made[:, 0] / made[:, 2] * 4 == pytest.approx([100, 1_250, 200], rel=1e-3)
    assert (await embedder.embed_query("x" * 9_000)).shape == (3,)


async def test_a_known_dimension_is_not_asked_for_and_must_hold(provider: Provider) -> None:
    embedder = LitellmEmbedder("openai/m", provider.address, KEY, dimension=3)
    assert await embedder.probe() == 3
    assert provider.bodies == []
    other = LitellmEmbedder("openai/m", provider.address, KEY, dimension=1536)
    with pytest.raises(ModelError, match=r"vectors of 3 numbers, and gave 1536 .*`memtui reindex"):
        await other.embed(["x"])


def test_prices_are_those_of_the_local_list() -> None:
    small = estimated_cost("openai/text-embedding-3-small", 4_000_000)
    assert small == pytest.approx(0.02, rel=0.5)
    assert estimated_cost("text-embedding-3-small", 4_000_000) == small
    assert estimated_cost("openai/a-model-of-ones-own", 4_000_000) is None
