"""Gives freed memory back to the system: glibc keeps what many threads have freed in pieces."""

import asyncio
import contextlib
import ctypes

EVERY = 3.0
"""Seconds between two times; one takes some milliseconds, outside of Python's lock."""


async def keep_lean() -> None:
    """Goes on until it is cancelled; does nothing where there is no glibc."""
    with contextlib.suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(trim, 0)
