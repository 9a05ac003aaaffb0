"""Both channels of search together: terms, fusion, the explanation of a hit, how to cite it.

May import `memtui.api` only. Milvus, SQLite and the embedder come in through `ports`.
"""
