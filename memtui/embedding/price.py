"""What embedding costs, from the price list inside litellm, which is not imported for that."""

import functools
import importlib.util
import json
from pathlib import Path

from memtui.embedding.port import Embedder

CHARACTERS = 4.0
"""Of a token, in English; other scripts take more tokens."""


def estimated_cost(model: str, characters: int) -> float | None:
    """Dollars for texts of so many characters; None when the price of `model` is not known."""
    price = price_of_token(model)
    return None if price is None else price * characters / CHARACTERS


def price_of_token(model: str) -> float | None:
    """Dollars; None for a model that is not on the list, such as one's own."""
    prices = _prices()
    for name in (model, model.partition("/")[2]):
        if name in prices:
            return prices[name]
    return None


def spent(embedder: Embedder) -> float:
    """Dollars for all that `embedder` was given since it was made."""
    return embedder.tokens * (price_of_token(embedder.model) or 0.0) if embedder.tokens else 0.0


@functools.cache
def _prices() -> dict[str, float]:
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        try:
            text = (Path(folder) / "model_prices_and_context_window_backup.json").read_text("utf-8")
            return {
                name: float(model["input_cost_per_token"])
                for name, model in json.loads(text).items()
                if model.get("mode") == "embedding" and model.get("input_cost_per_token")
            }
        except (OSError, ValueError, AttributeError):
            return {}
    return {}
