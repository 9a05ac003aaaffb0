"""Medians and percentiles of measured times."""

from collections.abc import Sequence
from statistics import median


def p50(values: Sequence[float]) -> float:
    return median(values)


def p99(values: Sequence[float]) -> float:
    """The value that 99 % do not exceed (nearest rank): of 300, the third highest."""
    ordered = sorted(values)
    return ordered[max(0, -(-99 * len(ordered) // 100) - 1)]
