"""Near-duplicates do not fill a page: all but one in five stand behind what is different."""

import random

import pytest

from memtui.search.duplicates import behind

WORDS = [f"word{number}" for number in range(400)]


def text(seed: int, size: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=size))


def test_the_same_text_again_and_again_is_behind_and_none_is_lost() -> None:
    first = text(1)
    changed = first.replace(first.split()[50], "other", 1)
    texts = {"a": first, "b": first.upper().replace(" ", "\n "), "c": text(2), "d": changed}
    texts |= {"e": text(3), "f": text(2)}
    assert behind(list("abcdef"), texts) == list("abcedf")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Alice paid Bob.", "Bob paid Alice.", False),
        ("Total 45, invoice 7.", "Total 46, invoice 8.", False),
        ("yes", "Yes", True),
        ("", "", False),
        ("向量数据库很快,也很好用。" * 4, "向量数据库很快,也很好用。" * 4, True),
        ("向量数据库很快。" + "一二三四五六七八九十百千万" * 2, "关系数据库不快。", False),
    ],
)
def test_what_is_alike(one: str, other: str, alike: bool) -> None:
    order = behind(list("abcd"), {"a": one, "b": one, "c": other, "d": "something else"})
    assert order == list("abdc" if alike else "abcd")


def test_a_library_of_copies() -> None:
    texts = {f"{seed}{copy}": text(seed) for seed in range(20) for copy in "ab"}
    order = behind(list(texts), texts)
    assert sorted(order) == sorted(texts)
    assert len({name[:-1] for name in order[:10]}) == 8


def test_different_texts_stay_in_order() -> None:
    texts = {str(seed): text(seed) for seed in range(50)}
    assert behind(list(texts), texts) == list(texts)
    assert behind(["x", "y"], {}) == ["x", "y"]
