"""The text of one string field of a JSON object, decoded while the object still arrives."""

from typing import Literal

from memtui.agent.text import mend

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_State = Literal["outside", "key", "value", "done"]


class PartialField:
    """Feed it the pieces of a JSON object; it returns what each adds to the field's string.

    Pieces may be cut anywhere, in the middle of an escape or of a surrogate pair. Raw control
    characters in strings are taken as they are. Only the field of the outermost object counts,
    and the first one of that name; if it is not a string, nothing is returned.
    """

    def __init__(self, field: str) -> None:
        self._field = field
        self._state: _State = "outside"
        self._depth = 0
        self._expects_key = False
        self._key = ""  # the last complete key of the outermost object
        self._string: list[str] = []  # the string being read, but for what was returned
        self._escape = ""  # an escape being read, from its backslash
        self._high = ""  # the first half of a surrogate pair

    def feed(self, piece: str) -> str:
        for char in piece:
            if self._state == "done":
                break
            if self._state == "outside":
                self._structure(char)
            else:
                self._inside(char)
        if self._state in ("value", "done") and self._string:
            text = mend("".join(self._string))
            self._string.clear()
            return text
        return ""

    def _structure(self, char: str) -> None:
        if char in "{[":
            self._depth += 1
            self._expects_key = char == "{"
        elif char in "}]":
            self._depth -= 1
        elif char == ",":
            self._expects_key = self._depth == 1
        elif char == ":":
            self._expects_key = False
        elif char == '"':
            wanted = self._depth == 1 and not self._expects_key and self._key == self._field
            self._state = "value" if wanted else "key"

    def _inside(self, char: str) -> None:
        if self._escape:
            self._in_escape(char)
        elif char == "\\":
            self._escape = char
        elif char == '"':
            self._end_string()
        else:
            self._add(char)

    def _in_escape(self, char: str) -> None:
        self._escape += char
        if self._escape[1] != "u":
            self._escape = ""
            self._add(_ESCAPES.get(char, char))
        elif len(self._escape) == 6:
            digits, self._escape = self._escape[2:], ""
            try:
                self._add(chr(int(digits, 16)))
            except ValueError:
                self._add("\ufffd")

    def _add(self, char: str) -> None:
        """Takes a decoded character; half a surrogate pair waits for its other half."""
        if self._high:
            self._string.append(self._high)
            self._high = ""
        if "\ud800" <= char <= "\udbff":
            self._high = char
        else:
            self._string.append(char)

    def _end_string(self) -> None:
        if self._high:
            self._string.append(self._high)
            self._high = ""
        if self._state == "value":
            self._state = "done"
            return
        if self._depth == 1 and self._expects_key:
            self._key = "".join(self._string)
        self._string.clear()
        self._state = "outside"
