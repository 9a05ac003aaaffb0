"""The handbook: Markdown chapters, and the PDF built from them that `memtui demo` loads.

`python -m memtui.handbook.build` builds it. Imports nothing of memtui.
"""
