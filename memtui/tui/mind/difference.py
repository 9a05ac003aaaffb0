"""Two texts compared word by word: what went is struck out, what came is underlined."""

import difflib
import re

from textual.content import Content

from memtui.tui import safe

GONE, CAME, STAYS = "strike $error", "underline $success", "$muted"

AROUND = 8
"""Words shown on each side of what has changed."""

MOST = 1500
"""Words that are compared one by one; in longer differences, whole lines are."""

_WORD = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


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
    steps = difflib.SequenceMatcher(None, old, new, False).get_opcodes()
    for number, (what, i, j, k, n) in enumerate(steps):
        if what == "equal":
            pieces.append(_same(old[i:j], number == 0, number == len(steps) - 1))
            continue
        if i < j:
            pieces.append(_changed(old[i:j], GONE))
        if k < n:
            pieces.append(_changed(new[k:n], CAME))
    if not steps or all(step[0] == "equal" for step in steps):
        return [Content.styled("Nothing has changed.", "$muted")]
    return Content("").join(pieces).wrap(max(4, width))


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
