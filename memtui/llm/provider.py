"""One request to a provider, through litellm: what goes along, what is left out, what it costs."""

import contextlib
from collections.abc import Sequence
from typing import Any

from memtui.api.agents import Usage
from memtui.llm import errors
from memtui.llm.errors import Target
from memtui.llm.loading import load_litellm

CONNECT_TIMEOUT = 10.0
"""Seconds for a connection to be made."""

OPTIONAL = ("stream_options", "tool_choice", "stream", "stop")
"""Parameters that some servers refuse, and that can be left out."""


class UnprocessableError(Exception):
    """The server refused the request with the status 422; litellm does not say why."""


class NotStreamedError(Exception):
    """Nothing came where a stream was asked for."""


class Provider:
    """A model's server. `without` is what this one refuses, or does not do.

    `key_of` is the model for which the key was set: no other provider than its own is sent it.
    """

    def __init__(
        self, model: str, api_base: str, api_key: str, key_of: str = "", table: str = "llm"
    ) -> None:
        self.target = Target(model, api_base, api_key, table)
        self.key_of = key_of
        self.without: set[str] = set()

    def litellm_name(self, litellm: Any) -> str:
        """With an address, a name without a known provider is an OpenAI-compatible one."""
        name = self.target.model
        provider, slash, _ = name.partition("/")
        known = slash and provider in {str(getattr(p, "value", p)) for p in litellm.provider_list}
        return name if known or not self.target.api_base else f"openai/{name}"

    def key(self, litellm: Any) -> str:
        """What is sent as the key; without one litellm takes the provider's own from the
        environment, which in turn is never sent to an address of one's own."""
        secret = self.target.secret
        if self.target.api_base:
            return secret or "none"
        mine, its = _company(litellm, self.target.model), _company(litellm, self.key_of)
        return "" if mine and its and mine != its else secret

    async def call(
        self,
        messages: Sequence[dict[str, Any]],
        tools: Sequence[dict[str, Any]],
        stop: list[str],
        seconds: float,
    ) -> Any:
        """litellm's stream, or its whole answer. Raises UnprocessableError, and anything."""
        import httpx

        litellm = load_litellm()
        options: dict[str, Any] = {}
        if stop:
            options["stop"] = stop
        if tools:
            options |= {"tools": list(tools), "tool_choice": "auto"}
        if "stream" not in self.without:
            options["stream_options"] = {"include_usage": True}
        options = {name: value for name, value in options.items() if name not in self.without}
        if self.target.api_base:
            options["api_base"] = self.target.api_base
        if key := self.key(litellm):
            options["api_key"] = key
        response = await litellm.acompletion(
            model=self.litellm_name(litellm),
            messages=list(messages),
            stream="stream" not in self.without,
            num_retries=0,
            max_retries=0,
            timeout=httpx.Timeout(seconds, connect=CONNECT_TIMEOUT),
            **options,
        )
        if response is None:
            raise UnprocessableError
        return response

    def give_way(self, error: Exception) -> bool:
        """Whether to ask again without an optional parameter that the server refuses."""
        if isinstance(error, NotStreamedError):
            return True
        if isinstance(error, UnprocessableError) and "tool_choice" not in self.without:
            self.without |= {"stream_options", "tool_choice"}
            return True
        for parameter in OPTIONAL:
            if parameter not in self.without and errors.rejects(error, parameter):
                self.without.add(parameter)
                return True
        return False

    def priced(self, usage: Any) -> Usage:
        """litellm's usage as ours, with what it costs by the price list that litellm has."""
        litellm, cost = load_litellm(), 0.0
        with contextlib.suppress(Exception):  # litellm raises anything for a model it has not
            cost = sum(litellm.cost_per_token(self.litellm_name(litellm), usage_object=usage))
        return Usage(
            prompt_tokens=usage.prompt_tokens or 0,
            completion_tokens=usage.completion_tokens or 0,
            cost=cost,
        )


def _company(litellm: Any, model: str) -> str:
    """The provider of a model, as litellm calls it; empty when it does not know."""
    with contextlib.suppress(Exception):  # litellm raises anything
        return str(litellm.get_llm_provider(model)[1])
    return ""
