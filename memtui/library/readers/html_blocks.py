"""What a page of HTML shows, block by block, in order: paragraphs, headings, lines of lists.

The walk is a loop, so that no depth of nesting breaks it.
"""

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HTMLParser, document_fromstring  # type: ignore[import-untyped]

from memtui.library.readers.text import clean

_INLINE = frozenset(
    re.findall(
        r"\w+",
        """a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math
    nobr q rb ruby s samp small span strike strong sub sup time tt u var wbr""",
    )
)
_NEVER = frozenset(
    re.findall(
        r"\w+",
        """annotation applet area audio canvas datalist embed head iframe input map meta noembed
    noframes noscript object option progress rp rt script select style svg template textarea title
    video""",
    )
)
_LINES = frozenset(("dd", "dt", "li", "caption", "summary"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ROLES = frozenset(
    re.findall(
        r"\w+",
        "alertdialog banner complementary contentinfo dialog menu menubar navigation search",
    )
)
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|banner|breadcrumbs?|consent|cookies?|footer|gdpr|masthead|menu|"
    r"modal|nav|navbar|navigation|newsletter|pagination|popup|promo|recommended|related|share|"
    r"sharing|sidebar|skip|social|subscribe)(?=$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
ANCHOR = re.compile(r"\s*[¶#§🔗]\s*\Z")
_DEEPEST = 100  # elements within each other, among which furniture is looked for
_LARGEST = 0.5  # of the page's text: more than this is no menu, whatever it is called


@dataclass(slots=True)
class Block:
    """`level` is that of a heading, 0 for other text. A `line` follows the line before it closely.

    `furniture` is what stands in menus, footers and the like; `linked` is the share of links.
    """

    text: str
    level: int = 0
    line: bool = False
    furniture: bool = False
    linked: float = 0.0


def parse(text: str) -> Any:
    """The page as lxml's tree. Raises lxml's ParserError where there is none, or only a part."""
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text.replace("\0", ""), count=1)
    parser = HTMLParser(huge_tree=True)
    tree = document_fromstring(text, parser=parser)
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        raise etree.ParserError("nested too deeply")
    return tree


def blocks(tree: Any) -> list[Block]:
    """Without what is hidden; where a page hides everything (until its script runs), with it."""
    return _Walk(tree, hide=True).blocks or _Walk(tree, hide=False).blocks


class _Walk:
    def __init__(self, tree: Any, hide: bool) -> None:
        self.blocks: list[Block] = []
        self._hide = hide
        self._total = sum(map(len, tree.itertext()))
        self._open: dict[str, int] = {}  # how many elements of each role are open
        self._buffer: list[str] = []
        self._characters = self._linked = 0
        self._level = 0
        self._line = False
        self._bullet = ""
        self._roles_open: list[tuple[str, ...]] = []  # of each open element
        for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
            if event == "start":
                self._roles_open.append(self._begin(element))
                self._text(element.text)
            else:
                if event == "end":
                    self._end(element, self._roles_open.pop())
                self._text(element.tail)
        self._flush()

    def _begin(self, element: Any) -> tuple[str, ...]:
        tag = element.tag
        roles = self._roles(element, tag)
        if "skip" not in roles and not self._open.get("skip"):
            if tag == "br":
                self._buffer.append("\n")
            elif tag not in _INLINE and not self._in_row(tag):
                self._flush()
                self._level = _HEADINGS.get(tag, self._level)
                self._line = self._line or tag in _LINES or "row" in roles
                self._bullet = "- " if tag == "li" else self._bullet
        for role in roles:
            self._open[role] = self._open.get(role, 0) + 1
        return roles

    def _end(self, element: Any, roles: tuple[str, ...]) -> None:
        tag = element.tag
        if not self._open.get("skip"):
            if tag in ("td", "th") and self._open.get("row"):
                self._buffer.append(" | ")
            elif tag not in _INLINE and tag != "br" and not self._in_row(tag):
                self._flush()
                self._level = 0 if tag in _HEADINGS else self._level
                self._line = False if tag in _LINES or "row" in roles else self._line
                self._bullet = ""
        for role in roles:
            self._open[role] -= 1

    def _in_row(self, tag: str) -> bool:
        """Whether a block within a row of a table, which stays one line."""
        if tag != "tr" and self._open.get("row"):
            self._buffer.append(" ")
            return True
        return False

    def _roles(self, element: Any, tag: str) -> tuple[str, ...]:
        roles = []
        if self._is_skipped(element, tag):
            return ("skip",)
        if tag in ("article", "main") or element.get("role") in ("article", "main"):
            roles.append("main")
        elif tag in ("pre", "a") or tag in _HEADINGS:
            roles.append("heading" if tag in _HEADINGS else tag)
        elif tag == "table" and not _is_layout(element):
            roles.append("table")
        elif tag == "tr" and self._open.get("table"):
            roles.append("row")
        if not self._open.get("furniture") and self._is_furniture(element, tag):
            roles.append("furniture")
        return tuple(roles)

    def _is_skipped(self, element: Any, tag: str) -> bool:
        if tag in _NEVER or (tag == "button" and not self._open.get("heading")):
            return True
        if tag in _INLINE and element.get("aria-hidden") == "true":
            return True  # icons, and anchors beside headings; a page behind a dialog is a block
        return self._hide and (
            bool(_HIDDEN.search(element.get("style") or ""))
            or (element.get("hidden") is not None and element.get("role") != "tabpanel")
        )

    def _is_furniture(self, element: Any, tag: str) -> bool:
        if tag in _INLINE or tag in ("html", "body", "main", "article") or tag in _HEADINGS:
            return False
        if len(self._roles_open) > _DEEPEST:
            return False
        called = (
            tag in ("nav", "menu", "dialog")
            or (tag in ("header", "footer", "aside") and not self._open.get("main"))
            or element.get("role") in _ROLES
            or _FURNITURE.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        )
        return (
            bool(called)
            and element.find(".//main") is None
            and element.find(".//article") is None
            and sum(map(len, element.itertext())) <= _LARGEST * self._total
        )

    def _text(self, text: str | None) -> None:
        if not text or self._open.get("skip"):
            return
        if not self._open.get("pre"):
            text = re.sub(r"\s+", " ", text)
        self._buffer.append(text)
        visible = len(text) - text.count(" ")
        self._characters += visible
        self._linked += visible if self._open.get("a") else 0

    def _flush(self) -> None:
        text = "".join(self._buffer)
        if not self._open.get("pre"):
            text = re.sub(r"\s*\n\s*", "\n", re.sub(" {2,}", " ", text)).strip(" \n|")
        text = clean(text).strip("\n")
        if self._level:
            text = ANCHOR.sub("", " ".join(text.split()))
        if text.strip():
            linked = self._linked / (self._characters or 1)
            self.blocks.append(
                Block(
                    self._bullet + text,
                    self._level,
                    self._line,
                    bool(self._open.get("furniture")),
                    linked,
                )
            )
            self._bullet = ""
        self._buffer.clear()
        self._characters = self._linked = 0


def _is_layout(table: Any) -> bool:
    """Whether a table arranges the page: its cells are no data, but hold what is."""
    return any(
        table.find(f".//{tag}") is not None
        for tag in ("table", "h1", "h2", "h3", "form", "article")
    )
