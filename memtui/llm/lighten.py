"""What litellm and the OpenAI library do with every call, of no use to memtui, left out.

Measured for a context of 40 messages: 42 → 22 ms from the message to the request on the wire, and
18 → 5 ms from the last byte of the answer to its end.
"""

from typing import Any


def lighten(litellm: Any) -> None:
    """Call once, after the import."""
    # It keeps statistics of every answer for callbacks, of which we have none.
    litellm.disable_streaming_logging = True
    from litellm.litellm_core_utils.litellm_logging import Logging

    Logging.dispatch_success_handlers = _nothing
    # It puts every stream together again, twice, and makes up the tokens if they are not stated.
    litellm.stream_chunk_builder = _none
    from openai.resources.chat.completions import completions

    # It looks in each message for fields to be renamed; those of a chat are none, and ours are
    # plain JSON: 20 ms a call.
    if hasattr(completions, "async_maybe_transform"):
        completions.async_maybe_transform = _as_it_is


def _none(*_: Any, **__: Any) -> None:
    return None


async def _nothing(*_: Any, **__: Any) -> None:
    pass


async def _as_it_is(data: Any, *_: Any, **__: Any) -> Any:
    return data
