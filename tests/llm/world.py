"""A small archive and a turn loop for the offline reader: what an agent would do around it."""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memtui.llm.chunk import Chunk
from memtui.llm.offline import OfflineReader

STOP = re.compile(
    r"an?|and|are|as|at|be|by|can|could|do|does|did|for|from|has|have|how|i|in|is|it|its|many|me"
    r"|more|much|my|of|on|or|that|the|their|this|to|was|were|what|when|where|which|who|why|with"
    r"|your?|tell|about"
)
TOOLS = [
    {"type": "function", "function": {"name": name}}
    for name in (
        "send_message",
        "archival_memory_search",
        "conversation_search",
        "core_memory_append",
    )
]


def terms(text: str) -> list[str]:
    """A tiny analyser: words folded and cut of their plural, Chinese in pairs."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    for word in re.findall(r"[\u4e00-\u9fff]+|[^\W_\u4e00-\u9fff]+", folded):
        if "\u4e00" <= word[0] <= "\u9fff":
            found += [word[i : i + 2] for i in range(len(word) - 1)] or [word]
        elif not STOP.fullmatch(word):
            plain = "".join(c for c in unicodedata.normalize("NFD", word) if c.isalnum())
            found.append(plain[:-1] if plain.endswith("s") and len(plain) > 3 else plain)
    return found


@dataclass
class Archive:
    """Passages (source, page, text), searched by counting shared words, five to a page.

    With `everything` those without a shared word follow, as the nearest vectors do.
    """

    passages: Sequence[tuple[str, int | None, str]]
    queries: list[tuple[str, int]] = field(default_factory=list)
    terms: Callable[[str], list[str]] = terms
    everything: bool = False

    def search(self, query: str, page: int, document_page: int | None = None) -> dict[str, Any]:
        self.queries.append((query, page))
        wanted = set(self.terms(query))
        scored = [(len(wanted & set(self.terms(p[2]))), p) for p in self.passages]
        found = [one for one in scored if one[0] or self.everything]
        if document_page:
            found = [(0, p) for p in self.passages if p[1] == document_page]
        ranked = sorted(found, key=lambda one: -one[0])
        part = ranked[page * 5 : page * 5 + 5]
        if not ranked:
            return {"showing": "No results found.", "hits": []}
        first = page * 5 + 1
        pages = -(-len(ranked) // 5)
        showing = (
            f"hits {first}–{first + len(part) - 1} of {len(ranked)}, page {page + 1} of {pages}"
        )
        return {
            "showing": showing,
            "hits": [
                {
                    "cite": f"[{source} p. {number}]",
                    "score": round(score / max(1, len(wanted)), 3),
                    "source": source,
                    "document": f"{source}.pdf",
                    "page": number,
                    "time": "2026-11-22 04:35:06 PM UTC+0000",
                    "text": text,
                }
                for score, (source, number, text) in part
            ],
        }


@dataclass
class Played:
    """A turn as it went: `calls` are (thought, tool, arguments), `said` the message."""

    said: str
    declined: bool
    calls: list[tuple[str, str, dict[str, Any]]]
    chunks: list[Chunk]
    messages: list[dict[str, Any]]


def envelope(kind: str, text: str) -> dict[str, Any]:
    key = {"login": "last_login", "heartbeat": "reason"}.get(kind, "message")
    content = json.dumps({"type": kind, key: text, "time": "now"}, ensure_ascii=False)
    return {"role": "user", "content": content}


Tool = Callable[[str, dict[str, Any]], tuple[bool, Any]]


async def play(
    text: str,
    archive: Archive | None = None,
    *,
    kind: str = "user_message",
    system: str = "You are Sam.",
    history: Sequence[dict[str, Any]] = (),
    tool: Tool | None = None,
    terms: tuple[Callable[[str], list[str]], Callable[[str], list[str]]] = (terms, terms),
) -> Played:
    """Run one turn to its `send_message`, with fake tools, at most ten steps."""
    reader = OfflineReader(*terms)
    head = [] if history else [{"role": "system", "content": system}]
    messages = [*head, *history, envelope(kind, text)]
    calls: list[tuple[str, str, dict[str, Any]]] = []
    every: list[Chunk] = []
    for _ in range(10):
        chunks = [chunk async for chunk in reader.stream(messages, TOOLS)]
        every += chunks
        parts = [part for chunk in chunks for part in chunk.tool_calls]
        thought = "".join(chunk.content for chunk in chunks)
        name = "".join(part.name for part in parts)
        raw = "".join(part.arguments for part in parts)
        arguments = json.loads(raw)
        calls.append((thought, name, arguments))
        identity = parts[0].id
        function = {"name": name, "arguments": raw}
        call = {"id": identity, "type": "function", "function": function}
        messages.append({"role": "assistant", "content": thought, "tool_calls": [call]})
        ok: bool = True
        message: Any = "None"
        if tool and name != "send_message":
            ok, message = tool(name, arguments)
        elif archive and name == "archival_memory_search":
            message = archive.search(
                arguments["query"], arguments["page"], arguments.get("document_page")
            )
        result = {"status": "OK" if ok else "Failed", "message": message, "time": "now"}
        content = json.dumps(result, ensure_ascii=False)
        messages.append({"role": "tool", "tool_call_id": identity, "content": content})
        if name == "send_message":
            declined = any(chunk.declined for chunk in chunks)
            return Played(arguments["message"], declined, calls, every, messages)
    raise AssertionError("The offline reader did not come to an end.")


def quotes(message: str) -> list[tuple[str, str]]:
    """The (quotation, citation) pairs of a message."""
    return re.findall(r"“(.+?)” (\[[^\]]+\]|\([^)]+\))(?=\n|$)", message, re.DOTALL)
