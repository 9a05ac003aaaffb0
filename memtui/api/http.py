"""httpx and httpx_sse, without what the engine's clients never use of them.

httpx imports its own command line (with it rich and click) and HTTP/2 when they are installed, and
does without when they are not. They were 0.25 s of the 0.6 that a command may take.
"""

import sys

_UNUSED = [name for name in ("httpx._main", "h2") if name not in sys.modules]
for _name in _UNUSED:
    sys.modules[_name] = None  # type: ignore[assignment]

import httpcore  # noqa: E402, F401 - httpx would import it with its first transport
import httpx  # noqa: E402
from httpx_sse import aconnect_sse  # noqa: E402

for _name in _UNUSED:
    del sys.modules[_name]

__all__ = ["aconnect_sse", "httpx"]
