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
        ("What is Nettle?", "define", ""),
        ("What does Memcheck do?", "define", ""),
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
