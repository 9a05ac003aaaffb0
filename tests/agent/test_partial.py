import json

from hypothesis import given, settings
from hypothesis import strategies as st

from memtui.agent.partial import PartialField
from memtui.agent.text import mend, shorten

TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


def decode(pieces: list[str]) -> str:
    field = PartialField("message")
    return "".join(field.feed(piece) for piece in pieces)


@settings(deadline=None, max_examples=40)
@given(text=TEXTS, ascii_only=st.booleans(), other=TEXTS, indent=st.sampled_from([None, 2]))
def test_split_at_every_position(
    text: str, ascii_only: bool, other: str, indent: int | None
) -> None:
    value = {"x": [other, {"message": other}], other: {"message": 1}, "message": text, "y": other}
    if other == "message":
        del value["y"]
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    wanted = mend(json.loads(raw)["message"])
    assert decode(list(raw)) == wanted
    for cut in range(len(raw) + 1):
        assert decode([raw[:cut], raw[cut:]]) == wanted


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.integers(1, 5), max_size=30))
def test_never_fails_on_anything(raw: str, sizes: list[int]) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(raw[at : at + size])
        at += size
    decode([*pieces, raw[at:]])


def test_words_appear_before_the_object_ends() -> None:
    field = PartialField("message")
    assert field.feed('{"message": "Hel') == "Hel"
    assert field.feed("lo\\") == "lo"
    assert field.feed('u00e9 \\"') == 'é "'
    assert field.feed("\\ud83d") == ""
    assert field.feed("\\ude00!") == "😀!"
    assert field.feed('", "message": "again"}') == ""


def test_raw_line_breaks_and_other_types() -> None:
    assert decode(['{"message": "a\nb"}']) == "a\nb"
    assert decode(['{"message": 7, "x": "y"}']) == ""
    assert decode(['{"message": {"message": "inner"}}']) == ""
    assert decode(['["message", "no"]']) == ""


def test_mend_joins_and_replaces() -> None:
    assert mend("\ud83d\ude00") == "😀"
    assert mend("a\ud83d b\0") == "a\ufffd b\ufffd"


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(0, 100))
def test_shorten_is_visible_and_bounded(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert short == text if len(text) <= limit else "[shortened to fit" in short
    assert len(short) <= max(limit + 100, len(text) if len(text) <= limit else 0)
