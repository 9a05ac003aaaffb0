"""Model servers that run on this machine, found by their usual ports; keys in the environment."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import httpx

from memtui.api.plain import plain_line
from memtui.api.setup import Found, KeyInEnvironment, LocalServer

TIMEOUT = 0.7
"""Seconds for a server on this machine to answer. All are asked at the same time."""

MOST = 100
"""Models of one server that are listed."""

USUAL = {"ollama": 11434, "lmstudio": 1234, "llamacpp": 8080, "vllm": 8000}

_NAMES = {"ollama": "Ollama", "lmstudio": "LM Studio", "llamacpp": "llama.cpp", "vllm": "vLLM"}

PROVIDERS = {
    "ANTHROPIC_API_KEY": "anthropic",
    "COHERE_API_KEY": "cohere_chat",
    "DEEPSEEK_API_KEY": "deepseek",
    "GEMINI_API_KEY": "gemini",
    "GROQ_API_KEY": "groq",
    "MISTRAL_API_KEY": "mistral",
    "OPENAI_API_KEY": "openai",
    "OPENROUTER_API_KEY": "openrouter",
    "TOGETHERAI_API_KEY": "together_ai",
    "XAI_API_KEY": "xai",
}
"""The variables in which people have keys, and what litellm calls their providers."""


async def discover(ports: Mapping[str, int]) -> Found:
    """`ports` instead of the usual ones, by kind; 0 leaves a kind out."""
    wanted = {kind: ports.get(kind, port) for kind, port in USUAL.items()}
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as http:
        found = await asyncio.gather(
            *(_look(http, kind, port) for kind, port in wanted.items() if port)
        )
    keys = [
        KeyInEnvironment(variable=variable, provider=provider)
        for variable, provider in PROVIDERS.items()
        if os.environ.get(variable)
    ]
    return Found(servers=[server for server in found if server is not None], keys=keys)


async def _look(http: httpx.AsyncClient, kind: str, port: int) -> LocalServer | None:
    root = f"http://127.0.0.1:{port}"
    ollama = kind == "ollama"
    path, rows, key = ("/api/tags", "models", "name") if ollama else ("/v1/models", "data", "id")
    try:
        async with asyncio.timeout(TIMEOUT):
            answer = await http.get(root + path)
        names = [_name(row[key]) for row in answer.raise_for_status().json()[rows][:MOST]]
    except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
        return None  # nobody there, or something else
    prefix = "ollama_chat" if ollama else "openai"
    return LocalServer(
        name=_NAMES[kind],
        api_base=root if ollama else f"{root}/v1",
        models=[f"{prefix}/{name}" for name in names if name],
    )


def _name(value: Any) -> str:
    """A server on this machine may be anybody's."""
    return plain_line(str(value), 200)
