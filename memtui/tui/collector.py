"""Python's garbage collector, kept from stopping the app.

A full collection walks everything that lives: with a long conversation scrolled through, or a large
tree unfolded, for up to 1.4 s. What has survived one that could be felt is not walked again. It is
still given back when nothing refers to it any more; only cycles among it are not, so this is not
done after every collection.
"""

import gc
import time

FELT = 0.005  # seconds

_began = 0.0


def spare() -> None:
    """From now on, in this process."""
    if _after not in gc.callbacks:
        gc.callbacks.append(_after)
        gc.freeze()
    gc.enable()  # which the start disables


def _after(phase: str, info: dict[str, int]) -> None:
    global _began
    if phase == "start":
        _began = time.perf_counter()
    elif info["generation"] == 2 and time.perf_counter() - _began > FELT:
        gc.freeze()
