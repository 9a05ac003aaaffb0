"""Hits that are neighbouring passages of one document: shown as one."""

from collections.abc import Sequence
from itertools import pairwise

from memtui.api.search import Hit


def joined(hits: Sequence[Hit]) -> list[Hit]:
    """`hits`, best first, each with `joined_to`: the best of the run of neighbours it is in.

    Neighbours have consecutive ordinals in one document. The best itself is joined to none.
    """
    places = {(hit.document_id, hit.ordinal): hit for hit in hits if hit.document_id}
    best: dict[str, str] = {}
    for hit in hits:
        if hit.document_id is None or hit.passage_id in best:
            continue
        for step in (-1, 1):
            at = hit.ordinal + step
            while (near := places.get((hit.document_id, at))) is not None:
                best[near.passage_id] = hit.passage_id
                at += step
        best[hit.passage_id] = ""
    return [hit.model_copy(update={"joined_to": best.get(hit.passage_id, "")}) for hit in hits]


def blocks(hits: Sequence[Hit]) -> list[list[Hit]]:
    """The hits that belong together, each block in reading order, where its best stands."""
    found: dict[str, list[Hit]] = {hit.passage_id: [hit] for hit in hits if not hit.joined_to}
    for hit in hits:
        if hit.joined_to:
            found.setdefault(hit.joined_to, []).append(hit)
    return [sorted(block, key=lambda hit: hit.ordinal) for block in found.values()]


def beyond(before: Hit, hit: Hit) -> int:
    """How many of the first characters of `hit` stand in `before`, the passage before it, too."""
    size = max(0, min(before.end - hit.start, len(hit.text)))
    return size if size and before.text.endswith(hit.text[:size]) else 0


def merged(block: Sequence[Hit]) -> Hit:
    """The block's first hit with the text of all, what overlaps once, and the terms in it."""
    text, terms = block[0].text, list(block[0].terms)
    for before, hit in pairwise(block):
        twice = beyond(before, hit)
        text += "" if twice else "\n"
        shift = len(text) - twice
        text += hit.text[twice:]
        terms += [(a + shift, b + shift) for a, b in hit.terms if a >= twice]
    return block[0].model_copy(update={"text": text, "terms": terms})


def as_one(block: Sequence[Hit]) -> Hit:
    """The block's best hit with the place and the text of all: neighbours shown as one."""
    best = min(block, key=lambda hit: hit.rank)
    if len(block) == 1:
        return best
    whole, last = merged(block), block[-1]
    return best.model_copy(
        update={
            "text": whole.text,
            "terms": whole.terms,
            "citation": " ".join(dict.fromkeys(hit.citation for hit in block if hit.citation)),
            "page": whole.page,
            "page_label": whole.page_label,
            "page_end": last.page_end or last.page,
            "ordinal": whole.ordinal,
            "start": whole.start,
            "end": last.end,
        }
    )
