"""One search over scopes: both channels, fused, each hit explained. For archive and talk alike."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from memtui.api.errors import MemtuiError
from memtui.api.joined import joined
from memtui.api.library import Passage
from memtui.api.search import Hit, Mode
from memtui.search.duplicates import HEAD, behind
from memtui.search.fusion import Fused, fuse, judged
from memtui.search.ports import DenseChannel, Passages, QueryEncoder, Scored, TextChannel, Words
from memtui.search.terms import matched_spans
from memtui.search.wording import understood

DEPTH = 100  # candidates of each channel


@dataclass(frozen=True)
class Ports:
    """What a search works with."""

    text: TextChannel
    dense: DenseChannel
    encode: QueryEncoder
    passages: Passages


@dataclass(frozen=True)
class Ranked:
    """One page of hits, best first, of `total` candidates.

    `problem` is a sentence when a channel could not take part.
    """

    hits: list[Hit]
    total: int
    problem: str = ""


async def search(
    query: str,
    scopes: Sequence[str] | None,
    ports: Ports,
    *,
    mode: Mode = "hybrid",
    k: int = 10,
    offset: int = 0,
    exclude: Collection[str] = (),
) -> Ranked:
    """Hits [offset, offset + k) for `query` in `scopes` (None: everywhere), as if the
    passages `exclude` were not there.

    If the encoder or the vector index cannot answer, the words alone do, in mode `dense` too,
    and `problem` says why. Raises what the text channel and the record raise.
    """
    if not query.strip() or (scopes is not None and not scopes):
        return Ranked([], 0)
    wanted = understood(query, strict=mode == "text")
    terms = list(wanted.terms)
    dense, text, problem = await _channels(query, wanted, scopes, ports, mode)
    if exclude:
        dense = [one for one in dense if one[0] not in exclude]
        text = [one for one in text if one[0] not in exclude]
    passages: dict[str, Passage] = {}
    if dense and text:
        passages |= await ports.passages.many(sorted(set().union(*judged(dense, text))))
    tops = {id_: passage.text for id_, passage in passages.items()}
    ranking = fuse(query, terms, dense, text, tops)
    wide = [fused.id for fused in (*ranking[:HEAD], *ranking[max(HEAD, offset) : offset + k])]
    if offset < len(ranking):
        passages |= await ports.passages.many([id_ for id_ in wide if id_ not in passages])
    place = {fused.id: fused for fused in ranking}
    texts = {id_: passage.text for id_, passage in passages.items()}
    order = behind(wide[:HEAD], texts) if offset < HEAD else wide[:HEAD]
    page = [*map(place.__getitem__, order), *ranking[HEAD:]][offset : offset + k]
    hits = [
        _hit(rank, fused, passages[fused.id], terms)
        for rank, fused in enumerate(page, offset + 1)
        if fused.id in passages  # a passage may have been deleted meanwhile
    ]
    return Ranked(joined(hits), len(ranking), problem)


def listed(passages: Sequence[Passage], total: int, offset: int = 0) -> Ranked:
    """Passages that were not searched for but looked up, in their order, as hits without scores."""
    hits = [
        _hit(rank, Fused(passage.id, 0.0), passage, [])
        for rank, passage in enumerate(passages, offset + 1)
    ]
    return Ranked(joined(hits), total)


async def _channels(
    query: str, wanted: Words, scopes: Sequence[str] | None, ports: Ports, mode: Mode
) -> tuple[Sequence[Scored], Sequence[Scored], str]:
    """(dense, text, problem): the candidates of each channel that `mode` asks for."""

    async def words() -> Sequence[Scored]:
        return await ports.text(scopes, wanted, DEPTH) if wanted.terms else []

    async def vectors() -> Sequence[Scored] | MemtuiError:
        try:
            return await ports.dense(scopes, await ports.encode(query), DEPTH)
        except MemtuiError as error:
            return error

    if mode == "text":
        return [], await words(), ""
    if mode == "hybrid":
        found, text = await asyncio.gather(vectors(), words())
    else:
        found = await vectors()
        text = await words() if isinstance(found, Exception) else []
    if not isinstance(found, Exception):
        return found, text, ""
    return [], text, f"Only the words were searched, not their meaning. {found}"


def _hit(rank: int, fused: Fused, passage: Passage, terms: list[str]) -> Hit:
    return Hit(
        rank=rank,
        score=fused.score,
        dense_score=fused.dense_score,
        dense_rank=fused.dense_rank,
        text_score=fused.text_score,
        text_rank=fused.text_rank,
        terms=matched_spans(passage.text, terms),
        text=passage.text,
        source=passage.source,
        document=passage.document,
        document_path=passage.document_path,
        page=passage.page,
        page_end=passage.page_end,
        page_label=passage.page_label,
        passage_id=passage.id,
        scope=passage.scope,
        section=passage.section,
        source_id=passage.source_id,
        document_id=passage.document_id,
        created_at=passage.created_at.isoformat(),
        ordinal=passage.ordinal,
        start=passage.start,
        end=passage.end,
    )
