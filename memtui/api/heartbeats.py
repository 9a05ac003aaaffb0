"""Timed heartbeats: turns of an agent that nobody asked for."""

from datetime import datetime

from pydantic import BaseModel, Field

MOST = 7 * 24 * 60
"""Minutes between two heartbeats, at most."""


class Heartbeat(BaseModel):
    """`minutes` of rest after which the agent wakes by itself, while the engine runs; 0: never.

    `paused_until` is what the agent asked for with pause_heartbeats; `next_at` is when it wakes.
    """

    minutes: int = 0
    paused_until: datetime | None = None
    next_at: datetime | None = None


class HeartbeatRequest(BaseModel):
    """`minutes` from 1 to a week; 0 turns them off."""

    minutes: int = Field(ge=0, le=MOST)
