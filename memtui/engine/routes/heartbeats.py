"""Timed heartbeats of an agent."""

from fastapi import APIRouter

from memtui.api.heartbeats import Heartbeat, HeartbeatRequest
from memtui.engine.routes import OpenEngine

router = APIRouter(tags=["agents"])


@router.get("/agents/{agent_id}/heartbeat")
async def heartbeat(engine: OpenEngine, agent_id: str) -> Heartbeat:
    return await engine.heartbeats.get(agent_id)


@router.put("/agents/{agent_id}/heartbeat")
async def set_heartbeat(engine: OpenEngine, agent_id: str, request: HeartbeatRequest) -> Heartbeat:
    """Let the agent wake by itself after minutes of rest, while the engine runs; 0: never."""
    return await engine.heartbeats.set(agent_id, request.minutes)
