"""The vector index: Milvus. Lite on a Unix socket of our own, or any server; one code path.

    archive      `Archive`, all that others use
    lite         Milvus Lite served on a Unix socket, and its lock
    server       what is asked of a server: its address, its version
    layout       how scopes are kept apart: a partition each (Lite), a partition key (server)
    rows         `Row`, and the collection's schema
    expressions  text → filter expressions, through one escaping function
    failures     exceptions → sentences

May import `memtui.api`, `memtui.config`, `memtui.paths`. pymilvus is imported when it is opened.
"""

from memtui.archive.archive import Archive
from memtui.archive.rows import Row

__all__ = ["Archive", "Row"]
