"""A search as the inspector asks it: the words, the mode, and what it is narrowed to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memtui.api.search import Mode, Part, SearchRequest

MODES: "tuple[Mode, ...]" = ("hybrid", "dense", "text")
WORDS = {"hybrid": "meaning and words", "dense": "meaning only", "text": "words only"}

FIRST, STEP, MOST = 30, 30, 100
"""Hits that are asked for at first, how many more at a time, and at most."""


@dataclass(frozen=True)
class Scope:
    """What a search is narrowed to. Sources and documents are (id, name).

    `everything`: also what the open agent cannot see.
    """

    everything: bool = False
    within: "tuple[Part, ...]" = ()
    source: tuple[str, str] | None = None
    document: tuple[str, str] | None = None
    pages: str = ""
    since: str = ""
    until: str = ""

    @property
    def narrow(self) -> bool:
        return self != Scope(everything=self.everything)

    def words(self, agent: str) -> list[str]:
        """In a few words each, for the line below the query: what it is narrowed to comes first."""
        names = {"archive": "own archive", "conversation": "conversation", "sources": "sources"}
        parts = []
        if self.source is not None:
            parts.append(f"source {self.source[1]}")
        elif self.within:
            parts.append(" + ".join(names[part] for part in self.within))
        if self.document is not None:
            parts.append(self.document[1])
        if self.pages:
            parts.append(f"pages {self.pages}")
        if self.since:
            parts.append(f"since {self.since}")
        if self.until:
            parts.append(f"until {self.until}")
        if self.source is None:
            parts.append(f"what {agent} sees" if agent and not self.everything else "everything")
        return parts


@dataclass(frozen=True)
class Question:
    text: str = ""
    mode: "Mode" = "hybrid"
    scope: Scope = Scope()
    k: int = FIRST

    def next_mode(self) -> "Mode":
        return MODES[(MODES.index(self.mode) + 1) % len(MODES)]

    def request(self, agent_id: str | None, search_id: str = "") -> "SearchRequest":
        from memtui.api.search import SearchRequest

        scope = self.scope
        return SearchRequest(
            query=self.text,
            mode=self.mode,
            k=self.k,
            agent_id=None if scope.everything else agent_id,
            source_ids=[scope.source[0]] if scope.source else None,
            document_ids=[scope.document[0]] if scope.document else None,
            within=[] if scope.source else list(scope.within),
            pages=scope.pages,
            since=scope.since,
            until=scope.until,
            id=search_id,
        )
