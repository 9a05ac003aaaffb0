"""The engine's process: `python -m memtui.engine LISTENER_FD LOCK_FD`, started by api.launch."""

import asyncio
import gc
import os
import sys

from memtui import config
from memtui.engine import log


def main() -> None:
    listener_fd, lock_fd = int(sys.argv[1]), int(sys.argv[2])
    # Held for our whole life, and by no process that we start.
    os.set_inheritable(listener_fd, False)
    os.set_inheritable(lock_fd, False)
    os.umask(0o077)
    # Measured: with more threads a search of Milvus Lite costs two to three times the CPU.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    environment = config.environment_fingerprint()
    log.begin()
    # Nothing that an import makes is garbage, and looking for it is a tenth of the start.
    gc.disable()
    from memtui.engine.server import Listener, serve

    gc.freeze()
    gc.enable()
    asyncio.run(serve(Listener(fileno=listener_fd), environment))


if __name__ == "__main__":
    main()
