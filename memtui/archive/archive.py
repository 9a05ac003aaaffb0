"""The archive: vectors in Milvus, in scopes. It can be built again from the record at any time."""

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from memtui import paths
from memtui.api.errors import StorageError, UnavailableError
from memtui.archive import server
from memtui.archive.failures import Place, RefusedError
from memtui.archive.layout import TIMEOUT, Layout, PartitionKey, Partitions
from memtui.archive.lite import LiteServer, quiet_libraries, return_memory
from memtui.archive.rows import PROBE, Row, check_scope, schema

if TYPE_CHECKING:
    from memtui.archive.rows import Vector

logger = logging.getLogger(__name__)
T = TypeVar("T")

CONNECT_TIMEOUT = 3.0
"""Seconds for a server to answer at all: whoever searches first waits as long."""

LITE_TIMEOUT = 10.0
"""The same for Milvus Lite, which shares our interpreter with whatever is being imported."""

WRITE_ROWS = 256
"""Rows in one request: 17 MB at most, of the 64 MB that a server takes."""

REMOVE_IDS = 500
"""Ids in one expression."""

TIDY_ROWS = 2_000
"""Rows written after which unused memory is returned."""

_NO_PINGS = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": False}
"""pymilvus pings every 10 s, and Milvus Lite then drops the connection for too many of them."""


class Archive:
    """The vectors of one collection. All methods are blocking and may be called from any thread.

    `uri` is a folder (Milvus Lite, served on `socket`) or the address of a server. Every method
    raises UnavailableError when Milvus cannot be reached, StorageError when it cannot write, and
    ValueError for a scope that is not a generated name (`[a-z][a-z0-9_]*`).
    """

    def __init__(
        self, uri: str, token: str = "", database: str = "", socket: Path | None = None
    ) -> None:
        self._uri = uri
        self._token = token
        self._database = database
        self._socket = socket
        self._local = "://" not in uri
        self._place = Place(uri, token, self._local)
        self._writing = threading.RLock()  # Milvus Lite allows one writer at a time
        self._loading = threading.Lock()
        self._server: LiteServer | None = None
        self._client: Any = None
        self._layout: Layout | None = None
        self._collection = ""
        self._dimension = 0
        self._written = 0
        self._host: Archive | None = None  # whose connection we use

    def beside(self) -> "Archive":
        """An archive for another collection on the connection of this one, which is open.

        It is to be closed before this one; see `become`.
        """
        other = Archive(self._uri, self._token, self._database)
        other._host = self
        other._writing = self._writing
        return other

    def become(self, other: "Archive") -> None:
        """Have the collection that `other`, made by `beside`, has open instead of ours."""
        with self._writing:
            self._layout = other._opened()
            self._collection, self._dimension = other._collection, other._dimension

    def open(self, collection: str, dimension: int) -> bool:
        """Connect, and make or load `collection` of vectors with `dimension` numbers.

        True when the collection was made just now, so that everything has to be indexed. What was
        open is closed first.
        """
        with self._writing, self._place.errors():
            self.close()
            quiet_libraries()
            try:
                self._connect()
                return self._open(check_scope(collection), dimension)
            except BaseException:
                self.close()
                raise

    def probe(self) -> str:
        """Connect, see whether we may write, and disconnect: the version at the other end.

        The archive is closed before and afterwards. Nothing is left behind but an empty folder.
        """
        with self._writing:
            self.close()
            return self.look()[0]

    def look(self) -> tuple[str, list[str]]:
        """The version at the other end and its collections, when we may write there.

        An archive that is not open is connected for that, and closed again.
        """
        with self._writing, self._place.errors():
            was_open = self._client is not None
            try:
                if not was_open:
                    quiet_libraries()
                    self._connect()
                name = f"memtui_probe_{secrets.token_hex(8)}"
                self._client.create_collection(name, schema=schema(2, True), timeout=TIMEOUT)
                try:
                    self._client.insert(name, [PROBE], timeout=TIMEOUT)
                finally:
                    self._client.drop_collection(name, timeout=TIMEOUT)
                version = f"Milvus {server.plain_version(self._client.get_server_version())}"
                return version, sorted(self._client.list_collections(timeout=TIMEOUT))
            finally:
                if not was_open:
                    self.close()

    @property
    def is_open(self) -> bool:
        return self._layout is not None

    def close(self) -> None:
        """Free the lock and remove the socket. Nothing that was acknowledged is lost."""
        with self._writing:
            client, lite = self._client, self._server
            self._client = self._layout = self._server = None
            try:
                if client is not None and self._host is None:
                    client.close()
            finally:
                if lite is not None:
                    lite.close()

    def write(self, rows: Sequence[Row]) -> None:
        """Store `rows`; those that exist are replaced. On return they survive a crash.

        Raises ValueError, before anything is stored, for a vector of another dimension or without
        a direction (zeros, NaN).
        """
        with self._writing, self._place.errors():
            self._opened()
            entities: dict[str, list[dict[str, Any]]] = {}
            for row in rows:
                if row.vector.shape != (self._dimension,):
                    raise RefusedError(f"vector of shape {row.vector.shape} in {self._collection}")
                entities.setdefault(row.scope, []).append(row.entity())

            def upsert(layout: Layout) -> None:
                for scope, ours in entities.items():
                    for start in range(0, len(ours), WRITE_ROWS):
                        layout.upsert(scope, ours[start : start + WRITE_ROWS])
                layout.acknowledge()

            if rows:
                self._served(upsert)
                self._tidy(len(rows))

    def search(
        self, scopes: Sequence[str], vector: "Vector", limit: int
    ) -> list[tuple[str, float]]:
        """The `limit` passages of `scopes` nearest to `vector`: (id, cosine), best first.

        Exact on Milvus Lite. Scopes that do not exist have no passages. While a batch is being
        written, a search may miss it, or still find what was just removed.
        """
        with self._place.errors():
            checked = [check_scope(scope) for scope in scopes]
            return self._served(lambda layout: layout.search(checked, vector, limit))

    def remove(self, scope: str, ids: Sequence[str]) -> None:
        """Delete passages. Those that do not exist are no error."""
        with self._writing, self._place.errors():
            check_scope(scope)

            def remove(layout: Layout) -> None:
                for start in range(0, len(ids), REMOVE_IDS):
                    layout.remove(scope, ids[start : start + REMOVE_IDS])
                if ids:
                    layout.acknowledge()

            self._served(remove)

    def drop(self, scope: str) -> None:
        """Delete a whole scope. One that does not exist is no error."""
        with self._writing, self._place.errors():
            self._served(lambda layout: layout.drop(check_scope(scope)))
            self._tidy(TIDY_ROWS)

    def retire(self, collection: str, scopes: Sequence[str]) -> None:
        """Delete a collection that serves no more. `scopes` are what was ours in it.

        A server may be shared with others whose passages are in the same collection: there only
        `scopes` are deleted, and the collection when nothing is left in it. The archive need not
        be open.
        """
        with self._writing, self._place.errors():
            if self._client is None:
                try:
                    quiet_libraries()
                    self._connect()
                    self._retire(collection, scopes)
                finally:
                    self.close()
            elif collection != self._collection:
                self._retire(collection, scopes)

    def _retire(self, collection: str, scopes: Sequence[str]) -> None:
        client = self._client
        if not client.has_collection(collection, timeout=TIMEOUT):
            return
        if not self._local:
            client.load_collection(collection, timeout=TIMEOUT)
            layout = PartitionKey(client, collection)
            for scope in scopes:
                layout.drop(check_scope(scope))
            rows = client.query(collection, output_fields=["count(*)"], timeout=TIMEOUT)
            if int(rows[0]["count(*)"]):
                return
        logger.info("the collection %s is of no use any more", collection)
        client.drop_collection(collection, timeout=TIMEOUT)

    def ids(self, scope: str) -> set[str]:
        """The ids of all passages of `scope`, however many (5,000: 0.2 s)."""
        with self._place.errors():
            return self._served(lambda layout: layout.ids(check_scope(scope)))

    def scopes(self) -> set[str]:
        """The scopes that exist. On a server this reads the scope of every passage."""
        with self._place.errors():
            return self._served(lambda layout: layout.scopes())

    def count(self, scope: str) -> int:
        """How many passages `scope` has."""
        with self._place.errors():
            return self._served(lambda layout: layout.count(check_scope(scope)))

    def version(self) -> str:
        """What is at the other end, e.g. `Milvus Lite 3.2.2`."""
        with self._place.errors():
            return f"Milvus {server.plain_version(self._opened().version())}"

    def _served(self, call: Callable[[Layout], T]) -> T:
        """`call`, and once more when a server that was started anew has to load the collection."""
        try:
            return call(self._opened())
        except Exception as error:
            if self._local or self._client is None:
                raise
            if server.is_released(error):
                self._load_again()
                return call(self._opened())
            if server.is_missing(error):
                self.close()  # whoever opens us next makes it, and hears that it is new
            raise

    def _load_again(self) -> None:
        """Half a minute on a server that has just been started: one of us waits for it."""
        if not self._loading.acquire(blocking=False):
            raise UnavailableError(
                f"The Milvus server at {self._place.name} was started anew and is loading the "
                "vectors. Try again in half a minute; text search works meanwhile."
            )
        try:
            logger.info("loading %s again", self._collection)
            self._client.load_collection(self._collection, timeout=TIMEOUT)
        finally:
            self._loading.release()

    def _opened(self) -> Layout:
        if self._layout is None:
            raise UnavailableError("The archive is not open. Try again in a moment.")
        return self._layout

    def _connect(self) -> None:
        uri = self._uri
        if self._host is not None:
            self._host._opened()
            self._client = self._host._client
            return
        if self._local:
            self._server = LiteServer(Path(uri), self._socket or paths.milvus_socket_file())
            uri = self._server.uri
        else:
            server.knock(uri, self._place.name, CONNECT_TIMEOUT)
        from pymilvus import MilvusClient

        self._client = MilvusClient(
            uri,
            token=self._token,
            db_name=self._database,
            timeout=LITE_TIMEOUT if self._local else CONNECT_TIMEOUT,
            dedicated=True,  # closed with us, shared with nobody
            **({"grpc_options": _NO_PINGS} if self._local else {}),
        )
        if not self._local:
            found = self._client.get_server_version(timeout=CONNECT_TIMEOUT)
            server.check_version(str(found), self._place.name)

    def _open(self, collection: str, dimension: int) -> bool:
        client = self._client
        kind = Partitions if self._local else PartitionKey
        new = not client.has_collection(collection, timeout=TIMEOUT)
        if new:
            client.create_collection(
                collection,
                schema=schema(dimension, kind.partition_key),
                consistency_level="Strong",  # a search sees what was acknowledged before it
                timeout=TIMEOUT,
            )
        self._check(collection, dimension)
        if not self._local:
            self._index(collection)
        client.load_collection(collection, timeout=TIMEOUT)
        self._collection, self._dimension = collection, dimension
        self._layout = kind(client, collection)
        if self._local:
            return_memory()
        return new

    def _index(self, collection: str) -> None:
        """A server searches nothing without an index. Zilliz Cloud has AUTOINDEX only.

        Milvus Lite searches a collection without one exactly as with FLAT, and FLAT would keep
        each vector a second time, in memory and on disk.
        """
        if "dense" in self._client.list_indexes(collection):
            return
        kind = "AUTOINDEX" if "zillizcloud" in self._uri else "FLAT"
        params = self._client.prepare_index_params()
        params.add_index("dense", index_type=kind, metric_type="COSINE", index_name="dense")
        self._client.create_index(collection, params, timeout=TIMEOUT)

    def _check(self, collection: str, dimension: int) -> None:
        fields = self._client.describe_collection(collection, timeout=TIMEOUT)["fields"]
        found = {field["name"]: field.get("params", {}).get("dim") for field in fields}
        if "dense" not in found or "scope" not in found:
            raise StorageError(
                f"The collection {collection} in {self._place.name} was not made by memtui. Set "
                "archive.uri or archive.database to another place."
            )
        if int(found["dense"] or 0) != dimension:
            raise StorageError(
                f"The collection {collection} in {self._place.name} holds vectors of "
                f"{found['dense']} numbers, and the embedding model gives {dimension}. Set "
                "embedding.model back, or archive.uri to another place."
            )

    def _tidy(self, rows: int) -> None:
        self._written += rows
        if self._local and self._written >= TIDY_ROWS:
            self._written = 0
            return_memory()
