"""Which sentence leads, and how many follow: on small libraries, in several languages."""

import pytest

from memtui.llm.answers import defines
from memtui.search.terms import index_terms, query_terms
from tests.llm.world import Archive, play, quotes

FACTS = [
    "Copper melts at 1085 degrees Celsius.",
    "The float gauge was invented by Marta Lind in 1923.",
    "The museum opens at nine in the morning and closes at five.",
    "The lighthouse at Cape Orrin is 42 metres tall and was built in 1887.",
    "Tickets cost four euros for adults and two euros for children.",
    "The archive holds 12,000 letters, most of them written in French.",
    "Professor Ida Novak directs the laboratory.",
    "The bridge over the river Sall was destroyed by a flood in 1954.",
    "The main pump is located in the cellar, next to the boiler.",
    "Bees kept on the roof produce about thirty kilograms of honey a year.",
]
ASKED = [
    ("At what temperature does copper melt?", 0),
    ("Who invented the float gauge?", 1),
    ("Who designed the float gauge?", 1),
    ("When does the museum open?", 2),
    ("How tall is the lighthouse at Cape Orrin?", 3),
    ("What is the height of the lighthouse?", 3),
    ("What is the price of a ticket?", 4),
    ("In which language are the letters written?", 5),
    ("Who is the head of the laboratory?", 6),
    ("What destroyed the bridge?", 7),
    ("Where can I find the pump?", 8),
    ("How much honey do the bees produce?", 9),
]
ABSENT = [
    "Who painted the Mona Lisa?",
    "What is the capital of Mongolia?",
    "How tall is Mount Everest?",
    "When was the railway station opened?",
    "What is the phone number of the office?",
]


def real_terms(text: str) -> list[str]:
    return index_terms(text).split()


async def ask(text: str, facts: list[str]) -> tuple[str, str] | None:
    """The first quotation and its citation; None when it declined."""
    archive = Archive([("facts", n, fact) for n, fact in enumerate(facts, 1)], terms=real_terms)
    played = await play(text, archive, terms=(query_terms, real_terms))
    found = quotes(played.said)
    assert len(found) <= 3
    assert played.declined == (not found)
    return found[0] if found else None


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10])
async def test_a_few_short_pages(size: int) -> None:
    for question, number in ASKED:
        first = await ask(question, FACTS[:size])
        if number < size:
            assert first == (FACTS[number], f"[facts p. {number + 1}]"), question
    for question in ABSENT:
        assert await ask(question, FACTS[:size]) is None, question


@pytest.mark.parametrize(
    ("facts", "answered", "absent"),
    [
        (
            ["El cobre se funde a 1085 grados.", "El medidor fue inventado por Marta Lind."],
            ["¿A qué temperatura se funde el cobre?", "¿Quién inventó el medidor?"],
            "¿Cuál es la capital de Mongolia?",
        ),
        (
            ["Kupfer schmilzt bei 1085 Grad.", "Der Pegelmesser wurde von Marta Lind erfunden."],
            ["Bei welcher Temperatur schmilzt Kupfer?", "Wer hat den Pegelmesser erfunden?"],
            "Was ist die Hauptstadt der Mongolei?",
        ),
        (
            ["Le cuivre fond à 1085 degrés.", "La jauge a été inventée par Marta Lind."],
            ["À quelle température le cuivre fond-il ?", "Qui a inventé la jauge ?"],
            "Quelle est la capitale de la Mongolie ?",
        ),
        (
            ["Медь плавится при 1085 градусах.", "Уровнемер изобрела Марта Линд."],
            ["При какой температуре плавится медь?", "Кто изобрёл уровнемер?"],
            "Как называется столица Монголии?",
        ),
        (
            ["铜的熔点是1085摄氏度。", "灯塔高42米，建于1887年。"],
            ["铜的熔点是多少？", "灯塔有多高？"],
            "蒙古的首都是哪里？",
        ),
        (
            ["銅の融点は1085度です。", "フロートゲージはマルタ・リンドによって発明されました。"],
            ["銅の融点は何度ですか？", "フロートゲージを発明したのは誰ですか？"],
            "モンゴルの首都はどこですか？",
        ),
        (
            ["ينصهر النحاس عند 1085 درجة مئوية.", "اخترعت مارتا ليند مقياس العوامة في عام 1923."],
            ["عند أي درجة ينصهر النحاس؟", "من اخترع مقياس العوامة؟"],
            "ما هي عاصمة منغوليا؟",
        ),
    ],
    ids=["es", "de", "fr", "ru", "zh", "ja", "ar"],
)
async def test_other_languages(facts: list[str], answered: list[str], absent: str) -> None:
    for number, question in enumerate(answered):
        assert await ask(question, facts) == (facts[number], f"[facts p. {number + 1}]"), question
    assert await ask(absent, facts) is None


HASHES = [
    "7.1 SHA512\nSHA512 is a larger sibling to SHA256, with both the output and the internal"
    " variables of twice the size.\nNettle defines SHA512 in its own header file.",
    "7.2 SHA256\nSHA256 is a member of the SHA2 family. It outputs hash values of 256 bits, or 32"
    " octets.\nvoid sha256_init (struct sha256 ctx *ctx) [Function]\nInitialize the SHA256 state.",
    "Contents 7.1 SHA512 … 13\n7.2 SHA256 … 14\n",
]


async def test_a_sentence_that_leans_on_the_one_before_leads() -> None:
    first = await ask("What does SHA256 output?", HASHES)
    assert first == ("It outputs hash values of 256 bits, or 32 octets.", "[facts p. 2]")


async def test_the_definition_leads() -> None:
    facts = [
        "A search shows passages and hits. The passage opens when you press Enter on the passage.",
        "A hit is a passage that a search found.\nA passage is a piece of a document.",
    ]
    assert await ask("What is a passage?", facts) == (
        "A passage is a piece of a document.",
        "[facts p. 2]",
    )


async def test_what_only_repeats_the_question_is_not_quoted() -> None:
    facts = ["The answer consists of quotations. The offline reader is in use.", FACTS[0]]
    first = await ask("Why does the answer consist of quotations?", facts)
    assert first == ("The offline reader is in use.", "[facts p. 1]")


async def test_follow_ups() -> None:
    archive = Archive([("facts", n, fact) for n, fact in enumerate(FACTS, 1)], terms=real_terms)
    first = await play("What is the float gauge?", archive, terms=(query_terms, real_terms))
    then = await play(
        "And who invented it?", archive, history=first.messages, terms=(query_terms, real_terms)
    )
    assert quotes(then.said)[0] == (FACTS[1], "[facts p. 2]")
    assert then.calls[0][2]["query"] == "float gauge who invented it"


@pytest.mark.parametrize(
    ("subject", "sentence", "value"),
    [
        ("Yarrow", "Yarrow is a family of generators.", 1.0),
        ("passage", "A passage is a piece of a document.", 1.0),
        ("recall memory", "Recall memory is everything that was said.", 1.0),
        ("offline reader", "The offline reader is in use.", 0.5),
        ("CTR", "Counter mode (CTR) uses the block cipher.", 0.5),
        ("cobre", "El cobre es un metal.", 1.0),
        ("铜", "铜是一种金属。", 1.0),
        ("HMAC", "HMAC keys can be of any length.", 0.0),
        ("DER", "der: buffer to hold the encoding.", 0.0),
        ("DER", "Distinguished Encoding Rules (DER, as per X.690) are rules.", 0.5),
    ],
)
def test_definitions(subject: str, sentence: str, value: float) -> None:
    assert defines(subject, sentence) == value
