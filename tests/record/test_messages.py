"""The history, what conversation search finds of it, and what a deletion takes out of it."""

import json
from datetime import UTC, datetime

import pytest

from memtui.api.agents import Citation, ToolCall, Usage
from memtui.api.errors import NotFoundError
from memtui.record import NewMessage, Record
from tests.record.conftest import Library, tool_result


def test_a_message_comes_back_as_it_was_given(record: Record, library: Library) -> None:
    agent = library.agent()
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    call = ToolCall(id="c1", name="send_message", arguments={"message": "Hi 😀", "n": [1, None]})
    (one,) = record.messages.append(
        agent.id,
        "t1",
        [
            NewMessage(
                "assistant",
                "Hi 😀",
                thought="be nice",
                tool=call,
                tool_call_id="c1",
                ok=False,
                total=37,
                citations=[Citation(source="papers", page=2, passage_id="p")],
                usage=Usage(prompt_tokens=10, steps=1),
                ms=41.5,
                created_at=moment,
            )
        ],
    )
    assert (one.text, one.thought, one.tool, one.tool_call_id) == ("Hi 😀", "be nice", call, "c1")
    assert (one.ok, one.total, one.ms, one.created_at) == (False, 37, 41.5, moment)
    assert one.citations[0].page == 2
    assert one.usage == Usage(prompt_tokens=10, steps=1)
    assert (one.hits, one.kind, one.turn_id) == ([], "assistant", "t1")
    assert record.messages.get(one.id) == one
    with pytest.raises(NotFoundError):
        record.messages.get(10**9)


def test_half_a_character_from_a_model_loses_no_turn(record: Record, library: Library) -> None:
    agent = library.agent()
    call = ToolCall(id="c", name="send_message", arguments={"message": "half \ud83d"})
    (one,) = record.messages.append(
        agent.id, "t", [NewMessage("assistant", "half \ud83d", tool=call, recall="half \ud83d")]
    )
    assert one.tool is not None
    assert one.tool.arguments == {"message": "half ?"}
    assert one.text == "half \\ud83d"
    one.model_dump_json()


def test_pages_turns_and_counts(record: Record, library: Library) -> None:
    agent, other = library.agent("Otter"), library.agent("Seal")
    for number in range(6):
        record.messages.append(agent.id, f"t{number // 2}", [NewMessage("user", f"{number}")])
    record.messages.append(other.id, "t0", [NewMessage("user", "not mine")])
    last = record.messages.page(agent.id, limit=2)
    assert [one.text for one in last] == ["4", "5"]
    before = record.messages.page(agent.id, before=last[0].id, limit=3)
    assert [one.text for one in before] == ["1", "2", "3"]
    assert [one.text for one in record.messages.turn(agent.id, "t0")] == ["0", "1"]
    assert record.messages.count(agent.id) == 6
    assert len(record.messages.page(agent.id)) == 6
    assert record.messages.append(agent.id, "t", []) == []
    record.messages.append(agent.id, "t", [NewMessage("assistant", "said")])
    assert [one.text for one in record.messages.page(agent.id, limit=2)] == ["5", "said"]
    assert [one.text for one in record.messages.page(agent.id, limit=2, kind="user")] == ["4", "5"]


def test_the_context_window(record: Record, library: Library) -> None:
    agent = library.agent()
    said = record.messages.append(
        agent.id,
        "t",
        [
            NewMessage("user", "one"),
            NewMessage("note", "aside", in_context=False),
            NewMessage("user", "two"),
        ],
    )
    assert [one.text for one in record.messages.in_context(agent.id)] == ["one", "two"]
    record.messages.append(agent.id, "t", [NewMessage("summary", "they talked")])
    record.messages.evict([said[0].id])
    assert [one.text for one in record.messages.in_context(agent.id)] == ["they talked", "two"]
    assert record.messages.count(agent.id) == 3
    assert record.agents.reset_context(agent.id) == 2
    assert record.messages.in_context(agent.id) == []
    assert record.messages.count(agent.id) == 3


def test_conversation_search_finds_what_was_said(record: Record, library: Library) -> None:
    agent = library.agent()
    (said, _) = record.messages.append(
        agent.id,
        "t",
        [
            NewMessage("user", '{"message": "my dog is Rex"}', recall="my dog is Rex"),
            NewMessage("assistant", thought="dog noted"),
        ],
    )
    scope = f"recall_{agent.id}"
    ((found, _),) = record.passages.text_search([scope], ["dog"], 9)
    passage = record.passages.get(found)
    assert (passage.text, passage.section, passage.created_at) == (
        "my dog is Rex",
        "user",
        said.created_at,
    )
    assert record.agents.get(agent.id).recall == 1
    assert record.passages.pending(9, "recall_") == [(found, scope, "my dog is Rex")]


def test_what_an_agent_was_shown(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a.pdf", "apple", "pear")
    agent, other = library.agent("Otter"), library.agent("Seal")
    hits = [library.hit(one) for one in library.ids(source)]
    for _ in range(2):
        (message,) = record.messages.append(
            agent.id, "t", [NewMessage("tool", tool_result(*hits), hits=hits, total=9)]
        )
    assert message.hits == hits
    shown = record.messages.shown(agent.id)
    assert {(one.passage_id, one.source, one.document, one.page) for one in shown} == {
        (hit.passage_id, "papers", "a.pdf", hit.page) for hit in hits
    }
    assert record.messages.shown(other.id) == []


def conversation(record: Record, library: Library) -> tuple[str, str, str]:
    """An agent that answered from two sources; returns its id and theirs."""
    papers, notes = record.sources.create("papers"), record.sources.create("notes")
    library.load(papers, "/a.pdf", "the secret plan is apple")
    library.load(notes, "/b.txt", "the shopping list is pear")
    agent = library.agent("Otter", papers, notes)
    hits = [library.hit(one) for source in (papers, notes) for one in library.ids(source)]
    record.messages.append(
        agent.id,
        "t1",
        [
            NewMessage("user", "what is it?", recall="what is it?"),
            NewMessage("tool", tool_result(*hits), hits=hits, total=2),
            NewMessage("assistant", "Apple.", recall="Apple.", source_ids=[papers.id]),
            NewMessage("assistant", "Pear.", recall="Pear.", source_ids=[notes.id]),
        ],
    )
    library.index()
    return agent.id, papers.id, notes.id


@pytest.mark.parametrize("keep", [True, False])
def test_nothing_of_a_deleted_source_is_found_again(
    record: Record, library: Library, keep: bool
) -> None:
    agent, papers, notes = conversation(record, library)
    recall = f"recall_{agent}"
    (gone,) = record.passages.text_search([recall], ["apple."], 9)
    (record.sources.clear if keep else record.sources.delete)(papers)

    left = {one.text for one in record.passages.many(record.passages.ids(recall)).values()}
    assert left == {"what is it?", "Pear."}
    assert record.passages.text_search(None, ["apple", "apple.", "secret"], 9) == []
    assert {row[1:] for row in record.removals.pending(9)} == {
        (recall, gone[0]),
        (f"source_{papers}", None),
    }
    history = record.messages.page(agent)
    assert [one.text for one in history if one.kind == "assistant"] == ["Apple.", "Pear."]
    (tool,) = (one for one in history if one.kind == "tool")
    assert [hit.source for hit in tool.hits] == ["notes"]
    result = json.loads(tool.text)
    assert result["status"] == "OK"
    assert [hit["text"] for hit in result["message"]["hits"]] == [
        "[removed with source papers]",
        "the shopping list is pear",
    ]
    assert [one.source for one in record.messages.shown(agent)] == ["notes"]
    assert all(check.ok for check in record.integrity())
    # the other source takes the rest along
    record.sources.delete(notes)
    assert len(record.passages.ids(recall)) == 1
    assert "pear" not in record.messages.page(agent)[1].text
    assert record.messages.shown(agent) == []


def test_a_deletion_that_fails_half_way_deletes_nothing(
    record: Record, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, papers, _ = conversation(record, library)
    before = (record.stats(), record.messages.page(agent))

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("memtui.record.sources.removals.of_scope", fail)
    with pytest.raises(ZeroDivisionError):
        record.sources.delete(papers)
    after = (record.stats(), record.messages.page(agent))
    assert {**before[0], "bytes": 0} == {**after[0], "bytes": 0}
    assert before[1] == after[1]


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ("plain text with the secret plan is apple", "[removed with source papers]"),
        ('["the secret plan is apple"]', "[removed with source papers]"),
        (
            '{"status": "OK", "message": "found: the secret plan is apple", "time": "t"}',
            '{"status": "OK", "message": "[removed with source papers]", "time": "t"}',
        ),
        (
            '{"status": "OK", "message": {"hits": [{"text": "the secret plan is apple"}, 7],'
            ' "also": "the secret plan is apple"}}',
            '{"status": "OK", "message": "[removed with source papers]"}',
        ),
    ],
    ids=["no JSON", "no envelope", "a sentence", "elsewhere too"],
)
def test_results_of_another_shape_lose_everything(
    record: Record, library: Library, result: str, wanted: str
) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a.pdf", "the secret plan is apple")
    agent = library.agent()
    hits = [library.hit(one) for one in library.ids(source)]
    record.messages.append(agent.id, "t", [NewMessage("tool", result, hits=hits)])
    record.sources.delete(source.id)
    assert record.messages.page(agent.id)[0].text == wanted


def test_a_source_that_was_deleted_during_the_turn(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a.pdf", "the secret plan is apple")
    agent = library.agent("Otter", source)
    hits = [library.hit(one) for one in library.ids(source)]
    record.sources.delete(source.id)
    tool, said = record.messages.append(
        agent.id,
        "t",
        [
            NewMessage("tool", tool_result(*hits), hits=hits, total=1),
            NewMessage("assistant", "Apple.", recall="Apple.", source_ids=[source.id]),
        ],
    )
    assert tool.hits == []
    assert "secret" not in tool.text
    assert said.text == "Apple."
    assert record.messages.shown(agent.id) == []
    assert record.passages.ids(f"recall_{agent.id}") == []


def test_links_may_be_made_afterwards(record: Record, library: Library) -> None:
    source, agent = record.sources.create("papers"), library.agent()
    recall = f"recall_{agent.id}"
    record.messages.append(
        agent.id, "t1", [NewMessage("assistant", "A", recall="A"), NewMessage("tool", "x")]
    )
    (other,) = record.messages.append(agent.id, "t2", [NewMessage("assistant", "B", recall="B")])
    record.messages.link_turn("t1", [source.id])
    record.messages.link_turn("t1", [source.id])
    assert len(record.passages.ids(recall)) == 2
    record.sources.delete(source.id)
    assert len(record.passages.ids(recall)) == 1
    record.messages.link([other.id], [source.id])  # too late: it goes at once
    assert record.passages.ids(recall) == []
    assert all(check.ok for check in record.integrity())


def test_deleting_a_document_blanks_what_was_shown_of_it(record: Record, library: Library) -> None:
    agent, papers, _ = conversation(record, library)
    (document,) = record.documents.list(papers)
    record.documents.delete(document.id)
    tool = record.messages.page(agent)[1]
    assert [hit.source for hit in tool.hits] == ["notes"]
    assert "[removed with document a.pdf]" in tool.text
    assert "secret" not in tool.text
    assert [one.source for one in record.messages.shown(agent)] == ["notes"]
