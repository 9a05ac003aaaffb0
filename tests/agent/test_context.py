import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.agent import envelope
from memtui.agent.calibration import Calibration
from memtui.agent.context import Material, Window, compose, core_memory, reserve, statistics
from memtui.agent.templates import system_prompt
from memtui.agent.tokens import CAREFUL
from memtui.agent.tools import BASE_TOOLS
from memtui.api.agents import Agent, AttachedSource, Block, Message, ToolCall
from memtui.api.errors import ModelError

from .fakes import START, check_request

SCHEMAS = [tool.schema for tool in BASE_TOOLS]
BLOCKS = [
    Block(label="persona", value="I am {Tess}."),
    Block(label="human", value="First name: Chad"),
]


def agent(**more: Any) -> Agent:
    values: dict[str, Any] = {"archival": 3, "recall": 0, **more}
    return Agent(
        id="a1", name="Tess", persona="p", human="h", created_at=START, used_at=START, **values
    )


class History:
    def __init__(self) -> None:
        self.rows: list[Message] = []
        self.turns = 0

    def add(self, kind: str, **more: Any) -> Message:
        row = Message(
            id=len(self.rows) + 1, agent_id="a1", turn_id=more.pop("turn_id", f"t{self.turns}"),
            kind=kind, created_at=START, **more,
        )  # fmt: skip
        self.rows.append(row)
        return row

    def said(self, text: str, answer: str = "ok") -> None:
        self.turns += 1
        self.add("user", text=text)
        self.called("send_message", {"message": answer}, "The message was sent.", text=answer)

    def called(self, name: str, arguments: dict[str, Any], result: Any, **more: Any) -> None:
        call = ToolCall(
            id=f"c{len(self.rows)}", name=name, arguments=arguments, raw=more.pop("raw", "")
        )
        self.add("assistant", tool=call, **more)
        self.add("tool", tool_call_id=call.id, text=envelope.result(True, result, "now"))

    def window(self, size: int = 8192, **more: Any) -> Window:
        values: dict[str, Any] = {
            "prompt": "Prompt {x}",
            "agent": agent(),
            "blocks": BLOCKS,
            **more,
        }
        what = Material(
            values["prompt"], values["agent"], values["blocks"], self.rows, len(self.rows), SCHEMAS
        )
        window = compose(what, size)
        check_request(window.messages)
        whole = CAREFUL.tools(SCHEMAS) + CAREFUL.messages(window.messages)
        assert whole <= size - reserve(size)
        predicted = sum(Calibration().parts("a1", window.parts).values())
        assert abs(whole - predicted) <= 2 + len(window.messages)  # rounding
        return window


def search_result(texts: list[str]) -> dict[str, Any]:
    hits = [{"cite": f"[p p. {n}]", "score": 0.5, "text": text} for n, text in enumerate(texts)]
    return {"showing": f"hits 1–{len(texts)} of 37, page 1 of 8", "hits": hits}


def test_statistics_and_core_memory() -> None:
    sources = [AttachedSource(id="1", name='a "b" {c}', passages=1044, documents=1)]
    text = statistics(agent(recall=12, sources=sources))
    assert "12 previous messages" in text
    assert "3 memories" in text
    assert r'"a \"b\" {c}" (1,044 passages, 1 document).' in text
    assert statistics(agent()).endswith("Sources attached to archival memory: none.")
    many = [AttachedSource(id=str(n), name=f"s{n}") for n in range(500)]
    assert "more (read all of it with conversation_search, query memory:sources)." in statistics(
        agent(sources=many)
    )
    core = core_memory(BLOCKS, 1000)
    assert '<persona characters="12/2000">\nI am {Tess}.\n</persona>' in core


def test_the_conversation_in_openai_format() -> None:
    history = History()
    history.add("login")
    history.called("send_message", {"message": "Hello"}, "sent", text="Hello", thought="I greet.")
    history.turns += 1
    history.add("user", text="Who {am} I?")
    history.called(
        "archival_memory_search", {"query": "x", "request_heartbeat": True}, search_result(["y"])
    )
    history.add("alert", text="finish")
    history.add("note", text="visible")
    history.add("note", text="The key was refused.", ok=False)
    history.add("assistant", text="plain words")
    sent = history.window().messages
    assert [m["role"] for m in sent] == [
        *("system", "user", "assistant", "tool", "user"),
        *("assistant", "tool", "user", "user", "assistant"),
    ]
    assert json.loads(sent[1]["content"])["type"] == "login"
    assert sent[2]["content"] == "I greet."
    assert json.loads(sent[4]["content"])["message"] == "Who {am} I?"
    arguments = json.loads(sent[5]["tool_calls"][0]["function"]["arguments"])
    assert arguments == {"query": "x", "request_heartbeat": True}
    assert json.loads(sent[7]["content"])["message"] == envelope.HIDDEN + "finish"
    assert sent[9]["content"] == "plain words"
    assert "Prompt {x}" in sent[0]["content"]


def test_old_history_is_repaired() -> None:
    history = History()
    history.turns = 1
    history.add("assistant", thought="", tool=ToolCall(id="x", name="send_message"))
    history.add("assistant", thought="I wanted to search", tool=ToolCall(id="y", name="s"))
    history.add("tool", tool_call_id="nobody", text="{}")
    history.called("bad name!\n", {}, "Failed", raw="{broken")
    # the same id in another turn, and calls before their results, as other programs write them
    history.turns = 2
    history.add("assistant", tool=ToolCall(id="x", name="a"))
    history.add("assistant", tool=ToolCall(id="z", name="b"))
    history.add("tool", tool_call_id="x", text="1")
    history.add("tool", tool_call_id="z", text="2")
    sent = history.window().messages[1:]
    assert sent[0] == {"role": "assistant", "content": "I wanted to search"}
    assert sent[1]["tool_calls"][0]["function"]["name"] == "bad_name__"
    assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"invalid": "{broken"}
    assert [m.get("tool_call_id") for m in sent[3:]] == [None, "x", None, "z"]


def test_whole_old_turns_are_evicted_with_a_note() -> None:
    history = History()
    for number in range(400):
        history.said(f"message {number} " + "words " * 20)
    window = history.window()
    assert window.evict == [row.id for row in history.rows[: len(window.evict)]]
    assert len(window.evict) % 3 == 0
    note = json.loads(window.messages[1]["content"])["message"]
    assert f"{len(window.evict):,} of 1,200 messages" in note
    assert "conversation_search" in note
    assert any(window.parts["summary"])
    assert "message 399" in window.messages[-3]["content"]
    # not every step evicts: there is room for some more turns now
    kept = History()
    kept.rows = history.rows[len(window.evict) :]
    kept.turns = 1000
    kept.said("one more")
    assert not kept.window().evict


def test_nothing_is_hidden_in_a_short_conversation() -> None:
    history = History()
    history.said("hi")
    window = history.window()
    assert not any(window.parts["summary"])
    assert not window.evict


@pytest.mark.parametrize("size", [4096, 8192, 32_000, 128_000])
@pytest.mark.parametrize("letter", ["word ", "字", "5f0c-", "😀", '"}'])
def test_never_above_the_window(size: int, letter: str) -> None:
    blocks = [Block(label=name, value=(letter * 2000)[:2000]) for name in ("persona", "human")]
    sources = [AttachedSource(id=str(n), name=(letter * 200)[:200]) for n in range(30)]
    fixed = {
        "prompt": system_prompt("memgpt_doc"), "blocks": blocks, "agent": agent(sources=sources),
    }  # fmt: skip
    history = History()
    for _ in range(20):
        history.said(letter * 500)
    history.said(letter * (200_000 // len(letter)), letter * 20_000)
    window = history.window(size, **fixed)
    if size < 128_000:
        assert "shortened to fit" in json.dumps(window.messages[-3:], ensure_ascii=False)
    history.turns += 1
    history.add("user", text=letter * 3000)
    for page in range(12):
        for _ in range(3):
            history.called(
                "archival_memory_search", {"page": page}, search_result([letter * 800] * 5)
            )
    history.window(size, **fixed)


def test_a_long_turn_keeps_the_question_and_the_latest_result() -> None:
    history = History()
    history.turns = 1
    history.add("user", text="The question")
    for page in range(11):
        texts = [f"page {page} hit {n} " + "text of the passage " * 50 for n in range(5)]
        history.called("archival_memory_search", {"page": page}, search_result(texts))
    window = history.window(4096, prompt=system_prompt("memgpt_doc"))
    assert not window.evict
    assert "The question" in window.messages[1]["content"]
    latest = json.loads(window.messages[-1]["content"])
    assert [hit["cite"] for hit in latest["message"]["hits"]] == [f"[p p. {n}]" for n in range(5)]
    assert "shortened to fit" in latest["message"]["hits"][0]["text"]
    assert latest["message"]["showing"].startswith("hits 1–5 of 37")


def test_a_pasted_text_keeps_its_beginning_and_end() -> None:
    history = History()
    history.turns = 1
    history.add("user", text="Look at this: " + "blah " * 40_000 + "So what is it?")
    content = history.window(4096).messages[1]["content"]
    message = json.loads(content)["message"]
    assert message.startswith("Look at this")
    assert message.endswith("So what is it?")
    assert (
        "of 200,028 characters shown; read all of it with conversation_search, query message:1"
        in message
    )


def test_a_window_too_small_is_said() -> None:
    history = History()
    history.said("hi")
    with pytest.raises(ModelError, match="2,000 tokens is too small"):
        history.window(2000)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["user", "call", "alert", "orphan", "new"]), st.integers(0, 6000)
        ),
        max_size=60,
    ),
    st.sampled_from([4096, 8192]),
)
def test_any_history_fits(events: list[tuple[str, int]], size: int) -> None:
    history = History()
    for kind, length in events:
        text = "some words 字 " * (length // 12)
        if kind == "call":
            history.called("f", {"x": text, "n": 1}, search_result([text, text]))
        elif kind == "orphan":
            history.add("tool", tool_call_id="gone", text=text)
        elif kind == "new":
            history.turns += 1
        else:
            history.add(kind, text=text)
    history.window(size)
