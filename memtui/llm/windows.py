"""The context window of a model that litellm does not know, asked of the server that runs it.

Only the configured address is asked, never another one, and not for long.
"""

import asyncio
import re
from typing import Any

import httpx

TIMEOUT = 2.0
"""Seconds for a server to say it; the questions are asked at the same time."""

_N_CTX = re.compile(r"\bn_ctx\W{1,4}(\d+)")
_LIMIT = re.compile(
    r"(?:maximum|limit|context[ _](?:length|window|size)|allowed|available)\D{0,60}?"
    r"(\d[\d,_]{2,})"
    r"|(?:>|exceeds?)\s*(?:the limit of\s*)?(\d[\d,_]{2,})",
    re.IGNORECASE,
)
_KEYS = (
    "loaded_context_length",  # LM Studio
    "max_model_len",  # vLLM, SGLang
    "context_length",  # OpenRouter, Ollama's /api/ps
    "context_window",
    "max_context_length",  # LM Studio, of a model that is not loaded
)


def stated(words: str) -> int:
    """The window that a provider named when it refused a request as too long; 0 if it did not."""
    found = _N_CTX.search(words) or _LIMIT.search(words)
    numbers = [number for number in found.groups() if number] if found else ["0"]
    return _number(re.sub("[,_]", "", numbers[0]))


async def ask(model: str, api_base: str, api_key: str = "") -> tuple[int, bool]:
    """The window of `model` in tokens (0: the server does not say), and whether that is certain.

    What a model was trained for is not: Ollama serves it with less, and says so once it is loaded.
    """
    base = api_base.rstrip("/")
    root = base.removesuffix("/v1")
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    async with httpx.AsyncClient(timeout=TIMEOUT, headers=headers) as http:
        listed, served, loaded, props, shown = await asyncio.gather(
            _json(http, f"{root}/api/v0/models"),
            _json(http, f"{base}/models"),
            _json(http, f"{root}/api/ps"),
            _json(http, f"{root}/props"),
            _json(http, f"{root}/api/show", {"model": _bare(model)}),
        )
    certain = (
        _of_row(_row(model, listed.get("data"), alone=True)),
        _of_row(_row(model, served.get("data"), alone=True)),
        _of_row(_row(model, loaded.get("models"))),
        _of_props(props),
        _configured(shown),
    )
    window = next(filter(None, certain), 0)
    return (window, True) if window else (_trained(shown), False)


async def _json(http: httpx.AsyncClient, url: str, body: Any = None) -> dict[str, Any]:
    """What the server answers there, if it is an object."""
    try:
        async with asyncio.timeout(TIMEOUT):
            answer = await (http.get(url) if body is None else http.post(url, json=body))
        found = answer.json() if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError):
        return {}
    return found if isinstance(found, dict) else {}


def _bare(model: str) -> str:
    """Without the name of litellm's provider."""
    provider, slash, name = model.partition("/")
    known = {"openai", "ollama", "ollama_chat", "hosted_vllm", "lm_studio", "llamafile", "vllm"}
    return name if slash and provider in known else model


def _row(model: str, rows: Any, alone: bool = False) -> dict[str, Any]:
    """The entry of `model` in a list of models, or the only one there is when it stands `alone`."""
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    wanted = {model, _bare(model), f"{_bare(model)}:latest"}
    for row in found:
        if wanted & {str(row.get(key)) for key in ("id", "name", "model")}:
            return row
    return found[0] if alone and len(found) == 1 else {}


def _of_row(row: dict[str, Any]) -> int:
    return next(filter(None, (_number(row.get(key)) for key in _KEYS)), 0)


def _of_props(props: dict[str, Any]) -> int:
    """llama.cpp: what one slot has."""
    settings = props.get("default_generation_settings")
    own = settings.get("n_ctx") if isinstance(settings, dict) else None
    return _number(own) or _number(props.get("n_ctx"))


def _configured(shown: dict[str, Any]) -> int:
    """Ollama: `num_ctx` of the model's file."""
    found = re.search(r"^\s*num_ctx\s+(\d+)", str(shown.get("parameters", "")), re.MULTILINE)
    return _number(found[1]) if found else 0


def _trained(shown: dict[str, Any]) -> int:
    info = shown.get("model_info")
    values = info.items() if isinstance(info, dict) else ()
    return next((_number(value) for key, value in values if key.endswith(".context_length")), 0)


def _number(value: Any) -> int:
    """A plausible window; 0 for everything else."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return number if 256 <= number <= 100_000_000 else 0
