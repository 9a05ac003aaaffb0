"""What a message is taken for."""

import pytest

from memtui.llm.questions import understand


@pytest.mark.parametrize(
    ("text", "kind", "topic"),
    [
        ("The paper I loaded is called MemGPT. Can you tell me more about it?", "about", "MemGPT"),
        ("Tell me about the ChaCha cipher.", "about", "ChaCha cipher"),
        ("Summarize the paper", "about", ""),
        ("What is this document about?", "about", ""),
        ("What is Nettle?", "define", "Nettle"),
        ("What does Memcheck do?", "define", "Memcheck"),
        ("What is the block size of DES?", "other", ""),
        ("¿Qué es el cobre?", "define", "cobre"),
        ("Was ist ein Leuchtturm?", "define", "Leuchtturm"),
        ("什么是铜？", "define", "铜"),
        ("How many pages has it?", "number", ""),
        ("When was MD5 constructed?", "when", ""),
        ("Who wrote it?", "who", ""),
        ("Why is the sky blue?", "explain", ""),
        ("Which key releases the crane?", "other", ""),
        ("What is on page 12?", "page", ""),
        ("Remember that my name is Ada", "remember", "Name: Ada"),
        ("my name is Ada", "remember", "Name: Ada"),
        ("Please remember: I like tea", "remember", "I like tea"),
        ("What did I say about tea?", "recall", ""),
        ("Do you remember what we discussed?", "recall", ""),
        ("What's my name?", "self", ""),
        ("hello!", "greet", ""),
        ("Thanks a lot", "thanks", ""),
        ("help", "help", ""),
        ("tell me more", "more", ""),
        ("How can I tell memtui to attach a source?", "explain", ""),
        ("¿Cuándo nació Galor?", "when", ""),
        ("故宫有多少间房?", "number", ""),
        ("متى بني القصر؟", "when", ""),
    ],
)
def test_kinds(text: str, kind: str, topic: str) -> None:
    question = understand(text)
    assert (question.kind, question.topic) == (kind, topic)


def test_politeness_is_not_searched_for() -> None:
    question = understand("Could you please tell me what the queue manager writes?")
    assert question.search == "what the queue manager writes"
    assert question.content == "queue manager writes"


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("And who wrote it?", True),
        ("When was it written?", True),
        ("When is it used?", True),
        ("And DES?", True),
        ("What is Nettle?", False),
        ("Who wrote Nettle?", False),
        ("What happens to a file when it is loaded?", False),
        ("And what is a heartbeat?", False),
    ],
)
def test_what_leans_on_the_question_before(text: str, leans: bool) -> None:
    assert understand(text).leans is leans


def test_it_takes_over_the_subject_of_the_question_before() -> None:
    former = understand("What is Salsa20?")
    assert understand("And who designed it?").after(former).search == "Salsa20 who designed it"
    same = understand("And DES?").after(understand("What block size does AES use?"))
    assert (same.kind, set(same.content.split())) == ("other", {"block", "size", "use", "DES"})


def test_words_that_only_say_what_sort_of_answer_is_wanted() -> None:
    assert understand("At what temperature does copper melt?").light == {"temperature"}
    assert understand("Which file formats can it read?").light == {"file", "formats"}
    assert understand("Which Nettle function hashes?").light == set()


def test_sorts_of_answers() -> None:
    assert not understand("When did it open?").answered_in("It is 42 metres tall, says Ada.")
    assert understand("When did it open?").answered_in("It opened in 1923.")
    assert not understand("Who built it?").answered_in("It was built of brick.")
    assert understand("谁发明了它？").answered_in("由林德发明。")
