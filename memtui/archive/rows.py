"""What is stored for a passage, and the collection's schema."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from memtui.archive.failures import RefusedError

if TYPE_CHECKING:
    import numpy as np

    Vector = np.ndarray[Any, np.dtype[np.float32]]

_SCOPE = re.compile(r"[a-z][a-z0-9_]{0,126}")

MAX_ID, MAX_SCOPE, MAX_TEXT, MAX_DOCUMENT, MAX_TIME = 128, 127, 65_535, 1_024, 64
"""Bytes of UTF-8; 65,535 is what Milvus allows. The record keeps the whole of longer texts."""


@dataclass(frozen=True)
class Row:
    """One passage. `vector` has the collection's dimension; `page` counts from 1."""

    id: str
    scope: str
    vector: "Vector"
    text: str
    document: str = ""
    page: int | None = None
    ordinal: int = 0
    created_at: str = ""

    def entity(self) -> dict[str, Any]:
        """As pymilvus takes it; 0 is no page."""
        return {
            "id": self.id,
            "scope": check_scope(self.scope),
            "dense": unit(self.vector),
            "text": _clip(self.text, MAX_TEXT),
            "document": _clip(self.document, MAX_DOCUMENT),
            "page": self.page or 0,
            "ordinal": self.ordinal,
            "created_at": _clip(self.created_at, MAX_TIME),
        }


def check_scope(scope: str) -> str:
    """`scope`, when it is a generated name. Raises RefusedError.

    Milvus Lite uses partition names as folder names, unescaped; `_default` and others that begin
    with an underscore are its own.
    """
    if not _SCOPE.fullmatch(scope):
        raise RefusedError(f"{scope!r} is not the name of a scope")
    return scope


def unit(vector: "Vector") -> "Vector":
    """`vector` with length 1. Raises RefusedError for one of zeros or with a NaN."""
    import numpy as np

    length = float(np.linalg.norm(vector))
    if not 0 < length < float("inf"):
        raise RefusedError(f"a vector of length {length} has no direction")
    made: Vector = (vector / length).astype(np.float32)
    return made


PROBE: dict[str, Any] = {
    "id": "probe", "scope": "probe", "dense": [1.0, 0.0], "text": "", "document": "", "page": 0,
    "ordinal": 0, "created_at": "",
}  # fmt: skip
"""An entity for a collection of two dimensions, to see whether one can be written."""


def schema(dimension: int, partition_key: bool) -> Any:
    """The collection's pymilvus schema. With `partition_key`, `scope` is the partition key."""
    from pymilvus import DataType, MilvusClient

    made = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    made.add_field("id", DataType.VARCHAR, is_primary=True, max_length=MAX_ID)
    made.add_field("scope", DataType.VARCHAR, max_length=MAX_SCOPE, is_partition_key=partition_key)
    made.add_field("dense", DataType.FLOAT_VECTOR, dim=dimension)
    made.add_field("text", DataType.VARCHAR, max_length=MAX_TEXT)
    made.add_field("document", DataType.VARCHAR, max_length=MAX_DOCUMENT)
    made.add_field("page", DataType.INT64)
    made.add_field("ordinal", DataType.INT64)
    made.add_field("created_at", DataType.VARCHAR, max_length=MAX_TIME)
    return made


def _clip(text: str, limit: int) -> str:
    """`text` cut to `limit` bytes of UTF-8, between characters; lone surrogates become `?`."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
