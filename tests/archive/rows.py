"""Rows for the tests: small random vectors, the same ones every time."""

import numpy as np

from memtui.archive import Row

DIMENSION = 8
COLLECTION = "memtui_test_8"


def vector(seed: int, dimension: int = DIMENSION) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    made = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return made / np.linalg.norm(made)


def row(row_id: str, scope: str, seed: int = 0, text: str = "a text", page: int | None = 1) -> Row:
    return Row(row_id, scope, vector(seed), text, "paper.pdf", page, seed, "2025-01-01T00:00:00")


def rows(scope: str, count: int, start: int = 0) -> list[Row]:
    return [row(f"{scope}x{n}", scope, seed=n) for n in range(start, start + count)]
