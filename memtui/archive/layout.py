"""How scopes are kept apart in the collection.

Milvus Lite prunes by partition only (100,000 passages in 20 scopes, one searched: 8 ms against
102 with a partition key), a server by partition key (it allows about 1,024 partitions).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from memtui.archive import expressions
from memtui.archive.rows import unit

if TYPE_CHECKING:
    from memtui.archive.rows import Vector

TIMEOUT = 60.0
"""Seconds. Every call has one: without it pymilvus tries 75 times, for minutes."""

MAX_LIMIT = 16_384
"""Hits a Milvus server gives at most."""

PAGE = 1_000
"""Rows a page of a query on a server."""


class Layout(ABC):
    """Every call about rows. Unknown scopes are empty ones.

    One writer at a time, readers at any time.
    """

    partition_key: ClassVar[bool]
    metric: ClassVar[str]
    search_timeout: ClassVar[float]

    def __init__(self, client: Any, collection: str) -> None:
        self._client = client
        self._collection = collection

    def search(
        self, scopes: Sequence[str], vector: "Vector", limit: int
    ) -> list[tuple[str, float]]:
        """(id, cosine), best first."""
        narrowed = self._narrow(scopes)
        if narrowed is None or limit < 1:
            return []
        (hits,) = self._client.search(
            self._collection,
            data=[unit(vector)],
            anns_field="dense",
            limit=min(limit, MAX_LIMIT),
            output_fields=["id"],
            search_params={"metric_type": self.metric},
            timeout=self.search_timeout,
            **narrowed,
        )
        return [(str(hit["id"]), float(hit["distance"])) for hit in hits]

    def version(self) -> str:
        return str(self._client.get_server_version(timeout=self.search_timeout))

    @abstractmethod
    def upsert(self, scope: str, entities: list[dict[str, Any]]) -> None: ...

    @abstractmethod
    def acknowledge(self) -> None:
        """Make what was written survive a crash, and fast to search."""

    @abstractmethod
    def remove(self, scope: str, ids: Sequence[str]) -> None: ...

    @abstractmethod
    def drop(self, scope: str) -> None: ...

    @abstractmethod
    def ids(self, scope: str) -> set[str]: ...

    @abstractmethod
    def scopes(self) -> set[str]: ...

    @abstractmethod
    def count(self, scope: str) -> int: ...

    @abstractmethod
    def _narrow(self, scopes: Sequence[str]) -> dict[str, Any] | None:
        """Arguments that confine a search to `scopes`; None when there is nothing to search."""


class Partitions(Layout):
    """A partition for every scope: Milvus Lite."""

    partition_key = False
    # The cosine of vectors of length 1. Milvus Lite would compute every length for every search:
    # 5,000 passages 15 ms instead of 10, 100,000 passages 300 ms instead of 135 (CPU).
    metric = "IP"
    search_timeout = 10.0

    def __init__(self, client: Any, collection: str) -> None:
        super().__init__(client, collection)
        names = client.list_partitions(collection, timeout=TIMEOUT)
        # Replaced, never changed, so readers need no lock.
        self._known = frozenset(name for name in names if not name.startswith("_"))

    def upsert(self, scope: str, entities: list[dict[str, Any]]) -> None:
        if scope not in self._known:
            try:
                self._client.create_partition(self._collection, scope, timeout=TIMEOUT)
            except Exception:
                # A disk that was full leaves it made, but not told; the next flush saves it.
                if not self._client.has_partition(self._collection, scope, timeout=TIMEOUT):
                    raise
            self._known |= {scope}
        self._client.upsert(self._collection, entities, partition_name=scope, timeout=TIMEOUT)

    def acknowledge(self) -> None:
        # Unflushed rows are searched 3–200 times slower.
        self._client.flush(self._collection, timeout=TIMEOUT)

    def _narrow(self, scopes: Sequence[str]) -> dict[str, Any] | None:
        # An empty list of partitions would search all of them.
        found = [scope for scope in scopes if scope in self._known]
        return {"partition_names": found} if found else None

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        if scope not in self._known:
            return
        # A deletion holds for its id in every partition, so only what is here is deleted; and
        # without a partition's name it would be written into each of them.
        rows = self._client.query(
            self._collection,
            filter=expressions.any_of("id", ids),
            output_fields=["id"],
            partition_names=[scope],
            timeout=TIMEOUT,
        )
        if rows:
            here = expressions.any_of("id", [row["id"] for row in rows])
            self._client.delete(
                self._collection, filter=here, partition_name=scope, timeout=TIMEOUT
            )

    def drop(self, scope: str) -> None:
        if scope in self._known:
            self._client.drop_partition(self._collection, scope, timeout=TIMEOUT)
            self._known -= {scope}

    def ids(self, scope: str) -> set[str]:
        if scope not in self._known:
            return set()
        rows = self._client.query(
            self._collection, output_fields=["id"], partition_names=[scope], timeout=TIMEOUT
        )
        return {row["id"] for row in rows}

    def scopes(self) -> set[str]:
        return set(self._known)

    def count(self, scope: str) -> int:
        if scope not in self._known:
            return 0
        stats = self._client.get_partition_stats(self._collection, scope, timeout=TIMEOUT)
        return int(stats["row_count"])


class PartitionKey(Layout):
    """`scope` as the partition key: Milvus servers and Zilliz Cloud."""

    partition_key = True
    metric = "COSINE"
    search_timeout = 5.0

    def upsert(self, scope: str, entities: list[dict[str, Any]]) -> None:
        # Milvus before 2.3.11 upserts into partitions of other scopes, where nothing is found.
        self._delete(expressions.any_of("id", [entity["id"] for entity in entities]))
        # pymilvus would repeat a request that may have arrived, and the rows be there twice.
        # Without a timeout it does not; that the server is gone is noticed by its pings.
        self._client.insert(self._collection, entities, retry_times=0)

    def acknowledge(self) -> None:
        # A server has its own log and flushes by itself; it allows one request in ten seconds.
        pass

    def _narrow(self, scopes: Sequence[str]) -> dict[str, Any] | None:
        return {"filter": expressions.any_of("scope", scopes)} if scopes else None

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        chosen = f"{expressions.any_of('scope', [scope])} and {expressions.any_of('id', ids)}"
        self._delete(chosen)

    def drop(self, scope: str) -> None:
        self._delete(expressions.any_of("scope", [scope]))

    def _delete(self, chosen: str) -> None:
        self._client.delete(self._collection, filter=chosen, timeout=TIMEOUT)

    def ids(self, scope: str) -> set[str]:
        return {row["id"] for row in self._all("id", expressions.any_of("scope", [scope]))}

    def scopes(self) -> set[str]:
        return {row["scope"] for row in self._all("scope", "")}

    def count(self, scope: str) -> int:
        rows = self._client.query(
            self._collection,
            filter=expressions.any_of("scope", [scope]),
            output_fields=["count(*)"],
            timeout=TIMEOUT,
        )
        return int(rows[0]["count(*)"])

    def _all(self, field: str, chosen: str) -> Iterator[dict[str, Any]]:
        """As pymilvus' own iterator pages, which breaks at an id with a quote or a line's end."""
        filters = [f"({chosen})"] if chosen else []
        after = ""
        while page := self._client.query(
            self._collection,
            filter=" and ".join([f"id > {expressions.literal(after)}", *filters]),
            output_fields=["id", field],
            limit=PAGE,
            iterator="True",
            reduce_stop_for_best="True",  # the smallest ids of all segments, in their order
            timeout=TIMEOUT,
        ):
            yield from page
            after = max(row["id"] for row in page)
