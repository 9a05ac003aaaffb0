"""The HTTP API. Its own OpenAPI page documents it: /docs on a server, /openapi.json here."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from memtui import __version__
from memtui.api.errors import MemtuiError, UsageError
from memtui.engine.engine import Engine
from memtui.engine.routes import (
    agents,
    blocks,
    context,
    heartbeats,
    history,
    search,
    setup,
    sources,
    system,
    tools,
)

logger = logging.getLogger(__name__)


def create_app(engine: Engine) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await engine.begin()
        try:
            yield
        finally:
            await engine.end()

    app = FastAPI(title="memtui", version=__version__, lifespan=lifespan)
    app.state.engine = engine
    app.add_exception_handler(MemtuiError, _reported)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    modules = (
        system, sources, search, agents, blocks, tools, history, context, heartbeats, setup,
    )  # fmt: skip
    for module in modules:
        app.include_router(module.router, prefix="/v1")
    return app


def _reply(error: MemtuiError) -> JSONResponse:
    return JSONResponse({"error": {"kind": error.kind, "message": str(error)}}, error.status)


async def _reported(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MemtuiError)
    return _reply(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return _reply(UsageError(f"The request is not valid: {where}: {first['msg']}."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _reply(
        MemtuiError(
            f"The engine met an error it did not expect ({type(error).__name__}). "
            "Nothing saved is lost; the log that `memtui folder` names has the details."
        )
    )
