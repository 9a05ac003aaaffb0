"""What models answer, well or badly, and what becomes of it."""

import json

from memtui.agent.step import EMPTY_ALERT, PLAIN_NOTE
from memtui.api.agents import TurnReply

from .fakes import Part, Piece, call, calls, say
from .played import Played

SEARCH = {"query": "memory", "request_heartbeat": True}


async def test_plain_text_is_delivered_with_one_note() -> None:
    played = Played()
    plain = [Piece(content="Hello "), Piece(content="there."), Piece(finish_reason="stop")]
    reply = await played.turn(plain)
    assert (reply.reply, reply.status) == ("Hello there.", "done")
    assert played.rows() == ["user", "assistant", "note"]
    assert played.store.rows[2].text == PLAIN_NOTE
    assert "".join(event.text for event in played.of("thought.delta")) == "Hello there."
    assert played.of("message.said")[0].text == "Hello there."
    assert [one.text for one in played.store.recalled] == ["Hi", "Hello there."]
    await played.turn(plain)
    assert played.rows().count("note") == 1
    assert PLAIN_NOTE in played.model.requests[0][3]["content"]


async def test_an_empty_answer_is_asked_again_and_ends_a_turn_that_was_answered() -> None:
    played = Played()
    reply = await played.turn([], say("Now."))
    assert reply.reply == "Now."
    assert played.store.rows[1].text == EMPTY_ALERT
    talk = call("send_message", {"message": "hi", "request_heartbeat": True})
    reply = await played.turn(talk, [])
    assert (reply.status, len(played.model.requests)) == ("done", 2)


async def test_reasoning_is_inner_monologue() -> None:
    played = Played()
    script = [Piece(reasoning="Let me "), Piece(reasoning="see."), *say("Yes", thought="I agree.")]
    reply = await played.turn(script)
    assert reply.steps[0].thought == "Let me see.\n\nI agree."
    assert [e.text for e in played.of("thought.delta")] == ["Let me ", "see.", "I agree."]


async def test_thoughts_in_an_argument_are_monologue_and_not_passed_on() -> None:
    played = Played()
    first = {"inner_thoughts": "I note it.", "content": "x", "request_heartbeat": True}
    reply = await played.turn(
        calls(
            ("archival_memory_insert", first),
            ("send_message", {"inner_thoughts": " And say so. ", "message": "Noted."}),
            thought="Well.",
        ),
        say("Done."),
    )
    assert [step.ok for step in reply.steps] == [True] * 3
    assert [step.thought for step in reply.steps[:2]] == ["Well.\n\nI note it.", "And say so."]
    assert "inner_thoughts" not in str([step.arguments for step in reply.steps])
    thoughts = "".join(event.text for event in played.of("thought.delta"))
    assert thoughts == "Well.I note it. And say so. "
    shown = played.model.requests[1][2]
    assert shown["content"] == "Well.\n\nI note it."
    assert "inner_thoughts" not in json.dumps(played.model.requests[1])


async def test_an_answer_that_begins_anew_replaces_what_came_of_it() -> None:
    played = Played()
    half = call("send_message", '{"message": "Hal', thought="Hm")[:-1]
    reply = await played.turn(
        [Piece(waiting="Too many requests: trying again in 2 s."), *half,
         Piece(restart=True), *say("Whole.", thought="Ah.")]
    )  # fmt: skip
    assert (reply.reply, reply.steps[0].thought, len(reply.steps)) == ("Whole.", "Ah.", 1)
    kinds = played.kinds()
    anew = kinds.index("answer.restarted")
    assert kinds.index("turn.waiting") < kinds.index("message.delta") < anew
    after = [e for e in played.events[anew:] if e.type == "message.delta"]
    assert "".join(event.text for event in after) == "Whole."
    assert played.of("turn.waiting")[0].text == "Too many requests: trying again in 2 s."


async def test_calls_are_put_together_whatever_the_server_does() -> None:
    async def reply_to(*pieces: Piece) -> TurnReply:
        return await Played().turn(list(pieces), say("end"))

    def part(index: int, id: str, name: str, arguments: str) -> Piece:
        return Piece(tool_calls=(Part(index, id, name, arguments),))

    insert = '{"content": "a"}'
    # the same index for every call; the name again with every piece; no id at all
    reply = await reply_to(
        part(0, "a", "archival_memory_insert", insert),
        part(0, "b", "send_message", '{"message": "b"}'),
    )
    assert [step.tool for step in reply.steps] == ["archival_memory_insert", "send_message"]
    reply = await reply_to(
        part(0, "a", "send_message", '{"mess'), part(0, "a", "send_message", 'age": "b"}')
    )
    assert reply.reply == "b"
    reply = await reply_to(part(3, "", "send_message", '{"message": "c"}'), part(1, "", "x", ""))
    assert reply.reply == "c\n\nend"


async def test_ids_stay_unique_over_turns() -> None:
    played = Played()
    await played.turn(say("a"))
    await played.turn(say("b"))
    ids = [row.tool.id for row in played.store.rows if row.tool]
    assert len(set(ids)) == 2
    assert ids[0] == "c0"


async def test_hostile_text_is_stored_and_sent() -> None:
    played = Played()
    reply = await played.turn(
        [Piece(content="\ud800 thought\0"), *say("half \ud83d of a pair \0")], text="lone \udc00 \0"
    )
    assert reply.reply == "half \ufffd of a pair \ufffd"
    for row in played.store.rows:
        row.model_dump_json().encode()
    for event in played.events:
        event.model_dump_json().encode()
    deltas = "".join(event.text for event in played.of("message.delta"))
    assert deltas == reply.reply


async def test_a_cut_off_message_is_not_delivered() -> None:
    cut = [
        Piece(tool_calls=(Part(0, "a", "send_message", '{"message": "Half a'),)),
        Piece(finish_reason="length"),
    ]
    played = Played()
    reply = await played.turn(cut, say("Short."))
    assert reply.reply == "Short."
    assert "cut off" in played.model.requests[1][-1]["content"]


async def test_an_endless_answer_is_given_up() -> None:
    played = Played()
    reply = await played.turn([Piece(content="x" * 100_000)] * 9)
    assert reply.status == "failed"
    assert "did not stop" in reply.problem
