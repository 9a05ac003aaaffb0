"""OfflineReader in whole turns: what it looks for, what it quotes, when it says that it cannot."""

import json
from typing import Any

import pytest

from memtui.llm.offline import OfflineReader
from memtui.llm.transcript import Turn
from tests.llm.world import TOOLS, Archive, Played, envelope, play, quotes, terms

PAPER = Archive(
    [
        ("paper", 1, "MemGPT: Towards LLMs as Operating Systems\nAbstract\nLarge language models"
         " are constrained by limited context windows. MemGPT is a system that manages different"
         " memory tiers to provide extended context within the limited con-\ntext window."),
        ("paper", 2, "1. Introduction ........ 2\n2. Method ........ 4\n3. Results ........ 9"),
        ("paper", 3, "MemGPT splits the context into main context and external context. The queue"
         " manager writes every message to recall storage. A warning is sent when the prompt"
         " tokens exceed 70 percent of the window."),
        ("paper", 5, "Document analysis was evaluated on 50 questions from NaturalQuestions. The"
         " retriever uses HNSW indexes in PostgreSQL."),
        ("manual", 12, "The release key of the crane is the red lever beside the door. The crane"
         " was installed in March 1998 by Ada Brinkmann."),
        ("manual", 14, "The crane lifts at most 40 tonnes. Check the cable once a month."),
        ("handbuch", 3, "紫禁城位于北京市中心。故宫建于1420年，共有9999间房。"),
    ]
)  # fmt: skip
SOURCES = 'Sources attached to archival memory: "paper" (4 passages), "manual" (2 passages).'


def archive() -> Archive:
    return Archive(PAPER.passages)


def assert_verbatim(played: Played) -> None:
    """Every quotation stands in the passages, with the citation of the one it stands in."""
    found = quotes(played.said)
    assert 1 <= len(found) <= 5
    for text, cite in found:
        homes = [
            "".join(body.replace("-\n", "").split())
            for source, page, body in PAPER.passages
            if cite == f"[{source} p. {page}]"
        ]
        assert any("".join(text.removesuffix(" …").split()) in home for home in homes), text


@pytest.mark.parametrize(
    ("question", "cite", "words"),
    [
        ("Which key releases the crane?", "[manual p. 12]", "red lever"),
        ("When was the crane installed?", "[manual p. 12]", "1998"),
        ("Who installed the crane?", "[manual p. 12]", "Ada Brinkmann"),
        ("How many tonnes does the crane lift?", "[manual p. 14]", "40 tonnes"),
        ("What does MemGPT do?", "[paper p. 1]", "manages different memory tiers"),
        ("Can you please tell me what the queue manager writes?", "[paper p. 3]", "every message"),
        ("紫禁城位于哪里？", "[handbuch p. 3]", "北京"),
    ],
)
async def test_it_quotes_what_answers(question: str, cite: str, words: str) -> None:
    played = await play(question, archive())
    assert not played.declined
    assert_verbatim(played)
    text, first = quotes(played.said)[0]
    assert first == cite
    assert words in text


async def test_the_question_of_the_tutorial() -> None:
    played = await play(
        "The paper I loaded into your archival memory is called MemGPT."
        " Can you tell me more about it?",
        archive(),
    )
    assert_verbatim(played)
    assert "MemGPT is a system that manages" in played.said
    assert "...." not in played.said
    assert {cite for _, cite in quotes(played.said)} <= {"[paper p. 1]", "[paper p. 3]"}
    thought, tool, arguments = played.calls[0]
    assert (tool, arguments["query"]) == ("archival_memory_search", "MemGPT")
    assert arguments["request_heartbeat"] is True
    assert thought.endswith(".")
    assert played.calls[-1][2].keys() == {"message"}  # no heartbeat: the turn is over


@pytest.mark.parametrize(
    "question",
    [
        "Who painted the ceiling of the Sistine Chapel?",
        "How much does the Kone elevator weigh?",
        "What is the capital of Mongolia?",
        "Which key opens the Zeppelin hangar?",
        "蒙古的首都叫什么名字？",
    ],
)
async def test_it_declines_what_is_not_there(question: str) -> None:
    played = await play(question, archive(), system=SOURCES)
    assert played.declined
    assert quotes(played.said) == []
    assert "paper, manual" in played.said


async def test_it_declines_when_the_passage_is_taken_out() -> None:
    rest = Archive([passage for passage in PAPER.passages if passage[1] not in {12, 14}])
    for question in ("Which key releases the crane?", "How many tonnes does the crane lift?"):
        assert (await play(question, rest)).declined


async def test_with_nothing_attached_it_says_how_to_attach() -> None:
    played = await play(
        "What is a crane?", Archive([]), system="Sources attached to archival memory: none."
    )
    assert played.declined
    assert "/attach" in played.said
    assert "memtui load" in played.said


async def test_it_reads_on_when_the_first_page_does_not_answer() -> None:
    chaff = [("notes", n, f"Note {n}: the crane is yellow, key, key.") for n in range(1, 8)]
    answer = ("notes", 99, "The crane's emergency release key is the lever with the bell.")

    def tool(name: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
        found = Archive([*chaff, answer])
        everything = found.search("crane", 0)["hits"] + found.search("crane", 1)["hits"]
        page = arguments["page"]
        hits = everything[page * 5 : page * 5 + 5]
        for hit in hits:
            hit["score"] = 0.5
        showing = f"hits {page * 5 + 1}–{page * 5 + len(hits)} of 8, page {page + 1} of 2"
        return True, {"showing": showing, "hits": hits}

    played = await play("What is the emergency release lever?", tool=tool)
    pages = [arguments["page"] for _, name, arguments in played.calls if name != "send_message"]
    assert pages[:2] == [0, 1]
    assert "[notes p. 99]" in played.said


async def test_it_searches_in_other_words_and_then_gives_up() -> None:
    found = archive()
    played = await play("Could you tell me who painted the Sistine Chapel?", found)
    assert played.declined
    assert len({query for query, _ in found.queries}) == 2
    assert len(played.calls) <= 7


async def test_a_page_can_be_asked_for() -> None:
    played = await play("What does the manual say about the crane on page 14?", archive())
    assert {cite for _, cite in quotes(played.said)} == {"[manual p. 14]"}
    assert (await play("What is on page 77?", archive())).declined
    other = await play("What is on page 14?", archive())
    assert {cite for _, cite in quotes(other.said)} == {"[manual p. 14]"}
    assert other.calls[0][2]["document_page"] == 14


async def test_tell_me_more_reads_on_without_repeating() -> None:
    first = await play("Tell me about the crane", archive())
    more = await play("Tell me more", archive(), history=first.messages)
    assert more.calls[0][2]["query"] == first.calls[-2][2]["query"]
    assert more.calls[0][2]["page"] == 1
    said = {text for text, _ in quotes(first.said)}
    assert said.isdisjoint(text for text, _ in quotes(more.said))


async def test_greetings() -> None:
    system = f"### Memory\n{SOURCES}\n<human characters='17/2000'>\nFirst name: Chad\n</human>"
    first = await play("Never (first login)", kind="login", system=system)
    assert first.said.startswith("Hello, Chad!")
    assert "No language model is configured" in first.said
    assert "paper, manual" in first.said
    assert len(first.calls) == 1
    again = await play("2026-11-21 04:35:06 PM UTC+0000", kind="login", history=first.messages)
    assert again.said.startswith("Welcome back, Chad.")
    assert (await play("Hi there!", system=SOURCES)).said.startswith("Hello!")
    assert (await play("thank you very much")).said == "You are welcome."
    assert "offline reader" in (await play("Who are you?")).said


async def test_alerts_tell_what_is_attached_now() -> None:
    history = [
        {"role": "system", "content": "Sources attached to archival memory: none."},
        envelope(
            "system_alert", 'The user attached the source "my \\"doc\\"" (3 passages) to your …'
        ),
    ]
    assert 'my "doc"' in (await play("hello", history=history)).said
    history.append(envelope("system_alert", 'The user detached the source "my \\"doc\\"" from …'))
    assert "/attach" in (await play("hello", history=history)).said


async def test_remembering() -> None:
    def tool(name: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
        return True, "None"

    played = await play("Remember that my name is Ada Lovelace.", tool=tool)
    assert played.calls[0][1] == "core_memory_append"
    assert played.calls[0][2] == {
        "name": "human",
        "content": "Name: Ada Lovelace",
        "request_heartbeat": True,
    }
    assert "Ada Lovelace" in played.said
    full = await play("Remember that I like tea", tool=lambda *_: (False, "The block is full."))
    assert "The block is full." in full.said
    human = "<human characters='9/2000'>\nLikes tea\n</human>"
    assert "“Likes tea”" in (await play("What do you know about me?", system=human)).said


async def test_what_was_said_is_looked_for_in_the_conversation() -> None:
    def tool(name: str, arguments: dict[str, Any]) -> tuple[bool, Any]:
        assert name == "conversation_search"
        question = "What did I say about my tortoise?"
        rows = [("user", question), ("user", "My tortoise is called Leonardo."), ("you", "Nice!")]
        hits = [{"from": who, "time": "Monday", "text": text} for who, text in rows]
        return True, {"showing": "hits 1–3 of 3, page 1 of 1", "hits": hits}

    played = await play("What did I say about my tortoise?", tool=tool)
    assert quotes(played.said) == [("My tortoise is called Leonardo.", "(you said, Monday)")]


async def test_a_failing_search_is_told_once() -> None:
    played = await play("What is MemGPT?", tool=lambda *_: (False, "Milvus is gone."))
    assert "Milvus is gone." in played.said
    assert played.declined
    assert len(played.calls) == 2


async def test_it_never_speaks_twice_and_never_loops() -> None:
    first = await play("What is MemGPT?", archive())
    reader = OfflineReader(terms)
    chunks = [chunk async for chunk in reader.stream(first.messages, TOOLS)]
    assert not any(chunk.tool_calls for chunk in chunks)
    for kind in ("heartbeat", "system_alert"):
        messages = [*first.messages, envelope(kind, "Automated timer")]
        chunks = [chunk async for chunk in reader.stream(messages, TOOLS)]
        assert [part.name for c in chunks for part in c.tool_calls if part.name] == ["send_message"]


@pytest.mark.parametrize(
    "result",
    ["", "garbage", "[]", '{"status": "OK"}', '{"status": "OK", "message": {"hits": 7}}',
     '{"status": "OK", "message": {"hits": [null, {"text": 5}, {"text": ""}], "showing": 3}}',
     '{"status": "OK", "message": {"hits": [{"text": "\\u0000\\u202e [[ {}", "page": "x"}]}}'],
)  # fmt: skip
async def test_odd_results_do_no_harm(result: str) -> None:
    arguments = json.dumps({"query": "crane", "page": 0})
    call = {"id": "a", "function": {"name": "archival_memory_search", "arguments": arguments}}
    messages = [
        {"role": "system", "content": ""},
        envelope("user_message", "What is a crane?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": result},
    ]
    chunks = [chunk async for chunk in OfflineReader(terms).stream(messages, TOOLS)]
    assert chunks[-1].finish_reason == "tool_calls"


async def test_it_streams_in_small_pieces() -> None:
    played = await play("What does MemGPT do?", archive())
    assert len(played.chunks) > 20
    assert max(len(chunk.content) for chunk in played.chunks) <= 60


async def test_without_tools_it_sums_up_by_quoting() -> None:
    first = await play("Tell me about the crane", archive())
    messages = [*first.messages, envelope("user_message", "Summarize the conversation.")]
    chunks = [chunk async for chunk in OfflineReader(terms).stream(messages, [])]
    text = "".join(chunk.content for chunk in chunks)
    assert "“Tell me about the crane”" in text
    assert len(text.split()) <= 101
    assert not any(chunk.tool_calls for chunk in chunks)


@pytest.mark.parametrize("text", ["", "   ", "?", "\n\n", "🦒" * 50, "a" * 5000, "{}", "“”"])
async def test_odd_questions_end(text: str) -> None:
    assert (await play(text, archive())).said


async def test_what_was_said_is_told_in_order() -> None:
    first = await play("Tell me about the crane", archive())
    told = await play("What did I ask about?", archive(), history=first.messages)
    assert told.said == "You said: “Tell me about the crane”"
    assert (await play("What have we talked about so far?", archive())).declined


async def test_more_of_a_page_is_the_rest_of_it() -> None:
    names = ("mole", "crane", "lighthouse", "bakery", "chapel", "windmill")
    page = " ".join(f"The {name} stands on the shore." for name in names)
    pages = Archive([("manual", 14, page)])
    first = await play("What is on page 14?", pages)
    more = await play("Tell me more", pages, history=first.messages)
    assert [text for text, _ in quotes(more.said)] == ["The windmill stands on the shore."]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("What does field-notes say about herons?", "field-notes"),
        ("Was steht in MY PAPERS 2 über Reiher?", "my papers 2"),
        ("What does the paper say about herons?", None),
        ("What does @Paper say about herons?", "paper"),
        ("@'paper': what about herons?", "paper"),
        ('What does @"my papers 2" say about herons?', "my papers 2"),
        ("What does ada@paper say about herons?", None),
        ("Compare field-notes with my papers 2.", None),
        ("What is in field-notes-old?", None),
    ],
)
def test_the_source_that_is_named_is_searched(question: str, source: str | None) -> None:
    reader = OfflineReader(terms)
    turn = Turn("user_message", question, sources=["paper", "field-notes", "my papers 2"])
    act = reader.decide(turn, {"archival_memory_search", "send_message"})
    assert act.tool == "archival_memory_search"
    assert act.arguments.get("source") == source
    assert not source or source not in act.arguments["query"]
    assert question.rstrip("?.") in act.thought
