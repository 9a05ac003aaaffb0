"""The life of the engine: serve on the inherited socket, end when nobody needs it any more."""

import asyncio
import contextlib
import logging
import signal
import socket
import struct
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from memtui import __version__
from memtui.api.system import EngineStatus
from memtui.engine.app import create_app
from memtui.engine.engine import Engine

logger = logging.getLogger(__name__)

FIRST_CLIENT = 10.0
"""Seconds a new engine waits for its first client, whatever its linger."""

THREADS = 16
"""Blocking calls of the record and the archive that may run at the same time."""


class Listener(socket.socket):
    """Counts whom it let in."""

    accepted = 0

    def accept(self) -> tuple[socket.socket, Any]:
        came = super().accept()
        self.accepted += 1
        return came


class Life:
    """Knows who is connected, and ends the server `linger` seconds after the last need for it."""

    def __init__(self, engine: Engine, server: uvicorn.Server, listener: Listener) -> None:
        self.engine = engine
        self.server = server
        self.listener = listener
        self.path: str = listener.getsockname()
        self._stopped = asyncio.Event()

    def status(self) -> EngineStatus:
        return self.engine.status().model_copy(
            update={"socket": self.path, "clients": _peers(self.server.server_state.connections)}
        )

    def stop(self) -> None:
        # At once: who came in before the server looks would be answered once and then dropped.
        for listening in getattr(self.server, "servers", ()):  # none before it has begun
            listening.close()
        self.server.should_exit = True
        self._stopped.set()

    async def watch(self) -> None:
        seen = False
        needed_at = time.monotonic()
        while not self.server.should_exit:
            connected = bool(self.server.server_state.connections)
            # A look whether anybody listens is no client yet.
            seen = seen or self.server.server_state.total_requests > 0
            linger = self.engine.linger
            patience = linger if seen else max(linger, FIRST_CLIENT)
            if connected or self.engine.busy():
                needed_at = time.monotonic()
            elif time.monotonic() - needed_at > patience and await self._alone():
                logger.info("nobody needs the engine: ending")
                self.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(0.5, max(0.02, linger / 10))):
                    await self._stopped.wait()
        # The server waits for its connections. (SIGTERM sets should_exit behind our back.)
        await self.engine.quiet()

    async def _alone(self) -> bool:
        """Whether nobody is connected, nor just coming in: the server hears of a connection some
        turns of the event loop (two in Python 3.11) after it was accepted.
        """
        accepted = self.listener.accepted
        for _ in range(5):
            await asyncio.sleep(0)
        return self.listener.accepted == accepted and not self.server.server_state.connections


async def serve(listener: Listener, environment: str) -> None:
    # Python's own number is 6 on two cores: a slow Milvus server would hold up the record too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "engine"))
    # The server sends itself the signal that ended it again afterwards: that is not to kill us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    engine = Engine(environment)
    app = create_app(engine)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
            ws="none",
        )
    )
    app.state.life = Life(engine, server, listener)
    logger.info("memtui %s starts", __version__)
    watch = asyncio.create_task(app.state.life.watch())
    try:
        await server.serve(sockets=[listener])
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        # Ours until the lock is free, which it is when this process has gone.
        _remove(Path(app.state.life.path))
        logger.info("ended")


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()


def _peers(connections: Iterable[Any]) -> int:
    """How many processes hold these connections (how many connections, where that is unknown)."""
    peers: set[object] = set()
    for connection in connections:
        peer: object = id(connection)
        if hasattr(socket, "SO_PEERCRED") and connection.transport is not None:
            with contextlib.suppress(OSError, AttributeError):
                credentials = connection.transport.get_extra_info("socket").getsockopt(
                    socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
                )
                peer = struct.unpack("3i", credentials)[0]
        peers.add(peer)
    return len(peers)
