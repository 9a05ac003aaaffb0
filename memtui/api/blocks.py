"""What a user may do to an agent's core memory."""

import re

from pydantic import BaseModel, Field

from memtui.api.errors import UsageError

MAX_LIMIT = 50_000
"""Characters; a block stands in every request to the model."""

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,49}")


class NewBlock(BaseModel):
    """A block to add. `limit` is in characters."""

    label: str
    value: str = ""
    limit: int = Field(2000, ge=1, le=MAX_LIMIT)


class BlockChange(BaseModel):
    """What is given is changed: the label, the limit in characters, or the text."""

    label: str | None = None
    limit: int | None = Field(None, ge=1, le=MAX_LIMIT)
    value: str | None = None


def check_label(label: str) -> str:
    """`label` if a model can be shown it as a tag and write it. Raises UsageError."""
    if not _LABEL.fullmatch(label):
        raise UsageError(
            "The name of a block is 1 to 50 letters, digits, - and _, and begins with a letter."
        )
    return label
