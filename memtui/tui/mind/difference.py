"""Two texts compared word by word: what went is struck out, what came is underlined."""

import difflib
import re
from collections.abc import Sequence

from textual.content import Content

from memtui.tui import safe

GONE, CAME, STAYS = "strike $error", "underline $success", "$muted"

AROUND = 8
"""Words shown on each side of what has changed."""

MOST = 1500
"""Words that are compared one by one; in longer differences, whole lines are."""

# In Chinese and Japanese, which put no blanks between words, each character by itself.
_ALONE = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"\n|[^\S\n]+|[{_ALONE}]|[^\W{_ALONE}]+|[^\w\s]")
_BLANKS = (" ", "\t")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


_Step = tuple[str, int, int, int, int]


def words(before: str, after: str, width: int) -> list[Content]:
    """The difference as wrapped lines; what stays the same is shortened to a few words."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > MOST:
        old, new = _LINE.findall(before), _LINE.findall(after)
    if max(len(old), len(new)) > MOST:
        pieces = [Content.styled("Too much has changed to be compared. It is now:\n", "$muted")]
        pieces.append(safe.text(after, limit=3000))
        return Content("").join(pieces).wrap(max(4, width))
    pieces = []
    steps = _joined(difflib.SequenceMatcher(None, old, new, False).get_opcodes(), old)
    for number, (what, i, j, k, n) in enumerate(steps):
        if what == "equal":
            pieces.append(_same(old[i:j], number == 0, number == len(steps) - 1))
            continue
        if i < j:
            pieces.append(_changed(old[i:j], GONE))
        if i < j and k < n and not old[j - 1].isspace() and not new[k].isspace():
            pieces.append(Content(" "))
        if k < n:
            pieces.append(_changed(new[k:n], CAME))
    if not steps or all(step[0] == "equal" for step in steps):
        return [Content.styled("Nothing has changed.", "$muted")]
    return Content("").join(pieces).wrap(max(4, width))


def _joined(steps: Sequence[_Step], old: Sequence[str]) -> list[_Step]:
    """Changes with nothing but a blank between them are one: words do not alternate then."""
    joined: list[_Step] = []
    for number, step in enumerate(steps):
        blank = step[0] == "equal" and all(one in _BLANKS for one in old[step[1] : step[2]])
        goes_on = bool(joined) and joined[-1][0] != "equal"
        if goes_on and (step[0] != "equal" or (blank and number < len(steps) - 1)):
            _, i, _, k, _ = joined.pop()
            step = ("replace", i, step[2], k, step[4])
        joined.append(step)
    return joined


def counts(before: str, after: str, short: bool = False) -> str:
    """`+12 characters`, or `+12`; or that the text is another of the same length."""
    added = len(after) - len(before)
    return f"{added:+,d}{'' if short else ' characters'}" if added else "rewritten"


def _changed(parts: list[str], style: str) -> Content:
    """Line ends that went or came are shown as such."""
    text = "".join(parts)
    if not text.strip():
        text = text.replace("\n", "↵\n") if "\n" in text else "␣" * len(text)
    return safe.text(text, style, 3000)


def _same(parts: list[str], first: bool, last: bool) -> Content:
    """The words next to a change."""
    room = AROUND * 2  # half of them are the space between
    if len(parts) <= room * (1 if first or last else 2):
        return safe.text("".join(parts), STAYS)
    head = "" if first else "".join(parts[:room])
    tail = "" if last else "".join(parts[-room:])
    return safe.text(f"{head}…{tail}", STAYS)
