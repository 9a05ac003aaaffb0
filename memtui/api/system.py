"""The engine about itself."""

from typing import Any

from pydantic import BaseModel


class EngineStatus(BaseModel):
    """`environment` is `config.environment_fingerprint()` at the engine's start."""

    running: bool
    pid: int | None = None
    socket: str = ""
    version: str = ""
    clients: int = 0
    jobs: int = 0
    linger: float = 0.0
    environment: str = ""
    model: str = "offline"
    problem: str = ""


class Check(BaseModel):
    """One line of `memtui doctor`."""

    name: str
    ok: bool
    detail: str


class SettingChanges(BaseModel):
    changes: dict[str, Any]
