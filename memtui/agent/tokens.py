"""How many tokens a text has, estimated without a tokenizer (none is ever downloaded).

A text is seen as numbers of characters by class: letters and spaces; digits; other ASCII; then
characters of two, three and four bytes in UTF-8 (Greek, Cyrillic, Hebrew and Arabic; CJK, Thai and
Indic scripts; emoji); and changes between a letter and a digit, as in UUIDs, which hardly merge at
all. Each class has a weight. `PRIOR` lies in the middle of the tokenizers in use (cl100k, o200k,
Anthropic's, WordPiece); `calibration` corrects it by what the provider reports.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Features = tuple[float, ...]
"""Letters, digits, other ASCII, two, three and four bytes, changes, frames of messages, tools."""

PRIOR: Features = (0.22, 0.7, 0.6, 0.65, 1.06, 2.4, 0.6, 8.0, 1.0)
MARGIN: Features = (0.10, 0.10, 0.12, 0.25, 0.20, 0.20, 0.20, 0.25, 0.10)
"""The safety margin of each weight as long as nothing was reported, as a share of it."""

NOTHING: Features = (0.0,) * len(PRIOR)
_FRAMES, _TOOLS = 7, 8
_LONG = 8000  # characters of a text that is not kept in memory for the next time

_LETTERS = bytes(b for b in range(128) if chr(b).isalpha() or chr(b) in " \n\r\t")
_DIGITS = b"0123456789"
_OTHER = bytes(b for b in range(128) if b not in _LETTERS and b not in _DIGITS)
# the first byte of a character says how many there are
_FIRST_BYTES = (bytes(range(0xC2, 0xE0)), bytes(range(0xE0, 0xF0)), bytes(range(0xF0, 0xF5)))
_KINDS = bytes(
    ord("d") if chr(b) in "0123456789" else ord("a") if b < 128 and chr(b).isalpha() else ord(".")
    for b in range(256)
)


def features(text: str) -> Features:
    return _count(text) if len(text) > _LONG else _remembered(text)


@lru_cache(maxsize=1024)  # step after step, most of what is sent is the same
def _remembered(text: str) -> Features:
    return _count(text)


def _count(text: str) -> Features:
    data = text.encode("utf-8", "replace")
    size = len(data)
    ascii_ = [size - len(data.translate(None, kind)) for kind in (_LETTERS, _DIGITS, _OTHER)]
    longer = [0, 0, 0]
    if sum(ascii_) < size:
        longer = [size - len(data.translate(None, kind)) for kind in _FIRST_BYTES]
    changes = 0
    if ascii_[1]:
        kinds = data.translate(_KINDS)
        changes = kinds.count(b"ad") + kinds.count(b"da")
    return (*ascii_, *longer, changes, 0, 0)


def message_features(message: dict[str, Any]) -> Features:
    """Of a message in OpenAI's format. Its frame counts as one, that of each of its calls as two.

    The texts are counted one by one: nothing merges across them.
    """
    texts = [str(message.get("content") or "")]
    calls = message.get("tool_calls") or ()
    for call in calls:
        texts += (call["function"]["name"], call["function"]["arguments"])
    counted = list(add(*map(features, texts)))
    counted[_FRAMES] = 1 + 2 * len(calls)
    return tuple(counted)


def tools_features(schemas: Sequence[dict[str, Any]]) -> Features:
    """Schemas are one number, their tokens by `PRIOR`: some servers count them, some do not."""
    counted = list(NOTHING)
    if schemas:
        counted[_TOOLS] = dot(PRIOR, features(json.dumps(schemas, ensure_ascii=False)))
    return tuple(counted)


def add(*several: Features) -> Features:
    return tuple(map(sum, zip(*several, strict=True))) if several else NOTHING


def dot(weights: Iterable[float], counted: Iterable[float]) -> float:
    return sum(weight * count for weight, count in zip(weights, counted, strict=True))


@dataclass(frozen=True)
class Scale:
    """Counts tokens by `weights`, rounded up. `extra` is what every request has besides."""

    weights: Features
    extra: float = 0.0

    def of(self, counted: Features) -> int:
        return int(dot(self.weights, counted) + 0.999)

    def text(self, text: str) -> int:
        return self.of(features(text))

    def message(self, message: dict[str, Any]) -> int:
        return self.of(message_features(message))

    def messages(self, messages: Iterable[dict[str, Any]]) -> int:
        return sum(map(self.message, messages))

    def tools(self, schemas: Sequence[dict[str, Any]]) -> int:
        return self.of(tools_features(schemas))


CAREFUL = Scale(tuple(w * (1 + m) for w, m in zip(PRIOR, MARGIN, strict=True)))
"""For a model that has not reported anything yet."""


def estimate(text: str) -> int:
    """Tokens in `text` for no model in particular."""
    return Scale(PRIOR).text(text)
