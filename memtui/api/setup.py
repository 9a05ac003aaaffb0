"""Trying out settings that are not saved yet, and what is found on this machine."""

from typing import Literal

from pydantic import BaseModel, Field


class Ports(BaseModel):
    """Where to look on the loopback interface; a kind that is not named is looked for where it
    usually is."""

    ports: dict[str, int] = {}


class LocalServer(BaseModel):
    """A model server that answers on this machine. `models` are names for `llm.model`."""

    name: str
    api_base: str
    models: list[str] = []


class KeyInEnvironment(BaseModel):
    """A provider's key that the engine has in its environment. Its value is never told."""

    variable: str
    provider: str = Field(description="What the names of its models begin with.")


class Found(BaseModel):
    servers: list[LocalServer] = []
    keys: list[KeyInEnvironment] = []


class Endpoint(BaseModel):
    """A model and where it is. `api_key` None: the saved one, where it may be sent there."""

    model: str
    api_base: str = ""
    api_key: str | None = Field(None, repr=False)


class ModelTrial(Endpoint):
    context_window: int = 0
    tools: str = "auto"


class Place(BaseModel):
    """Where Milvus is, as in the settings. `token` None: the saved one."""

    uri: str = ""
    token: str | None = Field(None, repr=False)
    database: str = ""


class Wrong(BaseModel):
    """What does not work, and the setting that causes it."""

    key: str
    sentence: str


class ModelAnswer(BaseModel):
    """`tools`: it calls them by the provider's own way; only when they are described in the
    prompt, since the provider takes none; or it was offered one and did not call it."""

    wrong: Wrong | None = None
    text: str = ""
    seconds: float = 0.0
    tools: Literal["", "native", "prompt", "unused"] = ""
    window: int = 0
    window_known: bool = False


class EmbeddingAnswer(BaseModel):
    """`reindex` says what choosing it would take; empty when nothing is to be indexed anew."""

    wrong: Wrong | None = None
    dimension: int = 0
    milliseconds: float = 0.0
    rate: float = Field(0.0, description="Passages of about 1,000 characters a second.")
    reindex: str = ""


class ArchiveAnswer(BaseModel):
    """A place that answers lets us make, write and delete collections: that has been tried."""

    wrong: Wrong | None = None
    version: str = ""
    collections: list[str] = []
    reindex: str = ""
