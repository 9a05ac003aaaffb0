"""What a tool is: a typed function with a docstring, from which its schema is made."""

import inspect
import re
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memtui.agent.arguments import BadArgumentsError
from memtui.agent.ports import Clock, Emit, Memory
from memtui.api.agents import Usage
from memtui.api.search import Hit

HEARTBEAT = "request_heartbeat"
RETURN_LIMIT = 20_000
"""Characters kept of a result that is not a search's. The window shows what fits, and how to read
the rest (the original kept 3,000)."""

_HEARTBEAT_SCHEMA = {
    "type": "boolean",
    "description": "true to go on in this turn after the function, false to wait for an event.",
}
_JSON_TYPES: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_KINDS = {"string": "text", "integer": "a whole number", "number": "a number"}


class ToolError(Exception):
    """The tool could not do it; the sentence is for the agent."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool may use."""

    memory: Memory
    clock: Clock
    emit: Emit
    turn_id: str = ""
    page_tokens: int = 500
    """How much of a long text is read at once."""


@dataclass(frozen=True)
class Result:
    """`message` is text, or an object for a search; `said` is what the user hears; `usage` is
    what a model was asked for it.
    """

    message: str | dict[str, Any]
    hits: Sequence[Hit] = ()
    total: int = 0
    said: str = ""
    usage: Usage | None = None


Function = Callable[..., Awaitable[Result]]


@dataclass(frozen=True)
class Tool:
    """A function whose first parameter is a ToolContext; the model sees the others."""

    name: str
    function: Function
    parameters: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    schema: dict[str, Any]
    heartbeat: bool = True

    @classmethod
    def of(
        cls, function: Callable[..., Any], heartbeat: bool = True, run: Function | None = None
    ) -> "Tool":
        """A tool that is called like `function` without its first parameter, and does `run`.

        Parameters are str, int, float or bool, or such a type or None, with a Google docstring.
        Raises TypeError for another type, ValueError for a parameter without a description.
        """
        name: str = getattr(function, "__name__", "tool")
        description, texts = parse_docstring(inspect.getdoc(function) or "")
        hints = typing.get_type_hints(function)
        parameters: dict[str, dict[str, Any]] = {}
        required: list[str] = []
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.name not in texts:
                raise ValueError(f"{name}: the docstring does not describe {parameter.name}.")
            parameters[parameter.name] = {
                "type": _json_type(hints[parameter.name]),
                "description": texts[parameter.name],
            }
            if parameter.default is parameter.empty:
                required.append(parameter.name)
        return cls.made(name, description, parameters, required, run or function, heartbeat)

    @classmethod
    def made(
        cls,
        name: str,
        description: str,
        parameters: Mapping[str, dict[str, Any]],
        required: Sequence[str],
        run: Function,
        heartbeat: bool = True,
    ) -> "Tool":
        """A tool with its schema; `parameters` are JSON schemas by name."""
        shown = {**parameters, HEARTBEAT: _HEARTBEAT_SCHEMA} if heartbeat else {**parameters}
        schema = {
            "type": "function",
            "function": {
                "name": name,
                "description": description,
                "parameters": {
                    "type": "object",
                    "properties": shown,
                    "required": [*required, HEARTBEAT] if heartbeat else [*required],
                },
            },
        }
        return cls(name, run, {**parameters}, tuple(required), schema, heartbeat)

    def bind(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """`arguments` checked and of the right types; None for an optional one is left out.

        Raises BadArgumentsError, which names the parameters that exist.
        """
        takes = ", ".join(self.parameters) or "no arguments"
        if extra := [name for name in arguments if name not in self.parameters]:
            raise BadArgumentsError(
                f"{self.name} has no argument {extra[0][:100]!r}. It takes: {takes}."
            )
        given = {
            name: value
            for name, value in arguments.items()
            if value is not None or name in self.required
        }
        if missing := [name for name in self.required if name not in given]:
            raise BadArgumentsError(f"{self.name} needs the argument {missing[0]!r}.")
        return {name: self._convert(name, value) for name, value in given.items()}

    def _convert(self, name: str, value: Any) -> Any:
        """Weak models write "0" for 0 and 5 for "5"; nothing else is guessed."""
        kind = self.parameters[name]["type"]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if kind == "string" and (isinstance(value, str) or is_number):
            return str(value)
        if kind == "boolean" and isinstance(value, bool):
            return value
        if kind in ("integer", "number") and (is_number or isinstance(value, str)):
            try:
                number = float(value)
                if kind == "number":
                    return number
                if number.is_integer():
                    return int(value) if isinstance(value, int) else int(number)
            except (ValueError, OverflowError):
                pass
        raise BadArgumentsError(
            f"The argument {name!r} of {self.name} must be {_KINDS.get(kind, 'true or false')}."
        )


def _json_type(hint: Any) -> str:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        hint = options[0] if len(options) == 1 else None
    if hint not in _JSON_TYPES:
        raise TypeError(f"a tool's parameter cannot be of the type {hint!r}")
    return _JSON_TYPES[hint]


_ARGUMENT = re.compile(r"^ {2,4}(\w+)(?: ?\([^)\n]*\))?:\s*(.*(?:\n {5,}.*)*)", re.MULTILINE)


def parse_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The description, and the parameters' of the `Args:` section, in Google's style."""
    head, _, tail = text.partition("\nArgs:\n")
    head = re.split(r"\n(?:Returns|Raises|Yields|Example|Examples|Note):", head)[0]
    section = re.split(r"\n(?=\S)", tail)[0]
    found = _ARGUMENT.findall(section)
    return " ".join(head.split()), {name: " ".join(words.split()) for name, words in found}
