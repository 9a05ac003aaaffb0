"""A program on a pseudo-terminal of its own, and when what it prints arrives."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.benchmarks.home import ROOT, Home

SIZE = (140, 45)
"""Columns and lines."""
PATIENCE = 60.0
"""Seconds for something to appear."""


class Program:
    """`python ARGUMENTS…` on a terminal, started when it is entered and killed at the end.

    Nothing polls it: the reader sleeps until the program writes. Textual writes a frame at once,
    so a frame is complete when its last text has arrived.
    """

    def __init__(self, arguments: Sequence[str], home: Home) -> None:
        self._arguments = arguments
        self._environment = home.environment
        self._output = ""

    def __enter__(self) -> Self:
        self._terminal, inner = os.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self._began = self._arrived = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, *self._arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._terminal)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_for(self, text: str) -> float:
        """Seconds from the start to the write that brought `text`. Raises RuntimeError.

        Call it in the order in which texts appear: one that is there already has the time of the
        last write.
        """
        deadline = time.perf_counter() + PATIENCE
        while text not in self._output:
            if not self._read(deadline):
                raise RuntimeError(f"It ended without {text!r}: {self._output!r}.")
        return self._arrived - self._began

    def wait_to_end(self) -> None:
        """Read until the program has ended. Raises RuntimeError."""
        deadline = time.perf_counter() + PATIENCE
        while self._read(deadline):
            pass

    def _read(self, deadline: float) -> bool:
        """Wait for more output; False when the program has ended."""
        left = max(0.0, deadline - time.perf_counter())
        if not select.select([self._terminal], [], [], left)[0]:
            raise RuntimeError(f"Nothing more came after {self._output[-300:]!r}.")
        try:
            read = os.read(self._terminal, 1 << 16)
        except OSError:  # how Linux tells the end
            return False
        self._arrived = time.perf_counter()
        self._output += read.decode("utf-8", "replace")
        return bool(read)
