"""What sentences that answer look like: dates, numbers, names, definitions, instructions."""

import re
from functools import lru_cache

_I = re.IGNORECASE

NUMBER = re.compile(
    r"\d|[½⅓¼]|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred"
    r"|thousand|million|billion|once|twice|half|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
    r"|cien|mil|zwei|drei|vier|hundert|deux|trois|quatre|cent)\b|[一二三四五六七八九十百千万]",
    _I,
)
DATE = re.compile(
    r"\b\d{3,4}s?\b|\d\s*[年月日]|\d{1,2}:\d\d|\b(january|february|march|april|may|june|july|august"
    r"|september|october|november|december|century|\w+day|enero|febrero|marzo|abril|mayo|junio|julio"
    r"|agosto|sep?tiembre|octubre|noviembre|diciembre|siglo|noon|midnight|o'clock|daily|hourly)\b"
    r"|\d\s?([ap]\.?m\.?|minutes?|hours?|days?|weeks?|months?|years?)\b|[٠-٩]{3,4}|世纪",
    _I,
)
NAME = re.compile(  # a capital that does not begin the sentence; scripts that have none
    r"(?<=[\w,)] )[A-ZÀ-ÞА-Я][\w’'.-]+|[\u0590-\u0fff\u3040-\u9fff]"
)
DESCRIBES = re.compile(
    r"\b(is|are|was|were) (an? |the |called|used|designed|defined)|\b(we (present|propose|introduce"
    r"|describe|show)|this (paper|document|manual|book|chapter|guide|report|article|handbook)"
    r"|in this (paper|work)|abstract)\b|\b(es|son) (una?|el|la)\b|\b(refers to|means|stands for)\b"
    r"|\b(ist|sind) (eine?|der|die|das)\b|\b(est|sont) (une?|les?|la)\b|это|является|是|とは|هو|هي",
    _I,
)
INSTRUCTS = re.compile(
    r"(to|press|run|use|type|add|set|click|choose|select|open|go to|you can|with) |pour |para |um "
    r"|.*\b(run|press|use|type|give|set) ",
    _I,
)
LEANS = re.compile(
    r"(it|its|they|their|he|she|his|her|this|these|él|ella|er|es|sie|il|elle|ils|он|она|оно|они)\b"
    r"|[它他她该其]|(هو|هي|وهو|وهي)\b",
    _I,
)
"""A sentence that begins with one of these speaks of what the sentence before it names."""

_ARTICLE = r"(?:an?|the|el|la|los|las|une?|una|le|les|der|die|das|eine?)"
_IS = r"(?:is|are|was|were|means|refers|stands|denotes|es|son|fue|ist|sind|war|est|sont|это)"
_WHAT = rf"(?:{_ARTICLE}|what|any|one|everything|to|for|por|um)"


def defines(subject: str, sentence: str) -> float:
    """How much `sentence` reads like a definition of `subject`: 1, `X is a …`; 0.5, `X is …` or
    `… (X) …`; 0, not at all."""
    if not subject or subject.casefold() not in sentence.casefold():
        return 0.0
    found = _definition(subject).match(sentence)
    # A short form is one in capitals only: `DER` is no parameter called `der`.
    if not found or (subject.isupper() and subject not in found[0]):
        return 0.0
    return 1.0 if found["strong"] or found["short"] else 0.5


@lru_cache(maxsize=64)
def _definition(subject: str) -> re.Pattern[str]:
    name = r"\s+".join(map(re.escape, subject.split()))
    return re.compile(
        rf"\W*(?:{_ARTICLE}\s+)?(?:{name}s?\W{{0,2}}\s*(?:\([^)]*\),?\s*)?(?:,[^,]{{1,80}},\s*)?"
        rf"(?:[-–—:]\s+(?P<dash>)|{_IS}\s+(?P<strong>{_WHAT}\s)?|(?P<short>是|とは|は|هو|هي|—))"
        rf"|[^.]{{0,60}}\({name}[,)]\s)",
        _I,
    )
