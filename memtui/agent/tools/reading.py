"""What was shortened to fit the context window, read in full, page by page.

A reference is written where something was shortened: `message:57`, `passage:ab12`, `block:human`,
`memory:prompt`, `memory:sources`. It is asked for with `conversation_search`.
"""

import re

from memtui.agent import quotation
from memtui.agent.context import statistics
from memtui.agent.tokens import estimate
from memtui.agent.tools.base import Result, ToolContext, ToolError
from memtui.api.errors import NotFoundError

_REFERENCE = re.compile(r"\s*(message|passage|block|memory):\s*(\S.{0,199}?)\s*")
_OUTSIDE = "The text is what a function returned or a document says."


def reference(query: str) -> tuple[str, str] | None:
    """The kind and name of what a query refers to; None when it is words to search for."""
    found = _REFERENCE.fullmatch(query)
    return (found[1], found[2]) if found else None


async def read(context: ToolContext, kind: str, name: str, page: int) -> Result:
    """One page (from 0) of the text. Raises ToolError when there is no such text or page."""
    text, outside = await _text(context, kind, name)
    # equal pages of about `page_tokens`, however dense the script is
    size = max(100, len(text) * context.page_tokens // max(1, estimate(text)))
    pages = max(1, -(-len(text) // size))
    if not 0 <= page < pages:
        raise ToolError(f"{kind}:{name} has {pages} pages; the first is page 0.")
    shown = text[page * size : (page + 1) * size]
    message: dict[str, object] = {"text": shown}
    if outside:
        context.memory.has_read()
        message = quotation.enclosed({"text": quotation.quoted(shown)}, _OUTSIDE)
    first = page * size
    showing = (
        f"{kind}:{name}, characters {first + 1:,}–{first + len(shown):,} of {len(text):,}, "
        f"page {page} (the last is page {pages - 1})"
    )
    return Result({"showing": showing, **message}, total=pages)


async def _text(context: ToolContext, kind: str, name: str) -> tuple[str, bool]:
    """The whole text, and whether it came from outside of the conversation."""
    memory = context.memory
    if kind in ("message", "passage"):
        try:
            return await memory.text_of(kind, name)
        except NotFoundError:
            raise ToolError(f"There is no {kind}:{name} that you were shown.") from None
    if kind == "block":
        blocks = {block.label: block.value for block in await memory.blocks()}
        if name in blocks:
            return blocks[name], False
        raise ToolError(f"There is no block {name!r}. There are: {', '.join(blocks)}.")
    if name == "prompt":
        return await memory.system(), False
    if name == "sources":
        return statistics(await memory.agent(), 10_000_000), False
    raise ToolError("There are memory:prompt and memory:sources.")
