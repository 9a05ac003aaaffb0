"""The full-screen app: `app.run_app`. Textual lives here and nowhere else.

Imports memtui.api, memtui.config and memtui.paths, nothing else of memtui. The engine is reached
only through `memtui.api.client`. `store` and `history` are what is known, as plain data; `session`
is what can be done; `widgets` and `screens` show the one and start the other.
"""

import os

# Measured: halves the time from a key to its frame while a reply streams. Textual reads it once.
os.environ.setdefault("TEXTUAL_FPS", "120")
