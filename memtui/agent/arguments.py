"""The arguments of a tool call: from the model's JSON, more or less valid, to a dictionary."""

import json
import re
from typing import Any

from memtui.agent.text import mend

_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*(?:```)?\Z", re.DOTALL)


class BadArgumentsError(ValueError):
    """The sentence says what is wrong, for the agent."""


def parse(raw: str, *, repair: bool = True) -> dict[str, Any]:
    """The object in `raw`; nothing at all is `{}`. Raises BadArgumentsError.

    Raw line breaks in strings are accepted. With `repair`, a code fence is taken off, text behind
    the object is ignored, and open strings, brackets and braces are closed.
    """
    text = raw.strip()
    if not text or text == "null":
        return {}
    if repair and (fenced := _FENCE.match(text)):
        text = fenced[1]
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        if not repair:
            raise BadArgumentsError(_reason(error)) from None
        try:
            value = _decode(_close(text))
        except json.JSONDecodeError:
            raise BadArgumentsError(_reason(error)) from None
        except RecursionError:
            raise BadArgumentsError("The arguments are nested too deeply.") from None
    except RecursionError:
        raise BadArgumentsError("The arguments are nested too deeply.") from None
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return parse(value, repair=repair)  # encoded twice
    if not isinstance(value, dict):
        raise BadArgumentsError("The arguments must be one JSON object, such as {}.")
    clean: dict[str, Any] = _mend(value)
    return clean


def _decode(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
        if text[end:].strip("} \t\r\n"):
            raise
        return value  # only superfluous braces follow
    except ValueError:  # a number of thousands of digits
        raise json.JSONDecodeError("a number is too long", text[:50], 0) from None


def _reason(error: json.JSONDecodeError) -> str:
    return f"The arguments are not valid JSON: {error.msg} at character {error.pos + 1}."


def _close(text: str) -> str:
    """`text` with what is open at its end closed: a string, then brackets and braces."""
    closers: list[str] = []
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "{[":
            closers.append("}" if char == "{" else "]")
        elif char in "}]" and closers:
            closers.pop()
    if escaped:
        text = text[:-1]
    if in_string:
        text = re.sub(r"\\u[0-9a-fA-F]{0,3}\Z", "", text) + '"'
    return text.rstrip().rstrip(",") + "".join(reversed(closers))


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {mend(key): _mend(item) for key, item in value.items()}
    return value
