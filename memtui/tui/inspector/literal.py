"""Text from outside in a Markdown file: shown as it was, and never more than text."""

import re

# A sign that means something where it stands; what means nothing there is left readable.
_SIGNS = re.compile(
    r"`|(?<!\s)\*|\*(?!\s|$)"
    r"|\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash before punctuation
    r"|(?<![^\W_])_|_(?![^\W_])"  # not inside of a_name
    r"|~(?=~)|(?<=\S)~"
    r"|\](?=[(\[:])"  # a link, or what a link leads to
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|(?<![^\s#])#(?=#*\s*$)"  # the end of a heading
)
_FIRST = re.compile(r"#|>|[-+*](?=\s|$)|[-=](?=[-=\s|:]*$)|[|:](?=[-\s|:]*-[-\s|:]*$)|~(?=~~)")
_NUMBER = re.compile(r"\d{1,9}(?=[.)](?:\s|$))")
_GAP = "\u00a0"


def inline(text: str) -> str:
    """One line of text, as Markdown that shows it behind other text."""
    return _SIGNS.sub(r"\\\g<0>", text)


def line(text: str) -> str:
    """A line of text, as Markdown that shows it; spaces before it stay."""
    rest = text.lstrip()
    before = text[: len(text) - len(rest)].expandtabs(4)
    indent = _GAP * len(before) if len(before) > 1 else ""
    rest = rest.rstrip()
    if number := _NUMBER.match(rest):
        at = number.end()
        return f"{indent}{rest[:at]}\\{rest[at]}{inline(rest[at + 1 :])}"
    escaped = inline(rest)
    if _FIRST.match(rest) and not escaped.startswith("\\"):
        escaped = f"\\{escaped}"
    return indent + escaped


def lines(text: str) -> list[str]:
    """Each line of `text`; two spaces at its end keep it apart from the next."""
    shown = [line(one) for one in text.split("\n")]
    return [
        f"{one}  " if one and after else one
        for one, after in zip(shown, [*shown[1:], ""], strict=True)
    ]


# What is Markdown already

_HTML = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<=!)\[")
_CODE = re.compile(r"\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")


def harmless(text: str) -> str:
    """An answer's Markdown without HTML and images; as plain text if it would reach beyond
    itself."""
    for attempt in (_outside_code(text), _HTML.sub(r"\\\g<0>", text)):
        if _stays(attempt):
            return attempt
    return "\n".join(lines(text))


def _outside_code(text: str) -> str:
    """`text` with HTML escaped where it is no code, as far as is seen line by line."""
    fence, result = "", []
    for one in text.split("\n"):
        found = _FENCE.match(one)
        if fence:
            if found and found[1].startswith(fence) and not one[found.end() :].strip():
                fence = ""
            result.append(one)
        elif found:
            fence = found[1]
            result.append(one)
        else:
            result.append(_around_code(one))
    return "\n".join([*result, fence] if fence else result)


def _around_code(one: str) -> str:
    pieces, at = [], 0
    for code in _CODE.finditer(one):
        if code[1]:
            pieces += [_HTML.sub(r"\\\g<0>", one[at : code.start()]), code[0]]
            at = code.end()
    return "".join([*pieces, _HTML.sub(r"\\\g<0>", one[at:])])


def _stays(text: str) -> bool:
    """Whether a viewer finds no HTML, image or address of a link in it, and what follows it is
    read as if it were not there."""
    from markdown_it import MarkdownIt

    found: dict[str, object] = {}
    tokens = MarkdownIt("commonmark").parse(f"{text}\n\n# end", found)
    kinds = {kind.type for token in tokens for kind in (token, *(token.children or ()))}
    ended = bool(tokens) and tokens[-1].type == "heading_close" and tokens[-1].level == 0
    return ended and not found.get("references") and not kinds & {
        "html_block", "html_inline", "image",
    }  # fmt: skip
