"""What is asked of a Milvus server before it is used, and after it has been away."""

import re
import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from memtui.api.errors import UnavailableError

OLDEST = (2, 3)
"""Milvus 2.3, the oldest that the tests run on: filters in deletions, count(*), partition keys."""

_RELEASED = re.compile(r"not loaded|'released'|not fully loaded", re.IGNORECASE)
_MISSING = re.compile(r"collection not found|can't find collection|not exist", re.IGNORECASE)


def knock(uri: str, name: str, timeout: float) -> None:
    """Most servers that are not there refuse at once; pymilvus would go on trying.

    Raises UnavailableError for what is no address, and OSError.
    """
    try:
        url = urlsplit(uri)
        host = url.hostname if url.scheme in ("http", "https") else None
        port = url.port
    except ValueError:  # a port that is no number
        host = port = None
    if not host:
        raise UnavailableError(
            f"{name} is no address of a Milvus server. Set archive.uri to a folder, or to an "
            "address that begins with http:// or https://."
        )
    if port and not getproxies():
        socket.create_connection((host, port), timeout).close()


def plain_version(text: str) -> str:
    """What a server calls its version, for people: `2.3.5`, `Lite 3.2.2`."""
    if text.startswith("milvus_lite-"):
        return text.replace("milvus_lite-", "Lite ")
    return text.removeprefix("v").removesuffix("-lite")  # the wheel's own mark


def check_version(text: str, name: str) -> None:
    """Raises UnavailableError when the server is too old. A version that is no number passes."""
    found = re.match(r"(\d+)\.(\d+)", plain_version(text))
    if found and (int(found[1]), int(found[2])) < OLDEST:
        raise UnavailableError(
            f"The Milvus server at {name} is version {plain_version(text)}: too old, memtui needs "
            f"{OLDEST[0]}.{OLDEST[1]} or newer. Put a newer one there, or set archive.uri to "
            "another."
        )


def is_released(error: Exception) -> bool:
    """Whether the collection has to be loaded again: the server has been started anew."""
    return bool(_RELEASED.search(str(error)))


def is_missing(error: Exception) -> bool:
    """Whether the collection is not there any more: the server has lost its data."""
    return bool(_MISSING.search(str(error)))
