"""The names of models to choose from: what a server lists, and what litellm knows."""

import asyncio
import contextlib
from typing import Any

import httpx

from memtui.llm.loading import load_litellm

TIMEOUT = 2.0
"""Seconds for a server to list its models; the list is a convenience."""

_OLLAMA = ("ollama", "ollama_chat")


async def served(model: str, api_base: str, api_key: str) -> list[str]:
    """The models of the server at `api_base`, as names for it; none when it does not say.

    `model` is one of them: with its prefix the others are named, too, where that is needed.
    """
    prefix = model.partition("/")[0]
    base = api_base.rstrip("/")
    ollama = prefix in _OLLAMA
    path, rows, key = ("/api/tags", "models", "name") if ollama else ("/models", "data", "id")
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        async with httpx.AsyncClient(timeout=TIMEOUT) as http:
            answer = (await http.get(base + path, headers=headers)).raise_for_status().json()
        found = [str(row[key]) for row in answer[rows]]
        return [f"{prefix}/{name}" for name in found] if ollama else found
    return []


async def known(model: str) -> list[str]:
    """Chat models that litellm knows of the provider of `model`, and of the providers whose keys
    are in the environment. Nobody is asked."""
    return await asyncio.to_thread(_known, model)


def _known(model: str) -> list[str]:
    litellm: Any = load_litellm()
    names: set[str] = set()
    with contextlib.suppress(Exception):
        names.update(litellm.get_valid_models(check_provider_endpoint=False))
    with contextlib.suppress(Exception):
        provider = litellm.get_llm_provider(model)[1]
        names.update(litellm.models_by_provider.get(provider, ()))
    modes = litellm.model_cost
    return sorted(name for name in names if modes.get(name, {}).get("mode") == "chat")
