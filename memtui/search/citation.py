"""How a reply refers to a hit."""

from memtui.api.plain import plain_line
from memtui.api.search import Hit

_NAME_LIMIT = 80  # characters


def label(hit: Hit, documents_in_source: int) -> str:
    """`[paper p. 3]`; `[paper, file.pdf p. 3]` in a source of several documents.

    Pages count from 1 whatever is printed on them, as everywhere in memtui. Without pages the
    passage is counted instead, from 1: `[notes ¶4]` is `ordinal` 3. What belongs to no source is
    `[memory]` or `[conversation]`. Always one line; brackets in names become parentheses, so that
    the label ends at its own bracket.
    """
    if hit.source is None:
        kind = "conversation" if hit.scope.startswith("recall_") else "memory"
        return f"[{kind} ¶{hit.ordinal + 1}]" if hit.ordinal else f"[{kind}]"
    names = [_name(hit.source) or "source"]
    if documents_in_source > 1 and hit.document and _name(hit.document):
        names.append(_name(hit.document))
    place = f"¶{hit.ordinal + 1}"
    if hit.page is not None:
        place = f"p. {hit.page}"
        if hit.page_end is not None and hit.page_end > hit.page:
            place = f"pp. {hit.page}–{hit.page_end}"
    return f"[{', '.join(names)} {place}]"


def _name(name: str) -> str:
    return plain_line(name, _NAME_LIMIT).replace("[", "(").replace("]", ")").strip()
