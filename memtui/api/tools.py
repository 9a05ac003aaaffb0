"""The tools of an agent, and the user's permission to call one."""

from typing import Any, Literal

from pydantic import BaseModel, Field

Kind = Literal["base", "extra", "user"]
Standing = Literal["ask", "always", "never"]
Decision = Literal["once", "always", "never", "no"]


class ToolInfo(BaseModel):
    """A tool as it stands for an agent. `parameters` are JSON schemas by name.

    The `base` tools are always on. `extra` ones and the user's own are off until they are enabled
    for the agent, and each call asks unless `permission` says otherwise. `problem` says why a file
    of the user's gives no tool; then `name` may be the file's.
    """

    name: str
    kind: Kind
    description: str = ""
    parameters: dict[str, dict[str, Any]] = {}
    required: list[str] = []
    enabled: bool = False
    permission: Standing = "ask"
    path: str = ""
    problem: str = ""


class PermissionRequest(BaseModel):
    """A call that waits for the user. `arguments` are what the model wrote: outside text."""

    id: str
    agent_id: str
    agent: str = Field("", description="The agent's name.")
    turn_id: str
    tool: str
    arguments: dict[str, Any] = {}


class PermissionAnswer(BaseModel):
    """Only this call, or `always` for this agent; `no` for this call, or `never` for this agent."""

    answer: Decision
