"""How many tokens of the embedding model a text has, so that no passage is cut silently by it."""

import json
import re
import unicodedata
from collections.abc import Callable, Container
from pathlib import Path

Measure = Callable[[str], float]
"""text -> tokens. Passages are made of parts whose measures are summed."""

_LETTERS_AND_SPACE = bytes(c for c in range(128) if chr(c).isalpha() or chr(c).isspace())
_NO_DIGITS = bytes(c for c in range(256) if c > 127 or not chr(c).isdigit())
_FIRST_BYTES = bytes(range(0xC0, 0x100))
_CONTINUATION = bytes(range(0x80, 0xC0))
_MARKS = (  # that belong to words, of the scripts that use many of them
    r"\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0966-\u0df3\u0e00-\u0e7f\u0eb0-\u0ecd"
)
_WORDS = re.compile(rf"(?:[^\W_\u3000-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|[{_MARKS}]+)+|\S")
_ASCII_WORDS = re.compile(r"[^\W_]+|\S", re.ASCII)
_HANGUL = re.compile("[\uac00-\ud7af]")  # up to three letters in one character, a token each
_LONGEST_WORD = 100  # BERT's: a longer one is a single unknown token
_CACHED_WORDS = 200_000


def estimate(text: str) -> float:
    """An estimate that errs on the high side, without any vocabulary.

    3.5 letters or two digits a token; every mark, and every letter beyond ASCII, counts one.
    """
    data = text.encode("utf-8", "replace")
    wide = hangul = 0
    if not text.isascii():
        data = data.translate(None, _CONTINUATION)
        wide = len(data) - len(data.translate(None, _FIRST_BYTES))
        hangul = len(_HANGUL.findall(text))
    spaces = data.count(b" ") + data.count(b"\n")
    marks_and_digits = len(data.translate(None, _LETTERS_AND_SPACE)) - wide
    digits = len(data.translate(None, _NO_DIGITS))
    letters = len(data) - wide - marks_and_digits - spaces
    return letters / 3.5 + (marks_and_digits - digits) + digits / 2 + wide + 2 * hangul


class WordPieces:
    """Counts the word pieces of an uncased BERT vocabulary (MiniLM's), special tokens left out.

    Within 1 % of the real tokenizer on English, Spanish, Arabic and Chinese, and five times as
    fast: words repeat, so their counts are kept.
    """

    def __init__(self, vocabulary: Container[str]) -> None:
        self._vocabulary = vocabulary
        self._counts: dict[str, int] = {}

    @classmethod
    def from_file(cls, tokenizer: Path) -> "WordPieces":
        """From a `tokenizer.json` of the tokenizers library."""
        return cls(json.loads(tokenizer.read_text("utf-8"))["model"]["vocab"])

    def __call__(self, text: str) -> float:
        counts, total = self._counts, 0
        words = _ASCII_WORDS if text.isascii() else _WORDS  # two thirds of the time
        for word in words.findall(text.lower()):
            count = counts.get(word)
            if count is None:
                if len(counts) >= _CACHED_WORDS:
                    counts.clear()
                count = counts[word] = self._count(word)
            total += count
        return total

    def _count(self, word: str) -> int:
        if word in self._vocabulary or len(word) > _LONGEST_WORD:
            return 1
        letters = unicodedata.normalize("NFD", word)
        word = "".join(c for c in letters if unicodedata.category(c) != "Mn")
        pieces = start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                if prefix + word[start:end] in self._vocabulary:
                    break
            else:
                return 1
            pieces += 1
            start = end
        return pieces
