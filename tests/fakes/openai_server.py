"""`python -m tests.fakes.openai_server` prints its address and plays a small MemGPT.

For use from other processes; it ends when interrupted, killed, or left by its parent.
"""

import contextlib
import os
import time

from tests.fakes.memgpt import memgpt
from tests.fakes.server import ScriptedServer


def main() -> None:
    """Serve the small MemGPT of `tests.fakes.memgpt`."""
    parent = os.getppid()
    with ScriptedServer(memgpt) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.api_base, flush=True)
        while os.getppid() == parent:
            time.sleep(0.2)


if __name__ == "__main__":
    main()
