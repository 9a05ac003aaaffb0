"""Text → index terms, for passages, queries and the marking of matched words alike.

Text is folded (NFKC, case), split into words, and each word becomes one term: its stem, without
accents. Runs of scripts written without spaces become overlapping pieces. The stemmer follows
the word's script; Latin script follows a guess at the text's language. A query is stemmed for
its own language and for English, the default, so that it meets every text it should.

A term holds letters, digits and marks only, so SQLite's FTS5 `tokenize='ascii'` keeps it whole.
"""

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from memtui.search.languages import FUNCTION_WORDS, STEMMERS, STOP_WORDS

VERSION = 3
"""Raise it with any change to the terms: the text index is then made anew at the next start."""


class Term(NamedTuple):
    """One index term and the span [start, end) of the original text that it came from."""

    text: str
    start: int
    end: int


def index_terms(text: str) -> str:
    """`text` as space-separated terms, for an FTS5 column."""
    words = _WORD.findall(_fold(text))
    form = partial(_form, _languages(words)[0])
    if not _UNSPACED.search(text):
        return " ".join(filter(None, map(form, words)))
    parts = chain.from_iterable(map(_PART.findall, words))
    return " ".join(term for part in parts for term in _part_terms(part, form))


def terms(text: str) -> list[Term]:
    """What `index_terms` makes of `text`, in the same order, with where each came from."""
    folded, starts, ends = _fold_with_positions(text)
    form = partial(_form, _languages(_WORD.findall(folded))[0])
    if not _UNSPACED.search(folded):
        return [
            Term(term, starts[word.start()], ends[word.end() - 1])
            for word in _WORD.finditer(folded)
            if (term := form(word[0]))
        ]
    return [
        Term(term, starts[at], ends[at + length - 1])
        for word in _WORD.finditer(folded)
        for part in _PART.finditer(word[0])
        for term, at, length in _placed(part[0], word.start() + part.start(), form)
    ]


def query_terms(query: str) -> list[str]:
    """The distinct terms to look for, in order of appearance; empty when all are stop words."""
    words = _WORD.findall(_fold(query))
    languages = _languages(words)
    if len(languages) < len(STEMMERS):  # its language is known: so are its words without meaning
        weak = set().union(*(FUNCTION_WORDS[language] for language in languages))
        words = [word for word in words if word not in weak] or words
        languages = tuple(dict.fromkeys((*languages, "english")))
    found: dict[str, None] = {}
    for part in chain.from_iterable(map(_PART.findall, words)):
        if _UNSPACED.match(part):
            found.update(dict.fromkeys(_pieces(part, _piece_size(part))))
        else:
            spoken = languages if part[0] < _LATIN_END else ("english",)
            found.update(dict.fromkeys(filter(None, (_form(name, part) for name in spoken))))
    return list(found)


def phrase_terms(phrase: str, query: str) -> list[tuple[str, ...]]:
    """What stands in the index, in this order, where `phrase` stands in a text: terms with spaces
    between, for each language that `query` may be in. Scripts without spaces begin a new one."""
    languages = dict.fromkeys((*_languages(_WORD.findall(_fold(query))), "english"))
    found: list[tuple[str, ...]] = []
    run: list[str] = []

    def end_run() -> None:
        forms = (" ".join(filter(None, (_form(name, one) for one in run))) for name in languages)
        found.append(tuple(dict.fromkeys(forms)))
        run.clear()

    for part in chain.from_iterable(map(_PART.findall, _WORD.findall(_fold(phrase)))):
        if _UNSPACED.match(part):
            end_run()
            found.append((" ".join(_pieces(part, _piece_size(part))),))
        else:
            run.append(part)
    end_run()
    return [kept for one in found if (kept := tuple(filter(None, one)))]


def matched_spans(text: str, query_terms: Collection[str]) -> list[tuple[int, int]]:
    """Spans of the words in `text` whose term is among `query_terms`; touching pieces joined."""
    wanted = set(query_terms)
    spans: list[tuple[int, int]] = []
    for term, start, end in terms(text):
        if term not in wanted:
            continue
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


# --- folding


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    # the dotless and the dotted i of Turkish meet the other i's: not every text tells them apart
    text = text.casefold().replace("ı", "i").replace("i\u0307", "i")
    return unicodedata.normalize("NFKC", text)


def _fold_with_positions(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """`_fold(text)`, and for each of its characters the span it came from.

    Mostly every character folds to one, and positions stay. Where they do not: white space never
    combines, so what stands between can be folded alone; inside, so can a letter with its marks,
    or else the whole piece is the span.
    """
    whole = _fold(text)
    if text.isascii():
        return whole, range(len(text)), range(1, len(text) + 1)
    one = {letter: _fold(letter) for letter in set(text)}
    if (
        all(len(letter) == 1 for letter in one.values())
        and "".join(map(one.__getitem__, text)) == whole
    ):
        return whole, range(len(text)), range(1, len(text) + 1)

    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(piece: str, start: int, end: int) -> None:
        folded.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))

    for chunk in _CHUNK.finditer(text):
        whole = _fold(chunk[0])
        if chunk[0].isascii():
            folded.append(whole)
            starts.extend(range(chunk.start(), chunk.end()))
            ends.extend(range(chunk.start() + 1, chunk.end() + 1))
            continue
        clusters = list(_CLUSTER.finditer(text, *chunk.span()))
        alone = [_fold(cluster[0]) for cluster in clusters]
        if "".join(alone) == whole:
            for piece, cluster in zip(alone, clusters, strict=True):
                add(piece, *cluster.span())
        else:
            add(whole, *chunk.span())
    return "".join(folded), starts, ends


# --- words and pieces


def _ranges(points: Iterator[int]) -> str:
    """A regular expression's character class of `points`, in order."""
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in spans)


# `\w` lacks combining marks, and so would cut every word of Hindi at its vowels.
_MARKS = _ranges(p for p in range(0x300, 0x20000) if unicodedata.category(chr(p))[0] == "M")
# Thai, Lao, Burmese and Khmer: alphabets without spaces, cut in threes.
_ALPHABETS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Han, kana and Hangul (whose particles are written without a space), cut in twos.
_IDEOGRAPHS = (
    "\u2e80-\u2fdf\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"(?:[^\W_]+[{_MARKS}]*)+")
_UNSPACED = re.compile(f"[{_ALPHABETS}{_IDEOGRAPHS}]")
_PART = re.compile(f"[{_ALPHABETS}]+|[{_IDEOGRAPHS}]+|[^{_ALPHABETS}{_IDEOGRAPHS}]+")
_CHUNK = re.compile(r"\s+|\S+")
_CLUSTER = re.compile(rf".[{_MARKS}\u1160-\u11ff]*", re.DOTALL)
_ACCENT = re.compile("[\u0300-\u036f\u093c]+")  # and the dot of Hindi, which many leave out
# soft hyphen, zero-width joiners, word joiner, byte order mark, the Arabic stretch
_INVISIBLE = re.compile("[\u00ad\u0640\u200b-\u200d\u2060\ufeff]")

Form = Callable[[str], str]


def _piece_size(part: str) -> int:
    """How long a query's pieces of an unspaced `part` are.

    Measured on text with its spaces taken out: threes find far more than twos in an alphabet
    (Arabic R@1 .89 and .61); in Chinese twos do best (.93; twos and threes .89).
    """
    size = 2 if re.match(f"[{_IDEOGRAPHS}]", part) else 3
    return min(size, len(part))


def _pieces(part: str, size: int) -> list[str]:
    return [part[i : i + size] for i in range(len(part) - size + 1)]


def _part_terms(part: str, form: Form) -> list[str]:
    return [term for term, _, _ in _placed(part, 0, form)]


def _placed(part: str, at: int, form: Form) -> list[tuple[str, int, int]]:
    """The terms of `part`, which stands at `at`: (term, position, length).

    Unspaced parts are also indexed in pieces one shorter, for queries shorter than a piece.
    """
    if not _UNSPACED.match(part):
        term = form(part)
        return [(term, at, len(part))] if term else []
    size = _piece_size(part)
    return [
        (piece, at + i, n)
        for n in range(max(1, size - 1), size + 1)
        for i, piece in enumerate(_pieces(part, n))
    ]


# --- stems

_MAX_TERM = 64  # characters; what is longer is no word, and would fill the cache
_lock = threading.Lock()  # a snowball stemmer keeps the word it works on in itself


@lru_cache(maxsize=1 << 16)
def _form(language: str, word: str) -> str:
    """The term for a folded `word` of a text in `language`; "" for a stop word."""
    if word in STOP_WORDS:
        return ""
    if word.isdecimal():
        return "".join(str(unicodedata.decimal(digit)) for digit in word)[:_MAX_TERM]
    if len(word) > _MAX_TERM or (word.isascii() and not word.isalpha()):
        return word[:_MAX_TERM]
    algorithm = _algorithm(word[0], language)
    stem = word
    if algorithm:
        with _lock:
            stem = _stemmer(algorithm)(word)
    if _PLURAL.fullmatch(stem):  # PDFs, LLMs: a stemmer takes no `s` from what has no vowel
        stem = stem[:-1]
    if language != "vietnamese" and not stem.isascii():  # there, accents make other words
        stem = _ACCENT.sub("", unicodedata.normalize("NFD", stem))
        stem = unicodedata.normalize("NFC", stem)
    return stem or word


def _algorithm(letter: str, language: str) -> str:
    if letter < _LATIN_END:
        return STEMMERS[language]
    for first, last, algorithm in _SCRIPTS:
        if first <= letter <= last:
            return algorithm
    return ""


_PLURAL = re.compile("[b-df-hj-np-tv-xz]{3,}(?<!s)s")
_LATIN_END = "\u0370"
_SCRIPTS = (
    ("\u0370", "\u03ff", "greek"),
    ("\u0400", "\u052f", "russian"),
    ("\u0530", "\u058f", "armenian"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0900", "\u097f", "hindi"),
    ("\u0b80", "\u0bff", "tamil"),
)


@lru_cache
def _stemmer(algorithm: str) -> Callable[[str], str]:
    import snowballstemmer

    stem: Callable[[str], str] = snowballstemmer.stemmer(algorithm).stemWord
    return stem


# --- languages

_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(name for name, words in FUNCTION_WORDS.items() if word in words)
    for word in frozenset().union(*FUNCTION_WORDS.values())
}


def is_english(text: str) -> bool:
    """Whether `text` reads like English, by its function words. Without any: by its script."""
    words = _WORD.findall(_fold(text))
    languages = _languages(words)
    if len(languages) == len(STEMMERS):
        return text.isascii()
    return languages[0] == "english"


def _languages(words: list[str]) -> tuple[str, ...]:
    """The languages (one, mostly) whose function words are most frequent; all when none occurs."""
    counts: Counter[str] = Counter()
    for languages, n in Counter(filter(None, map(_LANGUAGES_OF.get, words))).items():
        for language in languages:
            counts[language] += n
    most = max(counts.values(), default=0)
    return tuple(language for language in STEMMERS if counts[language] == most)
