"""Markdown from a model as wrapped lines of `Content`, citations marked.

No HTML, no links to follow, no images, no markup: an address is shown as text. One list of lines
instead of a widget per paragraph keeps a long conversation cheap.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from textual.content import Content
from textual.style import Style

from memtui.api.plain import plain, plain_line
from memtui.tui import safe, tables

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from memtui.api.agents import Citation

_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use marks around the number of a citation
_GLUE = "\ue002"  # a space at which no line ends
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_BLANK = Content("")


@dataclass(frozen=True)
class Piece:
    """A paragraph or the like: `first` before its first line, `rest` before the others."""

    content: Content
    first: Content
    rest: Content
    code: bool = False
    gap: bool = True  # an empty line before it


def lines(
    text: str, citations: "list[Citation]", width: int, chosen: "Citation | None" = None
) -> list[Content]:
    """`text` as Markdown, wrapped to `width` cells. The citation `chosen` is under the cursor."""
    marked, literals = _with_marks(text, citations, chosen)
    result: list[Content] = []
    for piece in _Builder(literals, width).run(_parser().parse(marked)):
        if piece.gap and result:
            result.append(_BLANK)
        room = max(4, width - max(piece.first.cell_length, piece.rest.cell_length))
        wrapped = piece.content.fold(room) if piece.code else piece.content.wrap(room)
        for number, line in enumerate(map(_unglued, wrapped or [_BLANK])):
            result.append((piece.rest if number else piece.first) + line)
    result = result or plain_lines(text, width)  # nested too deeply for the parser
    if len(text) > safe.LONGEST:
        result += [_BLANK, left_out(len(text) - safe.LONGEST)]
    return result


def code(text: str) -> list[str]:
    """The blocks of code in `text`, without the lines around them."""
    tokens = _parser().parse(plain(text))
    return [one.content.rstrip() for one in tokens if one.type in ("fence", "code_block")]


def left_out(count: int) -> Content:
    """The sign for what of a text is not laid out."""
    return Content.styled(f"({count:,} more characters: y copies them)", "italic $muted")


def _unglued(line: Content) -> Content:
    """A line that has been wrapped, with the spaces inside its citations."""
    return (
        Content(line.plain.replace(_GLUE, " "), list(line.spans)) if _GLUE in line.plain else line
    )


def plain_lines(text: str, width: int, style: str = "") -> list[Content]:
    """`text` as it is, wrapped."""
    return safe.text(text, style).wrap(max(4, width))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _with_marks(
    text: str, citations: "list[Citation]", chosen: "Citation | None"
) -> tuple[str, list[Content]]:
    """Safe text in which each citation is its number between marks, and how each is shown."""
    text = text[: safe.LONGEST]
    for private in (_OPEN, _CLOSE, _GLUE):
        text = text.replace(private, " ")
    pieces: list[str] = []
    shown: list[Content] = []
    at = 0
    for cited in sorted(citations, key=lambda cited: cited.start):
        end = min(cited.end, len(text))
        if at <= cited.start < end:
            pieces += [plain(text[at : cited.start]), f"{_OPEN}{len(shown)}{_CLOSE}"]
            label = _citation(cited, text[cited.start : end])
            shown.append(label.stylize("reverse") if cited is chosen else label)
            at = end
    return "".join([*pieces, plain(text[at:])]), shown


def _citation(cited: "Citation", literal: str) -> Content:
    """`[paper p. 2]`, which opens its passage, or marked as unverified."""
    label = Content(plain_line(literal, 400).replace(" ", _GLUE))
    if not cited.verified:
        return label.stylize("$error") + Content.styled(" (unverified)", "italic $muted")
    label = label.stylize("$accent")
    if cited.passage_id:
        label = label.stylize(Style.from_meta({"passage": cited.passage_id}))
    return label


_BULLET = "• "
_TASKS = {"[ ] ": "○ ", "[x] ": "✓ "}


class _Builder:
    """Walks the parser's tokens with a stack of prefixes for quotes and lists."""

    def __init__(self, literals: list[Content], width: int) -> None:
        self.literals = literals
        self.width = width
        self.pieces: list[Piece] = []
        self.prefixes: list[tuple[Content, Content]] = []  # for the first line, for the others
        self.counters: list[int | None] = []  # of the open lists; None: bullets
        self.heading = ""
        self.tight = False
        self.fresh = False  # the next piece begins an outermost list
        self.table: list[list[Content]] | None = None
        self.aligned: list[str] = []  # how each of its columns is: `text-align:right`

    def run(self, tokens: "list[Token]") -> list[Piece]:
        for token in tokens:
            handler = getattr(self, token.type, None)
            if handler is not None:
                handler(token)
        return self.pieces

    def add(self, content: Content, code: bool = False, gap: bool = True) -> None:
        deepest = self.width // 2
        first = _BLANK.join([first for first, _ in self.prefixes])[:deepest]
        rest = _BLANK.join([rest for _, rest in self.prefixes])[:deepest]
        self.pieces.append(Piece(content, first, rest, code, gap or self.fresh))
        self.fresh = False
        # A bullet stands once; what follows in its item is indented.
        self.prefixes = [(rest, rest) for _, rest in self.prefixes]

    def heading_open(self, token: "Token") -> None:
        self.heading = "bold $primary" if token.tag in ("h1", "h2") else "bold"

    def heading_close(self, _token: "Token") -> None:
        self.heading = ""

    def paragraph_open(self, token: "Token") -> None:
        self.tight = token.hidden

    def paragraph_close(self, _token: "Token") -> None:
        self.tight = False

    def inline(self, token: "Token") -> None:
        if self.table is not None:
            self.table[-1].append(self.spans(token, ""))
        else:
            body = self.spans(token, self.heading)
            task = _TASKS.get(body.plain[:4].lower())
            if task and self.prefixes and self.prefixes[-1][0].plain == _BULLET:
                self.prefixes[-1] = (Content.styled(task, "$muted"), self.prefixes[-1][1])
                body = body[4:]
            self.add(body, gap=not self.tight)

    def bullet_list_open(self, token: "Token") -> None:
        self.fresh = self.fresh or not self.counters
        ordered = token.type.startswith("ordered")
        self.counters.append(int(token.attrs.get("start", 1)) if ordered else None)

    ordered_list_open = bullet_list_open

    def bullet_list_close(self, _token: "Token") -> None:
        self.counters.pop()

    ordered_list_close = bullet_list_close

    def list_item_open(self, _token: "Token") -> None:
        number = self.counters[-1]
        sign = _BULLET if number is None else f"{number}. "
        if number is not None:
            self.counters[-1] = number + 1
        self.prefixes.append((Content.styled(sign, "$muted"), Content(" " * len(sign))))

    def list_item_close(self, _token: "Token") -> None:
        self.prefixes.pop()

    def blockquote_open(self, _token: "Token") -> None:
        bar = Content.styled("▎ ", "$faint")
        self.prefixes.append((bar, bar))

    blockquote_close = list_item_close

    def hr(self, _token: "Token") -> None:
        self.add(Content.styled("─" * min(24, self.width), "$faint"))

    def fence(self, token: "Token") -> None:
        language = plain_line(_MARK.sub("", token.info).split(" ")[0], 24)
        if language:
            label = Content.styled("┌ ", "$faint") + Content.styled(language, "italic $muted")
            self.add(label, code=True)
        bar = Content.styled("│ ", "$faint")
        self.prefixes.append((bar, bar))
        for number, text in enumerate(token.content.rstrip("\n").split("\n")):
            gap = number == 0 and not language
            self.add(self.text(text.expandtabs(4), "$secondary"), code=True, gap=gap)
        self.prefixes.pop()

    code_block = fence

    def table_open(self, _token: "Token") -> None:
        self.table, self.aligned = [], []

    def tr_open(self, _token: "Token") -> None:
        if self.table is not None:
            self.table.append([])

    def th_open(self, token: "Token") -> None:
        self.aligned.append(str(token.attrs.get("style", "")))

    def table_close(self, _token: "Token") -> None:
        table, self.table = self.table or [], None
        indent = min(self.width // 2, sum(rest.cell_length for _, rest in self.prefixes))
        for number, line in enumerate(tables.lines(table, self.width - indent, self.aligned)):
            self.add(line, code=True, gap=not number)

    def spans(self, token: "Token", base: str) -> Content:
        """The inline content of a paragraph, heading or cell."""
        styles = [base] if base else []
        out: list[Content] = []
        address = ""
        for child in token.children or ():
            name, _, edge = child.type.rpartition("_")
            if name in _STYLES and edge == "open":
                styles.append(_STYLES[name])
            elif name in _STYLES:
                styles.remove(_STYLES[name])
            elif child.type == "code_inline":
                out.append(self.text(child.content, " ".join([*styles, "$secondary"])))
            elif child.type == "softbreak":
                out.append(Content(" "))
            elif child.type == "hardbreak":
                out.append(Content("\n"))
            elif child.type == "link_open":
                address = str(child.attrs.get("href", ""))
            elif child.type == "link_close":
                if address and (not out or out[-1].plain != address):
                    out.append(Content.styled(f" ({plain(address, 200)})", "$muted"))
            else:
                out.append(self.text(child.content, " ".join(styles)))
        return _BLANK.join(out)

    def text(self, text: str, style: str) -> Content:
        """`text` with its citations put back."""
        out: list[Content] = []
        at = 0
        for match in _MARK.finditer(text):
            out.append(Content.styled(text[at : match.start()], style))
            number = int(match[1])
            if number < len(self.literals):
                out.append(self.literals[number])
            at = match.end()
        out.append(Content.styled(text[at:], style))
        return _BLANK.join(out)
