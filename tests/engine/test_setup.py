"""Settings tried out before they are saved, over a real engine and real HTTP."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths
from memtui.api.client import Client
from memtui.api.setup import Endpoint, ModelTrial, Place
from tests.fakes import ScriptedServer, call, fail, plain
from tests.fakes.replies import Reply
from tests.homes import inside, made


@pytest.fixture(scope="module")
def engine_home() -> Iterator[Path]:
    """A home with one engine for all of it: each would take seconds to know its models."""
    with made() as folder:
        yield folder


@pytest.fixture(autouse=True)
def shared(home: Path, engine_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """That engine, with nothing configured."""
    with inside(engine_home):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-in-the-environment")
        yield
        paths.config_file().unlink(missing_ok=True)
        paths.credentials_file().unlink(missing_ok=True)


def hello(body: dict[str, Any]) -> Reply:
    return call("send_message", message="Hello!") if body.get("tools") else plain("Hello there.")


async def test_a_model_is_called_with_and_without_a_tool() -> None:
    with ScriptedServer(hello) as server:
        async with Client() as client:
            trial = ModelTrial(model="my-model", api_base=server.api_base, api_key="sk-1")
            answer = await client.try_model(trial)
    assert answer.wrong is None
    assert (answer.text, answer.tools, answer.window) == ("Hello there.", "native", 8192)
    assert not answer.window_known
    assert server.requests[0].headers["authorization"] == "Bearer sk-1"


async def test_what_is_wrong_names_its_field() -> None:
    config.save({"llm.model": "openai/saved", "llm.api_key": "sk-saved-secret"})

    def reply(body: dict[str, Any]) -> Reply:
        if body["model"] == "refused":
            return fail(401, "bad key")
        return fail(400, "this model does not support tools") if body.get("tools") else plain("Hi")

    with ScriptedServer(reply) as server:
        async with Client() as client:
            refused = await client.try_model(ModelTrial(model="refused", api_base=server.api_base))
            nobody = await client.try_model(
                ModelTrial(model="m", api_base="http://127.0.0.1:9/v1", api_key="")
            )
            unknown = await client.try_model(ModelTrial(model="nonsense-model"))
            toolless = await client.try_model(ModelTrial(model="m", api_base=server.api_base))
    assert refused.wrong is not None
    assert refused.wrong.key == "llm.api_key"
    assert "configure" not in refused.wrong.sentence
    assert nobody.wrong is not None
    assert nobody.wrong.key == "llm.api_base"
    assert unknown.wrong is not None
    assert unknown.wrong.key == "llm.model"
    assert toolless.wrong is None
    assert toolless.tools == "prompt"
    # The saved key was given for another address.
    assert all("saved" not in str(request.headers) for request in server.requests)


async def test_servers_on_this_machine_are_found() -> None:
    with ScriptedServer(models=["qwen3", "gemma"]) as server:
        port = int(server.api_base.split(":")[2].split("/")[0])
        async with Client() as client:
            found = await client.discover({"ollama": 9, "lmstudio": 9, "llamacpp": 9, "vllm": port})
    assert [(one.name, one.models) for one in found.servers] == [
        ("vLLM", ["openai/qwen3", "openai/gemma"])
    ]
    assert [one.variable for one in found.keys] == ["OPENAI_API_KEY"]
    assert "sk-in" not in found.model_dump_json()


async def test_an_embedder() -> None:
    with ScriptedServer() as server:
        async with Client() as client:
            built_in = await client.try_embedding(Endpoint(model="builtin"))
            remote = await client.try_embedding(
                Endpoint(model="openai/embed", api_base=server.api_base, api_key="k")
            )
            wrong = await client.try_embedding(
                Endpoint(model="openai/embed", api_base="http://127.0.0.1:9/v1", api_key="k")
            )
    assert (built_in.dimension, remote.dimension) == (384, 32)
    assert built_in.rate > 0
    assert wrong.wrong is not None


async def test_an_archive(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    async with Client() as client:
        serving = await client.try_archive(Place())
        other = await client.try_archive(Place(uri=str(tmp_path / "other.db")))
        gone = await client.try_archive(Place(uri="http://127.0.0.1:9"))
        forbidden = await client.try_archive(Place(uri=str(locked / "milvus.db")))
    assert serving.version.startswith("Milvus Lite")
    assert serving.collections == ["memtui_minilm_l6_v2_384"] or serving.collections
    assert other.collections == []
    assert gone.wrong is not None
    assert gone.wrong.key == "archive.uri"
    if os.geteuid():
        assert forbidden.wrong is not None
