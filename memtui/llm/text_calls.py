"""Calls that a model writes as text: a JSON object with the function and its arguments.

Models do so when the prompt asks them to, and some that know tools do it all the same, in a code
fence or between tags. Everything else they write stays text.
"""

import json
import re
from collections.abc import Collection
from typing import Any

from memtui.llm.chunk import Chunk, ToolCallPart

_FUNCTION = ("function", "name", "tool")
_ARGUMENTS = ("arguments", "parameters", "args")
_THOUGHT = ("thought", "thoughts", "inner_thoughts")
_FIRST_INDEX = 1000  # far above those of the calls that the provider tells of
_MENDABLE = 20_000  # characters: mending a longer text takes too long

_BEFORE = re.compile(r"(?:[\s,\]}]|`++\w*+|<[\w|/]*+>?|\[[A-Z_]*+\]?)*+")
"""What may stand between the beginning of a line and an object, and behind one: fences, tags,
`[TOOL_CALLS]`. Nothing in it is tried in two ways: models write the strangest things."""

_HELD = 200  # characters of it at most


class TextCalls:
    """Feed it the content as it arrives; a chunk has the text and the calls that are in it."""

    def __init__(self, functions: Collection[str]) -> None:
        self._functions = functions
        self._calls = 0
        self._said: list[str] = []
        self._parts: list[ToolCallPart] = []
        self._begin_text()

    def feed(self, text: str) -> Chunk:
        for char in text:
            if self._inside:
                self._object(char)
            else:
                self._text(char)
        self._pass_on()
        return self._take()

    def end(self) -> Chunk:
        """What was held back, as a call if it can be one, and as text if not."""
        if self._inside:
            self._end_object()
        elif not self._calls:
            self._said.append(self._held)
        self._begin_text()
        return self._take()

    def _take(self) -> Chunk:
        chunk = Chunk(content="".join(self._said), tool_calls=tuple(self._parts))
        self._said, self._parts = [], []
        return chunk

    # -- text, until an object begins at the beginning of a line ---------------------------------

    def _begin_text(self) -> None:
        self._inside = False
        self._held = ""  # the beginning of a line that may lead to an object
        self._line_begins = True

    def _text(self, char: str) -> None:
        if not self._line_begins:
            self._said.append(char)
            self._line_begins = char == "\n"
        elif char == "{":
            self._begin_object()
        elif len(self._held) < _HELD and _BEFORE.fullmatch(self._held + char):
            self._held += char
        else:
            self._said.append(self._held + char)
            self._held, self._line_begins = "", False

    # -- an object, member by member -------------------------------------------------------------

    def _begin_object(self) -> None:
        self._inside, self._depth, self._string, self._escaped = True, 1, False, False
        self._raw = ["{"]
        self._key: str | None = None
        self._member: list[str] = []  # the text of the key, or of the value
        self._name = self._thought = ""
        self._arguments: list[str] = []  # those not yet passed on

    def _object(self, char: str) -> None:
        self._raw.append(char)
        outermost = self._depth == 1 and not self._string
        if self._string:
            self._string = self._escaped or char != '"'
            self._escaped = not self._escaped and char == "\\"
        elif char == '"':
            self._string = True
        else:
            self._depth += (char in "{[") - (char in "}]")
        if outermost and char == ":" and self._key is None:
            self._key = _string(self._member)
            self._member.clear()
        elif outermost and char in ",}":
            self._end_member()
            if not self._depth:
                self._end_object()
        else:
            (self._arguments if self._key in _ARGUMENTS else self._member).append(char)

    def _end_member(self) -> None:
        if self._key in _THOUGHT:
            self._thought += _string(self._member)
        elif self._key in _FUNCTION and not self._name:
            name = _string(self._member)
            self._name = name if name in self._functions else ""
        self._key = None
        self._member.clear()
        self._pass_on()

    def _pass_on(self) -> None:
        """The arguments and the thought, once it is sure that this is a call."""
        if not self._inside or not self._name:
            return
        self._said.append(self._thought)
        self._thought = ""
        if self._arguments:
            self._part("".join(self._arguments))
            self._arguments.clear()

    def _end_object(self) -> None:
        self._pass_on()
        if not self._name:
            self._give_up()
        elif all(part.index != _FIRST_INDEX + self._calls for part in self._parts):
            self._part("")  # a call without arguments has a name all the same
        self._calls += bool(self._name)
        self._begin_text()

    def _give_up(self) -> None:
        """It did not read like a call: one that is written otherwise, or text."""
        from json_repair import repair_json  # seldom needed, and not soon

        text = "".join(self._raw)
        value: Any = None
        if len(text) <= _MENDABLE:
            try:
                value = repair_json(text, return_objects=True, strict=True)
            except (ValueError, RecursionError):
                value = None
        if isinstance(value, dict) and isinstance(value.get("function"), dict):
            value = value["function"]
        named = value if isinstance(value, dict) else {}
        name = next((n for key in _FUNCTION if (n := named.get(key)) in self._functions), "")
        if not isinstance(name, str) or not name:
            self._said.append(self._held + text)
            return
        self._name = name
        self._said += [str(named[key]) for key in _THOUGHT if key in named]
        arguments: Any = next((named[key] for key in _ARGUMENTS if key in named), {})
        self._part(json.dumps(arguments, ensure_ascii=False))

    def _part(self, arguments: str) -> None:
        self._parts.append(ToolCallPart(_FIRST_INDEX + self._calls, "", self._name, arguments))


def _string(pieces: list[str]) -> str:
    try:
        value = json.loads("".join(pieces), strict=False)
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""
