"""The engine itself: status, stop, reload, events, doctor."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from memtui.api.system import Check, EngineStatus
from memtui.engine.routes import AnyEngine, OpenEngine

router = APIRouter(tags=["engine"])


@router.get("/engine")
async def status(request: Request) -> EngineStatus:
    """Answered at once, before anything heavy is imported."""
    request.app.state.engine.answered()
    result: EngineStatus = request.app.state.life.status()
    return result


@router.post("/engine/stop", status_code=202)
async def stop(request: Request) -> None:
    """End in order: turns and jobs are stopped at a point where they can go on later."""
    request.app.state.life.stop()


@router.post("/engine/reload", status_code=204)
async def reload(engine: AnyEngine) -> None:
    """Read the settings again."""
    await engine.reload()


@router.get("/events")
async def events(engine: AnyEngine, answers: bool = False) -> StreamingResponse:
    """Everything that happens from now on, as server-sent events.

    `answers`: you can ask a person when a tool needs permission, and answer.
    """

    async def stream() -> AsyncIterator[str]:
        async with aclosing(engine.hub.listen(answers)) as heard:
            async for event in heard:
                yield f"data: {event.model_dump_json()}\n\n" if event is not None else ": \n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@router.get("/doctor")
async def doctor(engine: OpenEngine, only: Annotated[list[str], Query()] = []) -> list[Check]:  # noqa: B006
    """What works and what does not, with what to do. `only` names the checks to make."""
    return await engine.doctor(only)
