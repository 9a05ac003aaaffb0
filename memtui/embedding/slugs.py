"""Names of models as parts of the names of collections."""

import re


def slug_of(name: str) -> str:
    """`name` as `[a-z0-9_]+`, 80 characters at most."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:80] or "model"
