"""What a person can type besides words: `"a phrase"` and `-word`."""

import re

from memtui.search.ports import Words
from memtui.search.terms import phrase_terms, query_terms

# An apostrophe, or a hyphen inside a word, is none of this.
_QUOTED = re.compile(
    r"""((?<!\S)-)?(?:(?<!\w)"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|「([^」]+)」)"""
)
_MINUS = re.compile(r"(?<!\S)-(?=[^\W\d_])(\S+)")


def understood(query: str, strict: bool) -> Words:
    """The words of `query`. `strict` is for a search by words alone: phrases must occur, and
    what stands after a hyphen must not. In any other a phrase adds weight, and that is all."""
    found = list(_QUOTED.finditer(query))
    phrases: list[tuple[str, ...]] = []
    excluded: list[str] = []
    for one in found:
        said = next(filter(None, one.groups()[1:]))
        for alternatives in phrase_terms(said, query):
            if one[1] and strict:
                excluded += alternatives
            elif strict or any(" " in phrase for phrase in alternatives):
                phrases.append(alternatives)
    if not strict:
        return Words(query_terms(query), phrases)
    rest = _QUOTED.sub(lambda one: " " if one[1] else one[0], query)
    for one in _MINUS.finditer(rest):
        for alternatives in phrase_terms(one[1], query):
            excluded += alternatives
    return Words(query_terms(_MINUS.sub(" ", rest)), phrases, excluded, strict=True)
