"""memtui: talk to MemGPT agents about your own documents, in the terminal.

Two processes, one seam: `tui` and `cli` are clients; `engine` owns the agents, the record
(SQLite) and the archive (Milvus); `api` is what crosses between them.
"""

__version__ = "0.1.0"
