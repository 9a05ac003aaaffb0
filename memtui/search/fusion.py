"""Two rankings into one: vectors and words, weighted by how well each does for this query."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from memtui.search.ports import Scored
from memtui.search.terms import index_terms, is_english


@dataclass(frozen=True)
class Fused:
    """A candidate with its fused score (0–1), and the score and rank (from 1) in each channel."""

    id: str
    score: float
    dense_score: float | None = None
    dense_rank: int | None = None
    text_score: float | None = None
    text_rank: int | None = None


def fuse(
    query: str,
    terms: Collection[str],
    dense: Sequence[Scored],
    text: Sequence[Scored],
    tops: Mapping[str, str],
) -> list[Fused]:
    """All candidates, best first; ties by text rank, dense rank, id.

    `dense` holds cosines, `text` positive BM25 scores, both best first. `terms` are those of
    the query, `tops` the texts of the passages that `judged` names: they set the weight. With
    one channel empty the other decides alone.
    """
    weight = dense_weight(query, terms, dense, text, tops)
    of_dense, of_text = _ranked(dense), _ranked(text)
    # a passage that one channel did not list is taken to score there as the last it did: in text,
    # nothing
    near = _relative(dense, dense[-1][1] if len(dense) > 1 else 0.0)
    worded = _relative(text, 0.0)
    fused = []
    for id_ in dict.fromkeys((*of_text, *of_dense)):
        score = weight * near.get(id_, 0.0) ** _SHARPNESS
        score += (1 - weight) * worded.get(id_, 0.0) ** _SHARPNESS
        dense_score, dense_rank = of_dense.get(id_, (None, None))
        text_score, text_rank = of_text.get(id_, (None, None))
        fused.append(Fused(id_, min(1.0, score), dense_score, dense_rank, text_score, text_rank))
    last = len(dense) + len(text) + 1
    fused.sort(key=lambda f: (-f.score, f.text_rank or last, f.dense_rank or last, f.id))
    return fused


def judged(dense: Sequence[Scored], text: Sequence[Scored]) -> tuple[list[str], list[str]]:
    """Ids of the best few of each channel, as many of one as of the other: the samples that
    `dense_weight` wants to read."""
    depth = min(_SAMPLE, len(dense), len(text))
    return [id_ for id_, _ in dense[:depth]], [id_ for id_, _ in text[:depth]]


def dense_weight(
    query: str,
    terms: Collection[str],
    dense: Sequence[Scored],
    text: Sequence[Scored],
    tops: Mapping[str, str],
) -> float:
    """The share (0–1) of the vectors in the fused score.

    Passages on a question's subject hold some of its words, whoever found them. So the channels
    are compared by the share of the query's terms that their best five hold. Vectors of a model
    that does not know the language point at passages with none of them; a text channel that knows
    few of the words finds passages no better than the vectors do. Between those, English leans to
    the vectors, all embedding models being trained on it, less so when their scores are flat, but
    all the more when the words found hold hardly one of the query's; and other languages lean to
    the words.

    So does a query of which the best passage of the words holds more than that of the vectors,
    when one of the two shows which is to be trusted: the cosines of the first ten are nearly
    equal, as between turns of one conversation; BM25 has a clear winner; or all terms are held
    while no vector is close.
    """
    if not dense or not text:
        return 1.0 if dense else 0.0
    near, worded = (
        [coverage(terms, tops.get(id_, "")) for id_ in ids] for ids in judged(dense, text)
    )
    of_dense, of_text = fmean(near), fmean(worded)
    ratio = of_dense / max(of_text, 0.02)
    (low, high, start, end), lost = _OTHER, 0.0
    if is_english(query):
        low, high, start, end = _ENGLISH
        flat = 1 - _ramp(peak(dense), *_PEAK)
        low, high = low - flat * _FLAT_LOW, high - flat * _FLAT_HIGH
        lost = 1 - _ramp(of_text, *_LOST)
    weight = low + (high - low) * _ramp(ratio, start, end)
    weight += (_MOST - high) * _ramp(ratio, *_BETTER)
    weight += (_MOST - weight) * lost
    # what the words are sure of
    near_equal = 1 - _ramp(dense[0][1] - dense[:10][-1][1], *_EQUAL)
    ahead = _ramp(1 - text[1][1] / text[0][1], *_AHEAD) if len(text) > 1 else 1.0
    whole = _ramp(worded[0], *_WHOLE) * (1 - _ramp(dense[0][1], *_CLOSE))
    sure = max(near_equal, ahead, whole) * _ramp(worded[0] - near[0], *_MORE)
    return weight - max(0.0, weight - _LITTLE) * sure


def peak(scores: Sequence[Scored]) -> float:
    """How far (0–1) the best stands out from the next nine, in units of best minus last."""
    relative = list(_relative(scores, scores[-1][1]).values())[1:10]
    return 1 - fmean(relative) if relative else 1.0


def coverage(terms: Collection[str], passage: str) -> float:
    """The share (0–1) of `terms` that occur in `passage`."""
    wanted = set(terms)
    return len(wanted.intersection(index_terms(passage).split())) / max(1, len(wanted))


# Fitted to English (NQ), Spanish, Arabic and Chinese (XQuAD) questions with MiniLM's vectors, and
# to the same with the vectors shuffled, blurred or made good, words dropped, in small, large and
# mixed libraries; to pieces of sentences as questions, about passages and about turns of talk.
# On NQ the lead over vectors alone is a few questions: within the noise.
_SAMPLE = 5
_SHARPNESS = 2  # above 1, the first few of each channel stay near the top
# weight of the vectors where they look wrong, and where right; the ratios where those begin
_ENGLISH = (0.48, 0.68, 0.18, 0.49)
_OTHER = (0.25, 0.45, 0.40, 0.75)
_BETTER = (1.0, 1.7)  # ratios: the words find worse passages than the vectors do
_MOST = 0.9  # weight of the vectors then
_LOST = (0.2, 0.4)  # shares of the query's terms: fewer, and an English word was met by chance
_MORE = (0.25, 0.35)  # shares of the terms: the words' best passage holds so many more
_EQUAL = (0.05, 0.2)  # cosine of the first above that of the tenth
_AHEAD = (0.3, 0.6)  # lead in BM25 of the first over the second
_WHOLE, _CLOSE = (0.75, 1.0), (0.45, 0.65)  # share of the terms; cosines that know what is meant
_LITTLE = 0.2  # weight of the vectors when the words are sure
_PEAK = (0.38, 0.65)  # from flat to peaked
_FLAT_LOW, _FLAT_HIGH = 0.06, 0.12  # taken off the weights of English when flat


def _ramp(value: float, start: float, end: float) -> float:
    return min(1.0, max(0.0, (value - start) / (end - start)))


def _ranked(scores: Sequence[Scored]) -> dict[str, tuple[float, int]]:
    return {id_: (score, rank) for rank, (id_, score) in enumerate(scores, 1)}


def _relative(scores: Sequence[Scored], floor: float) -> dict[str, float]:
    """Scores as shares (0–1) of the way from `floor` to the best."""
    span = scores[0][1] - floor if scores else 0.0
    if span <= 0:
        return {id_: 1.0 for id_, _ in scores}
    return {id_: min(1.0, max(0.0, (score - floor) / span)) for id_, score in scores}
