"""The engine about itself."""

from typing import Any

from pydantic import BaseModel, Field


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
    reindex: str = Field("", description="What `memtui reindex` would do, when it is needed.")


def about(seconds: float) -> str:
    """`about 3 min`, or that it is less than one."""
    return f"about {round(seconds / 60):,} min" if seconds >= 60 else "less than a minute"


class ReindexPlan(BaseModel):
    """The index that serves, the one that the settings name, and what lies between them.

    `seconds` (of the built-in model's usual speed) and `cost` (dollars) are None when unknown.
    """

    needed: bool = Field(description="The settings name another index than the one that serves.")
    running: bool
    serving: str
    wanted: str
    passages: int
    left: int = Field(description="Passages that have no vector in the wanted index yet.")
    seconds: float | None = None
    cost: float | None = None

    @property
    def sentence(self) -> str:
        """What to do; empty when there is nothing to do."""
        if not self.needed:
            return ""
        takes = f"{self.left:,} passages"
        if self.seconds is not None:
            takes += f", {about(self.seconds)}"
        if self.cost is not None:
            takes += f", about ${self.cost:,.2f}"
        if self.running:
            return f"The index moves to {self.wanted} ({takes} left); {self.serving} serves yet."
        return (
            f"The settings name {self.wanted}. Run `memtui reindex` (/reindex in the app) to "
            f"move to it ({takes}); until that is done, search uses {self.serving}."
        )


class Check(BaseModel):
    """One line of `memtui doctor`."""

    name: str
    ok: bool
    detail: str


class SettingChanges(BaseModel):
    changes: dict[str, Any]
