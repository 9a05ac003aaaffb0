"""English words that questions ask with, and those that texts answer with."""

_GROUPS = """
wrote written writes writing author
built builds building constructed erected
made makes manufactured
began begins started
born birth
died dies death
bought buys purchased
led leader head
tall height high
long length
wide width
deep depth
heavy weight weighs weigh
old age
fast speed
far distance
big large size
cost costs price
live lives lived inhabitants population resident
invented inventor designed developed created devised
discovered discoverer
founded founder established
located lies
stop end
delete remove
"""

_OF = {
    word: tuple(other for other in group if other != word)
    for group in map(str.split, _GROUPS.strip().splitlines())
    for word in group
}


def synonyms(word: str) -> tuple[str, ...]:
    """Other words that an answer may hold for `word` of a question; mostly none."""
    return _OF.get(word.casefold(), ())
