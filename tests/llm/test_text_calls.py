"""Calls written as text are found, whatever the chunk borders, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtui.llm.text_calls import TextCalls

SAY = '{"message": "Hi {you}, \\"q\\" }"}'
CALL = '{"thought": "I greet.", "function": "say", "arguments": ' + SAY + "}"


def read(text: str, size: int = 1) -> tuple[str, list[tuple[str, str]]]:
    reader = TextCalls(["say", "look"])
    chunks = [reader.feed(text[at : at + size]) for at in range(0, len(text), size)]
    chunks.append(reader.end())
    calls: dict[int, tuple[str, str]] = {}
    for part in (part for chunk in chunks for part in chunk.tool_calls):
        calls[part.index] = (part.name, calls.get(part.index, ("", ""))[1] + part.arguments)
    return "".join(chunk.content for chunk in chunks), list(calls.values())


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "said", "calls"),
    [
        (CALL, "I greet.", [("say", SAY)]),
        (f"```json\n{CALL}\n```", "I greet.", [("say", SAY)]),
        (f"<tool_call>\n{CALL}\n</tool_call>", "I greet.", [("say", SAY)]),
        (f"Let me see.\n{CALL}", "Let me see.\nI greet.", [("say", SAY)]),
        (f"[{CALL},\n{CALL}]", "I greet.I greet.", [("say", SAY)] * 2),
        ('{"arguments": {"a": [1]}, "name": "look"}', "", [("look", '{"a": [1]}')]),
        ('{"name": "look"}', "", [("look", "")]),
        ('{"name": "look", "arguments": "{\\"a\\": 1}"}', "", [("look", '"{\\"a\\": 1}"')]),
        ('{"function": {"name": "look", "arguments": {"a": 1}}}', "", [("look", '{"a": 1}')]),
        ("{'function': 'look', 'arguments': {'a': 1}}", "", [("look", '{"a": 1}')]),
        ('{"function": "look", "arguments": {"a": 1', "", [("look", '{"a": 1')]),
    ],
)
def test_calls(text: str, said: str, calls: list[tuple[str, str]], size: int) -> None:
    found, made = read(text, size)
    assert (found, [(name, arguments.strip()) for name, arguments in made]) == (said, calls)


@pytest.mark.parametrize(
    "text",
    [
        "Plain words, with {braces} and `code`.",
        '{"answer": 42}',
        '{"function": "rm", "arguments": {}}',
        'In JSON: {"function": "say"}',
        "```python\nprint({})\n```",
        "{ not json at all",
        "",
    ],
)
def test_text_stays_text(text: str) -> None:
    assert read(text) == (text, [])


@given(st.text('{}[]",:`<\\ \nafunctio', max_size=60), st.integers(1, 9))
def test_any_text_is_kept(text: str, size: int) -> None:
    assert read(text, size) == (text, [])


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3), st.integers(1, 20))
def test_any_arguments_arrive(arguments: dict[str, str], size: int) -> None:
    text = json.dumps({"function": "say", "arguments": arguments}, ensure_ascii=False)
    (call,) = read(text, size)[1]
    assert (call[0], json.loads(call[1])) == ("say", arguments)


def test_arguments_stream() -> None:
    reader = TextCalls(["say"])
    reader.feed('{"thought": "x", "function": "say", "arguments": {"message": "He')
    assert reader.feed("llo").tool_calls[0].arguments == "llo"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["`" * 5000 + " done", "\n" * 50_000, "`" * 40 + "!", "<|" * 9000])
def test_whatever_runs_away_is_read_in_no_time(text: str) -> None:
    assert read(text, 2000) == (text, [])
