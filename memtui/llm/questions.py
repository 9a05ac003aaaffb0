"""What a message asks for: a small set of patterns, English first, with the commonest others.

A message that fits none is a question to the documents, whatever its language.
"""

import re
from dataclasses import dataclass
from typing import Literal

OVERVIEW = "abstract introduction overview"
"""What to search for to learn what a document is about."""

Kind = Literal[
    "about", "define", "when", "number", "who", "page", "explain", "other",
    "remember", "recall", "self", "greet", "thanks", "help", "more",
]  # fmt: skip

_I = re.IGNORECASE
_GREETING = re.compile(
    r"(hi|hello|hey|hiya|good (morning|afternoon|evening|day)|greetings|howdy|hola|buen(os|as)"
    r" \w+|bonjour|salut|hallo|guten (tag|morgen|abend)|ciao|你好|您好|مرحبا|السلام عليكم)"
    r"( (there|again|memgpt|sam|agent|everyone))?[\s!.,?]*",
    _I,
)
_THANKS = re.compile(
    r"(ok(ay)?[,. ]*)?(many )?(thanks?( you)?|thx|cheers|great|perfect|cool|nice|gracias|merci"
    r"|danke|谢谢|شكرا|bye|goodbye|adiós)( (so|very) much| a lot| again|[^\w?]+bye)?[\s!.,]*",
    _I,
)
_HELP = re.compile(
    r"(help|what can you do|who are you|what are you|how do(es)? (you|this) work"
    r"|are you (an? )?(ai|llm|language model|human|bot|robot)\b.*)[\s!.?]*",
    _I,
)
_MORE = re.compile(
    r"(please |can you )?(tell me more|go on|continue|more|anything else|what else|next)"
    r"( please| about (it|that|this))?[\s!.?]*",
    _I,
)
_REMEMBER = re.compile(
    r"(?:please |can you |could you )?(?:remember|note|keep in mind|don'?t forget|recuerda"
    r"|merke? dir|记住|تذكر)(?: that| this| que|,? dass?)?[:,]? ?(?P<what>.{3,})",
    _I | re.DOTALL,
)
_NAME = re.compile(
    r"(?:hi|hello|hey)?[,.! ]*(?:my name is|call me|i am called|i'm called|me llamo|je m'appelle"
    r"|ich heiße) (?P<name>[^\n.,!?]{1,60})[\s.,!]*",
    _I,
)
_SELF = re.compile(
    r".*\b(what('s| is) my name|who am i|what do you (know|remember) about me|do you know me)\b.*",
    _I,
)
_RECALL = re.compile(
    r".*\b((did|have|had) (i|we|you)( ever| just| already| last)? (say|said|tell|told|talk(ed)?"
    r"|discuss(ed)?|ask(ed)?|mention(ed)?|answer(ed)?|wr[io]te)"
    r"|do you remember (what|when|that|where|how) (i|we|you)"
    r"|(our|last|previous|earlier) (conversation|chat|discussion)"
    r"|(what|as) (i|we|you) (said|told|mentioned|discussed|asked)"
    r"|qué dije|(de qué|qué) hemos hablado)\b.*",
    _I | re.DOTALL,
)
_PAGE = re.compile(r"\b(?:page|pages|p\.|pp\.|página|seite)\s*(\d{1,5})\b|第\s*(\d{1,5})\s*页", _I)
_CALLED = re.compile(
    r"\b(?:called|titled|entitled|named|se llama)\s+[\"“'«]?(?P<topic>[^\"”»\n.?!]{1,120})",
    _I,
)
_ABOUT = re.compile(
    r"(?:.*\b)?(?:tell me (?:more |something |all |everything )?about|summari[sz]e"
    r"|give me (?:an? )?(?:summary|overview|introduction|outline) (?:of|to|about)"
    r"|(?:an? )?(?:summary|overview) of"
    r"|what do you know about|what (?:can|could) you tell me about|introduce me to|describe"
    r"|what is (?P<is>.+?) (?:all )?about"
    r"|what does (?P<say>.+?) (?:say|cover|describe|discuss)(?=[?.!\s]*$)"
    r"|háblame (?:de|sobre)|qué sabes (?:de|sobre)|erzähl mir (?:etwas )?(?:über|von)"
    r"|parle-moi d[eu]|介绍一下|أخبرني عن)\s*(?P<topic>[^?!\n]*)[?!.\s]*",
    _I,
)
_DEFINE = re.compile(
    r"(?:so |and )?(?:what|who)(?:'s| is| are| was| were)\s+(?:an? |the )?[^?]{1,60}\?*"
    r"|what does .{1,60} (?:do|mean|stand for)\s*\?*|define [^?]{1,60}"
    r"|¿?(?:qué|quién) (?:es|son|era) .{1,60}",
    _I,
)
_NUMBER = re.compile(
    r"\b(how (many|much|long|old|big|large|fast|far|tall|high|deep|often)|what (number|percent\w*"
    r"|year|age|size|population|temperature)|number of|cuánt[oa]s?|combien|wie ?viele?)\b"
    r"|多少|几[个年次]|多[大长高]|كم\b",
    _I,
)
_WHEN = re.compile(
    r"\b(when|what (year|date|day|time|month)|which (year|date)|cuándo|qué año|quand|wann)\b"
    r"|什么时候|哪一?年|何时|متى|أي عام",
    _I,
)
_WHO = re.compile(r"\b(who|whom|whose|quién(es)?|wer)\b|谁|من هو|من هي", _I)
_EXPLAIN = re.compile(
    r"\b(how|why|explain|cómo|por qué|warum|pourquoi)\b|为什么|如何|怎么|كيف|لماذا", _I
)

_PHRASES = re.compile(
    r"\b(can|could|would|will) you (please )?(tell|show|explain|describe|find|give|say)( to)?( me)?"
    r"|\b(please|i'?d like to know|i want to know|do you know|tell me|according to|search for"
    r"|look up|find out|i wonder)\b"
    r"|\b((in|from|of|by|inside)\s+)?(the|my|your|this|these)\s+(loaded\s+|attached\s+)?"
    r"(paper|document|source|file|pdf|article|manual|handbook|book|archive|archival memory)s?\b"
    r"|\b(i|we|you) (have )?(just )?(loaded|attached|uploaded|added)( into| to)?( your)?( archival"
    r" memory)?",
    _I,
)
_FILLER = re.compile(
    r"\b(what|which|who|whom|whose|when|where|why|how|many|much|does|do|did|is|are|was|were|the"
    r"|an?|of|in|on|at|to|for|by|it|its|they|them|this|that|these|those|there|and|or|me|you|your"
    r"|name|called|mean|say|says|about|tell|qué|cuál(es)?|quién(es)?|cuándo|dónde|cómo|cuánt[oa]s?|es|son|el|la|los"
    r"|las|de|del|en|un|una|se|por|para)\b",
    _I,
)
_CJK_FILLER = re.compile(
    r"什么时候|为什么|什么|多少|哪一?[个里些年种位座支]?|谁|何时|何地|怎么|怎样|如何|几[个年次]?|请问|吗|呢"
    r"|是|的|了|在|有|和|与"
)
_PRONOUN = re.compile(r"\b(it|its|they|them|their|he|she|his|her|that|this|these|those)\b", _I)
_SHORT: dict[Kind, re.Pattern[str]] = {
    "greet": _GREETING,
    "thanks": _THANKS,
    "help": _HELP,
    "more": _MORE,
    "self": _SELF,
}


@dataclass(frozen=True)
class Question:
    """A message understood. `topic` is what an about or define question is about, the text to
    remember, or a name; `page` the number asked for.
    """

    kind: Kind
    text: str
    topic: str = ""
    page: int | None = None

    @property
    def search(self) -> str:
        """What to search for: the topic, or the question without its politeness."""
        if self.kind == "page":
            return f"{self.topic} page {self.page}".strip()
        if self.kind == "about":
            return self.topic or OVERVIEW
        return _squeeze(_PHRASES.sub(" ", self.text)) or self.text

    @property
    def content(self) -> str:
        """The words that a passage must have to answer."""
        text = self.topic if self.kind == "about" else self.search
        return _squeeze(_CJK_FILLER.sub(" ", _FILLER.sub(" ", text)))

    @property
    def refers_back(self) -> bool:
        """Whether it leans on what was said before (`And when was it written?`)."""
        return bool(_PRONOUN.search(self.text)) or len(self.content.split()) < 2


def understand(text: str) -> Question:
    """What `text` asks for."""
    line = " ".join(text.split())
    for kind, pattern in _SHORT.items():
        if pattern.fullmatch(line):
            return Question(kind, text)
    if found := _NAME.fullmatch(line):
        return Question("remember", text, f"Name: {found['name'].strip()}")
    if (found := _REMEMBER.fullmatch(line)) and not line.endswith("?"):
        what = found["what"].strip()
        name = _NAME.fullmatch(what)
        return Question("remember", text, f"Name: {name['name'].strip()}" if name else what)
    if _RECALL.fullmatch(line):
        return Question("recall", text)
    if found := _PAGE.search(line):
        rest = _squeeze(_FILLER.sub(" ", _PHRASES.sub(" ", line.replace(found[0], " "))))
        return Question("page", text, rest.strip(" ?.!"), int(found[1] or found[2]))
    return _about(text, line) or Question(_sort(line), text)


def _about(text: str, line: str) -> Question | None:
    named = _CALLED.search(line)
    # "The paper is called X. Can you tell me more about it?": X, said before, is the topic.
    for sentence in re.split(r"(?<=[.!?])\s+", line)[::-1]:
        if found := _ABOUT.fullmatch(sentence):
            topic = found["topic"] or found["is"] or found["say"] or ""
            topic = _squeeze(_PHRASES.sub(" ", topic)).strip(" .?!")
            if re.fullmatch(r"(it|that|this|them|these|those)?", topic, _I):
                topic = named["topic"].strip() if named else ""
            return Question("about", text, re.sub(r"^(the|an?)\s+", "", topic, flags=_I))
    return None


def _sort(line: str) -> Kind:
    if _WHEN.search(line):
        return "when"
    if _NUMBER.search(line):
        return "number"
    if _DEFINE.fullmatch(line):
        return "define"
    if _WHO.search(line):
        return "who"
    return "explain" if _EXPLAIN.search(line) else "other"


def _squeeze(text: str) -> str:
    return re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split())).strip(" ,;:?!¿¡？")
