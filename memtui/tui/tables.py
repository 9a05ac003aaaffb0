"""A table of a reply, made to fit: its wide columns are cut, or each row becomes a list."""

from collections.abc import Sequence

from textual.content import Content

LEAST = 12
"""Cells that a column keeps when it is cut; with less room, a row is told name by name."""

GAP = 2


def lines(
    table: Sequence[Sequence[Content]], width: int, styles: Sequence[str] = ()
) -> list[Content]:
    """`table`, its first row the names of the columns. With no room for columns, as lists.

    `styles` are those of the columns in HTML, as the parser gives them: `text-align:right`.
    """
    columns = max((len(row) for row in table), default=0)
    if not columns:
        return []
    longest = [
        max((row[at].cell_length for row in table if at < len(row)), default=0) or 1
        for at in range(columns)
    ]
    widths = _shared(longest, width - GAP * (columns - 1))
    if any(given < min(whole, LEAST) for given, whole in zip(widths, longest, strict=True)):
        return _told(table, width)
    sides = [style.rpartition(":")[2] for style in styles]
    return _aligned(table, widths, [*sides, *[""] * (columns - len(sides))])


def _shared(longest: Sequence[int], room: int) -> list[int]:
    """The room for each column: narrow ones get what they need, the others an equal part."""
    widths, left = [0] * len(longest), room
    for taken, at in enumerate(sorted(range(len(longest)), key=longest.__getitem__)):
        widths[at] = max(0, min(longest[at], left // (len(longest) - taken)))
        left -= widths[at]
    return widths


def _aligned(
    table: Sequence[Sequence[Content]], widths: Sequence[int], sides: Sequence[str]
) -> list[Content]:
    result: list[Content] = []
    for number, row in enumerate(table):
        cells = [
            _padded(cell.truncate(size, ellipsis=True), size, side)
            for cell, size, side in zip(row, widths, sides, strict=False)
        ]
        line = Content(" " * GAP).join(cells)
        result.append(line if number else line.stylize("bold"))
        if not number:
            rule = (" " * GAP).join("─" * size for size in widths)
            result.append(Content.styled(rule, "$faint"))
    return result


def _padded(cell: Content, size: int, side: str) -> Content:
    space = max(0, size - cell.cell_length)
    left = {"right": space, "center": space // 2}.get(side, 0)
    return cell.pad(left, space - left)


def _told(table: Sequence[Sequence[Content]], width: int) -> list[Content]:
    """`name: value`, wrapped, with a line between two rows."""
    names, *rows = table
    result: list[Content] = []
    for row in rows or [names]:
        if result:
            result.append(Content.styled("─" * min(8, width), "$faint"))
        for at, cell in enumerate(row):
            named = rows and at < len(names) and names[at]
            told = names[at].stylize("bold") + Content(": ") + cell if named else cell
            result += told.wrap(max(4, width)) or [Content("")]
    return result
