"""Estimates of tokens, corrected by what a model's provider reports.

The weights of `tokens` are the state of a small Kalman filter (recursive least squares with a
prior): every report is an observation of them. What is predicted for a conversation is anchored on
its last report: only what came and went since is estimated. So what a provider adds of its own,
and tools that it does not count, cost nothing in accuracy.
"""

from collections import OrderedDict
from itertools import accumulate

from memtui.agent.tokens import MARGIN, PRIOR, Features, Scale, dot

_SPREAD: Features = (0.03, 0.2, 0.25, 0.25, 0.35, 0.8, 0.3, 4.0, 0.15)
"""Standard deviations of `PRIOR` among tokenizers; for tools, how differently they are written."""
_DRIFT = 0.05  # of _SPREAD, at each report: texts of one class differ, too
_NOISE = 0.01  # of a report, against what any weights could say
_PLAUSIBLE = (0.4, 2.5)
"""Of what is predicted. Some servers report only what their cache did not hold; the tests' say
just anything."""
_CONVERSATIONS = 64

_N = len(PRIOR)


class Calibration:
    """What is known of how one model counts. Shared by all conversations with it.

    `limit` is its context window as it turned out to be (0: as stated), in tokens; `told_guess`:
    the user was told that nobody states it.
    """

    def __init__(self) -> None:
        self.limit = 0
        self.told_guess = False
        self._weights = list(PRIOR)
        self._fresh = True
        self._covariance = [
            [_SPREAD[row] ** 2 if row == column else 0.0 for column in range(_N)]
            for row in range(_N)
        ]
        self._last: OrderedDict[str, tuple[Features, int]] = OrderedDict()

    def scale(self, conversation: str) -> Scale:
        """For fitting a request: with a margin that shrinks as reports come in."""
        return Scale(self._careful(), max(0.0, self._offset(conversation)))

    def predict(self, conversation: str, counted: Features) -> int:
        """Tokens of a request; with a margin as long as nothing was reported for this one."""
        if conversation not in self._last:
            return round(dot(self._careful(), counted))
        return max(1, round(dot(self._weights, counted) + self._offset(conversation)))

    def parts(self, conversation: str, parts: dict[str, Features]) -> dict[str, int]:
        """Tokens by part; their sum is what is predicted for the request."""
        total = self.predict(conversation, tuple(map(sum, zip(*parts.values(), strict=True))))
        own = [dot(self._careful(), counted) for counted in parts.values()]
        edges = [round(total * edge / (sum(own) or 1)) for edge in accumulate(own, initial=0.0)]
        return {name: edges[n + 1] - edges[n] for n, name in enumerate(parts)}

    def report(self, conversation: str, counted: Features, tokens: int) -> None:
        """A request of `counted` was `tokens` long, the provider says."""
        predicted = self.predict(conversation, counted)
        bare = (*counted[:-1], 0.0)
        least = predicted if conversation in self._last else dot(PRIOR, bare)
        if not _PLAUSIBLE[0] * least <= tokens <= _PLAUSIBLE[1] * predicted:
            return
        if self._fresh:
            self._fresh = False
            if abs(tokens - dot(PRIOR, bare)) < abs(tokens - dot(PRIOR, counted)):
                self._weights[-1], self._covariance[-1][-1] = 0.0, 0.02**2  # tools are not counted
        change, observed, size = counted, float(tokens), float(tokens)
        if before := self._last.get(conversation):
            change = tuple(now - then for now, then in zip(counted, before[0], strict=True))
            observed = tokens - before[1]
            size = dot(self._weights, map(abs, change))
        self._learn(change, observed, (_NOISE * size) ** 2 + 4.0)
        self._last[conversation] = (counted, tokens)
        self._last.move_to_end(conversation)
        if len(self._last) > _CONVERSATIONS:
            self._last.popitem(last=False)

    def forget(self, conversation: str) -> None:
        self._last.pop(conversation, None)

    def _careful(self) -> Features:
        return tuple(
            weight + min(self._covariance[n][n] ** 0.5, MARGIN[n] * PRIOR[n])
            for n, weight in enumerate(self._weights)
        )

    def _offset(self, conversation: str) -> float:
        counted, tokens = self._last.get(conversation, ((0.0,) * _N, 0))
        return tokens - dot(self._weights, counted)

    def _learn(self, change: Features, observed: float, noise: float) -> None:
        p = self._covariance
        for n in range(_N):
            p[n][n] = min(p[n][n] + (_DRIFT * _SPREAD[n]) ** 2, _SPREAD[n] ** 2)
        seen = [dot(row, change) for row in p]
        gain = [value / (dot(seen, change) + noise) for value in seen]
        error = observed - dot(self._weights, change)
        for n in range(_N):
            weight = self._weights[n] + gain[n] * error
            self._weights[n] = min(max(weight, 0.0), 4 * PRIOR[n])
            for m in range(_N):
                p[n][m] -= gain[n] * seen[m]
