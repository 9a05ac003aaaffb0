"""The library: files become passages, passages become vectors.

`readers/` (one module per format) → `chunking` → `load` (the record, through the Protocols of
`ports`) → `indexing` (the archive). Files are read in a worker process that can be killed
(`reader_pool`, `reader_worker`).

May import `memtui.api`, `memtui.config` and `memtui.paths`; everything else comes in through
`ports`. PDF libraries are imported in the worker only.
"""
