import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.agent.arguments import BadArgumentsError, parse

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("", {}),
        ("  ", {}),
        ("null", {}),
        ('{"a": "x\ny"}', {"a": "x\ny"}),
        ('{"a": "b"', {"a": "b"}),
        ('{"a": "b', {"a": "b"}),
        ('{"a": [1, {"b": 2', {"a": [1, {"b": 2}]}),
        ('{"a": 1,', {"a": 1}),
        ('{"a": 1}}}', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ("{'a': 'it is'}", {"a": "it is"}),
        ("{a: b, c: True, d: None}", {"a": "b", "c": True, "d": None}),
        ('{"a": "say "hi" now", "b": 1,}', {"a": 'say "hi" now', "b": 1}),
        ('{"a": "b\\_c"}', {"a": "b\\_c"}),
        ('{"a": 1 "b": 2}', {"a": 1, "b": 2}),
        ('{"a": 1e999}', {"a": "inf"}),
    ],
)
def test_reads_and_repairs(raw: str, value: dict[str, Any]) -> None:
    assert parse(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        "hello", "[1]", "3", "}{", '{"a" 1}', "{'a'", '{"a": 1} {"b": 2}', "[" * 100_000,
        '{"a":', '{"a": 1, "b": }',  # a value would have to be made up
        '{"a": "b" "there you are"}', '{"a": "b"} and then it went on', '{"a" oops',  # words lost
        '{"what is this": 1, }', '{"a": ' * 5_000, "{'a': '" + "x" * 30_000,
    ],
)  # fmt: skip
def test_says_what_is_wrong(raw: str) -> None:
    with pytest.raises(BadArgumentsError):
        parse(raw)


def test_without_repair_half_an_object_is_none() -> None:
    with pytest.raises(BadArgumentsError):
        parse('{"a": "b', repair=False)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_valid_objects_are_left_alone(value: dict[str, Any]) -> None:
    assert parse(json.dumps(value)) == json.loads(json.dumps(value).replace("\\u0000", "\\ufffd"))


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_gives_an_object_or_a_sentence(raw: str) -> None:
    with contextlib.suppress(BadArgumentsError):
        assert isinstance(parse(raw), dict)
