"""The routes of the API, one module per subject. Each is a thin layer over `Engine`."""

from typing import Annotated

from fastapi import Depends, Request

from memtui.engine.engine import Engine


def _engine(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


async def _open_engine(request: Request) -> Engine:
    """The engine with its record open. Raises the StorageError that opening it met."""
    engine = _engine(request)
    await engine.check_open()
    return engine


AnyEngine = Annotated[Engine, Depends(_engine)]
OpenEngine = Annotated[Engine, Depends(_open_engine)]
