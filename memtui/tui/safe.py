"""Text from outside as `Content`: never markup, never a control character, never endless."""

from collections.abc import Iterable

from textual.content import Content

from memtui.api.plain import plain, plain_line

LONGEST = 60_000
"""Characters of one text that are laid out; the rest stays in the record."""


def text(value: str, style: str = "", limit: int = LONGEST) -> Content:
    """Many lines."""
    cut = plain(value, limit)
    content = Content.styled(cut, style) if style else Content(cut)
    if len(value) > limit:
        content += Content.styled(f"\n({len(value) - limit + 1:,} more characters)", "$muted")
    return content


def line(value: str, style: str = "", limit: int = 400) -> Content:
    """One line."""
    cut = plain_line(value, limit)
    return Content.styled(cut, style) if style else Content(cut)


def marked(value: str, spans: Iterable[tuple[int, int]], style: str, mark: str) -> Content:
    """`value` with the [start, end) `spans` marked. Spans outside it are left out."""
    pieces: list[Content] = []
    at = 0
    for start, end in sorted(spans):
        if at <= start < end <= len(value):
            pieces += [text(value[at:start], style), text(value[start:end], mark)]
            at = end
    pieces.append(text(value[at:], style))
    return Content("").join(pieces)


def snippet(
    value: str, spans: Iterable[tuple[int, int]], length: int, style: str, mark: str
) -> Content:
    """About `length` characters of `value` around its first span, on one line, spans marked."""
    inside = sorted(span for span in spans if 0 <= span[0] < span[1] <= len(value))
    first = inside[0][0] if inside else 0
    begin = 0 if first < length // 2 else first - length // 4
    if begin:
        begin = value.find(" ", begin, first) + 1 or begin
    end = min(len(value), begin + length)
    shifted = [(s - begin, e - begin) for s, e in inside if s >= begin and e <= end]
    window = "".join(" " if char.isspace() else char for char in value[begin:end])
    content = marked(window, shifted, style, mark)
    if begin:
        content = Content.styled("…", style) + content
    return content + Content.styled("…", style) if end < len(value) else content
