"""The personas, humans and system prompts that come with memtui, as text files of this package."""

from functools import cache
from importlib.resources import files
from typing import Literal

from memtui.api.agents import Template
from memtui.api.errors import NotFoundError

Kind = Literal["persona", "human"]
_FOLDERS = {"persona": "personas", "human": "humans", "prompt": "prompts"}

DEFAULT_PROMPT = "memgpt_chat"
PROMPTS = {"memgpt_doc": "memgpt_doc"}
"""Personas that need a system prompt of their own; all others run under DEFAULT_PROMPT."""


@cache
def _load(kind: str) -> dict[str, str]:
    folder = files("memtui.agent") / _FOLDERS[kind]
    found = {
        entry.name.removesuffix(".txt"): entry.read_text(encoding="utf-8").strip()
        for entry in folder.iterdir()
        if entry.name.endswith(".txt")
    }
    return dict(sorted(found.items()))


def names(kind: Kind) -> list[str]:
    return list(_load(kind))


def all_of(kind: Kind) -> list[Template]:
    """Every built-in persona or human, by name."""
    return [Template(name=name, text=text) for name, text in _load(kind).items()]


def text(kind: Kind, name: str) -> str:
    """The text that a new agent's block begins with. Raises NotFoundError with the names."""
    try:
        return _load(kind)[name]
    except KeyError:
        raise NotFoundError(
            f"There is no {kind} called {name!r}. There are: {', '.join(names(kind))}. "
            f"`memtui add {kind}` makes a new one."
        ) from None


def system_prompt(persona: str) -> str:
    """The system prompt for an agent with this persona."""
    return _load("prompt")[PROMPTS.get(persona, DEFAULT_PROMPT)]
