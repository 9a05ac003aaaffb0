"""litellm, imported late and quietly. It takes seconds, so that happens once, in a thread."""

import asyncio
import contextlib
import gc
import logging
import os
import threading
from collections.abc import Iterator
from typing import Any

from memtui.llm.lighten import lighten

_import = threading.Lock()
_prepared = False


def load_litellm() -> Any:
    """Import litellm quietly: no network, no telemetry, nothing printed. Takes 3–6 s once."""
    global _prepared
    with _import:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        os.environ.setdefault("LITELLM_LOG", "WARNING")
        if not _prepared:
            with _uncollected():
                import litellm

                _prepare(litellm)
            _prepared = True
        import litellm

        return litellm


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: all that is imported stays, and looking through it again
    and again took a third of the time. Afterwards nothing of it is looked at any more.
    """
    gc.disable()
    try:
        yield
        # The collection counts anew; else the next came only after 100,000 pieces of garbage.
        gc.freeze()
    finally:
        gc.enable()
    gc.collect()


def _prepare(litellm: Any) -> None:
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.disable_hf_tokenizer_download = True
    litellm.disable_aiohttp_transport = True  # httpx closes its connections on cancel
    litellm.drop_params = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logger = logging.getLogger(name)
        # The null handler keeps logging's last resort, stderr, out of it.
        logger.handlers = [logging.NullHandler()]
        logger.setLevel(logging.WARNING)
    for name in ("httpx", "httpcore", "openai"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log addresses with keys
    lighten(litellm)
    _warm(litellm)


def _warm(litellm: Any) -> None:
    """Do now what litellm would import during the first call, where it held up the event loop
    for 3 s. The answer is made up by litellm: nothing is sent.
    """
    with contextlib.suppress(Exception):
        import httpcore  # noqa: F401
        import openai.resources.chat.completions  # noqa: F401

        tool = {"type": "function", "function": {"name": "x", "parameters": {"type": "object"}}}
        for _ in litellm.completion(
            model="openai/x",
            messages=[{"role": "user", "content": "x"}],
            tools=[tool],
            stream=True,
            api_key="none",
            mock_response="x",
        ):
            pass


async def prepare() -> Any:
    """litellm, imported in a thread if it has not been yet."""
    return load_litellm() if _prepared else await asyncio.to_thread(load_litellm)
