"""What a message asks for: a small set of patterns, English first, with the commonest others.

A message that fits none is a question to the documents, whatever its language.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from memtui.llm.answers import DATE, NAME, NUMBER

OVERVIEW = "abstract introduction overview"
"""What to search for to learn what a document is about."""
INTRODUCTION = "abstract, introduction: what {} is, what it provides and for whom"
"""The same, where its name is known."""

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
_RECALLING = re.compile(
    r"\b(i|we|you|have|had|has|ever|just|already|say|said|tell|told|talk(ed|ing)?|discuss(ed)?|ask(ed)?"
    r"|mention(ed)?|answer(ed)?|conversations?|chat|discussion|our|last|previous(ly)?|earlier|before"
    r"|so far|first|remember|time|today)\b",
    _I,
)
_PAGE = re.compile(r"\b(?:page|pages|p\.|pp\.|página|seite)\s*(\d{1,5})\b|第\s*(\d{1,5})\s*页", _I)
_OF_PAGE = re.compile(
    r"\b(summari[sz]e|summary|contents?|text|reads?|show|quote|written|stands?)\b", _I
)
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
_ARTICLE = r"(?:(?:an?|the|una?|el|la|los|las|eine?|der|die|das|une?|les?)\s+)?"
_DEFINE = re.compile(
    rf"(?:so |and )?(?:what|who)(?:'s| is| are| was| were)\s+{_ARTICLE}(?P<a>[^?]{{1,60}})\?*"
    rf"|what does {_ARTICLE}(?P<b>.{{1,60}}) (?:do|mean|stand for)\s*\?*|define (?P<c>[^?]{{1,60}})"
    rf"|¿?(?:qué|quién) (?:es|son|era) {_ARTICLE}(?P<d>[^?]{{1,60}})\??"
    rf"|(?:was|wer) (?:ist|sind|war) {_ARTICLE}(?P<e>[^?]{{1,60}})\?"
    rf"|(?:qu'est-ce qu(?:e |')|qui est ){_ARTICLE}(?P<f>[^?]{{1,60}}?)\s*\?"
    r"|(?:что такое|кто такой|кто такая) (?P<g>[^?]{1,60})\?"
    r"|(?:什么是|谁是)(?P<h>[^?？]{1,30})[?？]?|(?P<i>[^?？]{1,30})(?:是什么|是谁|とは何ですか|って何)[?？。]?"
    r"|(?:ما هو|ما هي|من هو|من هي) (?P<j>[^?؟]{1,60})[?؟]?",
    _I,
)
_ATTRIBUTE = re.compile(r"\b(of|in|on|at|for|from|by|with|when|if|that|to|de|del|von|en|que)\b", _I)
_SORT = re.compile(
    r"\b(?:what|which|how(?: many| much)?|qué|cuánt[oa]s?|quel(?:le)?s?|combien d[e'])\s+"
    r"((?-i:[a-zà-þ])\w+)(?:\s+([a-z]\w+)(?=\s+(?:can|do|does|did|is|are|has|have)\b))?"
    r"|\b(?:welche\w?|wie(?: ?viele?)?|как\w{2,3}|сколько)\s+(\w+)"
    r"|\bhow (?:do|does|did) .*\b(works?)\b",
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
    r"|look up|find out|i wonder|where can i find|(?:can|do|could) i find)\b"
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
    r"(?<=[\u3040-\u30ff])(?:ですか|ますか|ました|でした|のは|です|ます)|[何誰](?:ですか|年)?|どこ|いつ"
    r"|什么时候|为什么|多[大长高重远深]|什么|多少|哪一?[个里些年种位座支]?|谁|何时|何地|怎么|怎样|如何|几[个年次]?|请问|吗|呢"
    r"|是|的|了|在|有|和|与"
)
_LEADING = re.compile(r"\s*(and|but|what about|how about|y|und|et)\b[\s,]*", _I)
_LEANING = re.compile(r"(.*?)\b(it|its|they|them|their|he|she|him|his|her)\b", _I | re.DOTALL)
_PROPER = re.compile(r"\b(?:[A-ZÀ-Þ]|\w*\d)[\w-]*")
_ANY_IT = r"(it|that|this|them|these|those)?"
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
    remember, or a name; `page` the number asked for. `called` is whether the user has named a
    document (`The paper is called …`); `before` holds the words of the question before that this
    one leans on.
    """

    kind: Kind
    text: str
    topic: str = ""
    page: int | None = None
    called: bool = False
    before: str = ""

    @property
    def search(self) -> str:
        """What to search for: the topic, or the question without its politeness."""
        if self.kind == "page":
            return f"{self.topic} page {self.page}".strip()
        if self.kind == "about":
            return self.topic or OVERVIEW
        asked = _squeeze(_PHRASES.sub(" ", self.text)) or self.text
        return f"{self.before} {_squeeze(_LEADING.sub('', asked))}" if self.before else asked

    @property
    def content(self) -> str:
        """The words that a passage must have to answer."""
        text = self.topic if self.kind == "about" else self.search
        return _squeeze(_CJK_FILLER.sub(" ", _FILLER.sub(" ", text)))

    @property
    def recalled(self) -> str:
        """What is to be recalled; empty when all that was said is meant."""
        return _squeeze(_RECALLING.sub(" ", self.content))

    @property
    def light(self) -> frozenset[str]:
        """Words, in lower case, that only say of which sort the answer is: `which key`."""
        found = (word for words in _SORT.findall(self.text) for word in words)
        return frozenset(word.casefold() for word in found if word)

    @property
    def leans(self) -> bool:
        """Whether it cannot be understood without the question before (`And who wrote it?`)."""
        if self.kind in {"page", "remember", "recall", "self"} or self.topic:
            return False
        pronoun = _LEANING.search(_LEADING.sub("", self.text))
        apart = pronoun and re.search(r"[,;:.!?]|\s(and|when|if|or|that)\b", pronoun[1], _I)
        short = bool(_LEADING.match(self.text)) and len(self.content.split()) <= 2
        return short or bool(pronoun and not apart)

    def after(self, former: "Question") -> "Question":
        """This question with the subject of `former`, on which it leans."""
        words = former.topic if former.kind in {"about", "define"} else former.content
        kind, bare = self.kind, _squeeze(_LEADING.sub("", self.text))
        if kind == "other" and _LEADING.match(self.text):
            # `And for AES?`: the same question about something else
            kind = former.kind if former.kind != "about" else kind
            words = _squeeze(_PROPER.sub(" ", words)) if _PROPER.search(bare[1:]) else words
        return replace(self, kind=kind, before=words, topic="")

    def answered_in(self, text: str) -> bool:
        """Whether `text` holds anything of the sort that is asked for: a date, a number, a name."""
        sort = {"when": DATE, "number": NUMBER, "who": NAME}.get(self.kind)
        return sort is None or bool(sort.search(text))


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
        rest = _OF_PAGE.sub(" ", _PHRASES.sub(" ", line.replace(found[0], " ")))
        rest = _squeeze(_FILLER.sub(" ", rest))
        return Question("page", text, rest.strip(" ?.!"), int(found[1] or found[2]))
    return _about(text, line) or _sorted(text, line)


def _about(text: str, line: str) -> Question | None:
    named = _CALLED.search(line)
    # "The paper is called X. Can you tell me more about it?": X, said before, is the topic.
    for sentence in re.split(r"(?<=[.!?])\s+", line)[::-1]:
        if found := _ABOUT.fullmatch(sentence):
            topic = found["topic"] or found["is"] or found["say"] or ""
            topic = _squeeze(_PHRASES.sub(" ", topic)).strip(" .?!")
            called = bool(named) and bool(re.fullmatch(_ANY_IT, topic, _I))
            if re.fullmatch(_ANY_IT, topic, _I):
                topic = named["topic"].strip() if named else ""
            topic = re.sub(r"^(the|an?)\s+", "", topic, flags=_I)
            return Question("about", text, topic, called=called)
    return None


def _sorted(text: str, line: str) -> Question:
    if _WHEN.search(line):
        return Question("when", text)
    if _NUMBER.search(line):
        return Question("number", text)
    if found := _DEFINE.fullmatch(line):
        subject = next(group for group in found.groups() if group)
        subject = _squeeze(_PHRASES.sub(" ", subject)).strip(" .?!")
        if len(subject.split()) <= 5 and not _ATTRIBUTE.search(subject):
            return Question("define", text, subject)
    if _WHO.search(line):
        return Question("who", text)
    return Question("explain" if _EXPLAIN.search(line) else "other", text)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+([,.?!])", r"\1", " ".join(text.split())).strip(" ,;:?!¿¡？")
