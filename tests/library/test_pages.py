import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from memtui.api.errors import UsageError
from memtui.api.library import LoadRequest
from memtui.api.pages import canonical, chosen, listed


@pytest.mark.parametrize(
    ("typed", "meant", "numbers"),
    [
        ("", "", [1, 2, 3, 4, 5]),
        ("2", "2", [2]),
        ("2-4", "2-4", [2, 3, 4]),
        (" 4 - , 1 ", "1,4-", [1, 4, 5]),
        ("-2", "1-2", [1, 2]),
        ("3,2,2-3", "2-3", [2, 3]),
        ("1-", "", [1, 2, 3, 4, 5]),
        ("9-", "9-", []),
        ("4–9", "4-9", [4, 5]),
    ],
)
def test_choices(typed: str, meant: str, numbers: list[int]) -> None:
    assert canonical(typed) == meant
    assert canonical(meant) == meant
    assert chosen(meant, 5) == numbers
    assert LoadRequest(name="n", pages=typed).pages == meant


@pytest.mark.parametrize("typed", ["0", "x", "3-2", ",", "1,,2", "1-2-3", "-", "1.5", "0-3", "٣"])
def test_what_is_no_choice(typed: str) -> None:
    with pytest.raises(UsageError, match=r"is no choice of pages\. Write it like 3-20"):
        canonical(typed)
    with pytest.raises(ValidationError, match="is no choice of pages"):
        LoadRequest(name="n", pages=typed)


@given(st.sets(st.integers(1, 60), min_size=1))
def test_any_set_of_pages(numbers: set[int]) -> None:
    meant = canonical(",".join(map(str, sorted(numbers, key=str))))
    assert chosen(meant, 60) == sorted(numbers) or (meant == "" and len(numbers) == 60)


def test_pages_for_people() -> None:
    assert listed([7, 3, 2, 1]) == "1–3, 7"
    assert listed([]) == ""
    assert listed(range(1, 99, 2)).endswith(", 19 …")
