"""The arguments of a tool call: from the model's JSON, more or less valid, to a dictionary."""

import json
import math
import re
from collections import Counter
from typing import Any

from memtui.agent.text import mend

MENDABLE = 20_000
"""Characters; a longer text that is no JSON is refused, for mending takes too long."""

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,4}|.)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w{0,63}")
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*(?:```)?\Z", re.DOTALL)
_SPARE = 3  # letters of the text that may be missing: Python's None is written null


class BadArgumentsError(ValueError):
    """The sentence says what is wrong, for the agent."""


def parse(raw: str, *, repair: bool = True) -> dict[str, Any]:
    """The object in `raw`; nothing at all is `{}`. Raises BadArgumentsError.

    Raw line breaks in strings are accepted. With `repair`, what is written wrongly is mended, as
    long as no word is lost and no value has to be made up.
    """
    text = raw.strip()
    if not text or text == "null":
        return {}
    try:
        value = json.loads(text, strict=False)
    except RecursionError:
        raise BadArgumentsError("The arguments are nested too deeply.") from None
    except ValueError as error:  # a number of thousands of digits is not even a JSONDecodeError
        # braces too many at the end are the commonest mistake
        value = (_repaired(text) or _repaired(text.rstrip("} \t\r\n"))) if repair else None
        if value is None:
            raise BadArgumentsError(_reason(error)) from None
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return parse(value, repair=repair)  # encoded twice
    if not isinstance(value, dict):
        raise BadArgumentsError("The arguments must be one JSON object, such as {}.")
    clean: dict[str, Any] = _mend(value)
    return clean


def _repaired(text: str) -> dict[str, Any] | None:
    """The object that `text` was meant to be; None when that would be a guess."""
    if "{" not in text or len(text) > MENDABLE:
        return None
    from json_repair import repair_json  # seldom needed, and not soon

    if fenced := _FENCE.match(text):
        text = fenced[1]
    try:
        value = repair_json(text, return_objects=True, strict=True)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not value or not all(map(_NAME.fullmatch, value)):
        return None
    lost = _letters(_ESCAPE.sub("", text)) - _letters(json.dumps(value, ensure_ascii=False))
    return value if lost.total() <= _SPARE else None


def _letters(text: str) -> Counter[str]:
    return Counter(char for char in text.casefold() if char.isalnum())


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"The arguments are not valid JSON: {error.msg} at character {error.pos + 1}."
    return "The arguments are not valid JSON: a number is too long."


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {mend(key): _mend(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    return value
