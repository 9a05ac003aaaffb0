"""A terminal for a real app: a pseudo-terminal, and a screen that its bytes are drawn on."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence

import pyte


class Terminal:
    """`command` in a pseudo-terminal of `columns` × `lines`. Use it as a context manager."""

    def __init__(self, command: Sequence[str], columns: int = 140, lines: int = 45) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._master, slave = pty.openpty()
        self.resize(columns, lines)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=_environment(),
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.close()

    def close(self) -> None:
        """Close the terminal, with no signal to who runs in it."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    @property
    def text(self) -> str:
        """What stands on the screen now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float = 0.1) -> None:
        """Draw what arrives within `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                return
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other side has gone
                return
            self.raw += data
            # pyte reads the parameters of private sequences as its own and stumbles over them.
            with contextlib.suppress(TypeError):
                self._stream.feed(data)

    def wait_for(self, *wanted: str, seconds: float = 90.0) -> str:
        """Wait until all of `wanted` stand on the screen together, and return it."""
        return self.wait_until(
            lambda text: all(one in text for one in wanted), f"{wanted!r}", seconds
        )

    def wait_until(self, met: Callable[[str], bool], what: str, seconds: float = 90.0) -> str:
        deadline = time.monotonic() + seconds
        while not met(self.text):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError(f"{what} did not come:\n{self.text}")
            self.read()
        return self.text

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for_end(self, seconds: float = 60.0) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running:\n{self.text}"
            self.read()
        return self.process.returncode


def _environment() -> dict[str, str]:
    """COLUMNS and LINES would win over the terminal's own size."""
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
