"""The frames between the engine and the embedding process: kind, number, length, body.

Requests: QUERY and BULK carry a text, THREADS a decimal count. Replies carry the request's
number: VECTOR little-endian float32, FAILURE a sentence. READY, with the decimal dimension, is
sent once, after loading.
"""

import struct
from collections.abc import Callable

HEADER = struct.Struct(">cII")
"""Kind (one byte), number of the request, length of the body in bytes."""

QUERY, BULK, THREADS = b"Q", b"B", b"T"
READY, VECTOR, FAILURE = b"R", b"V", b"F"

Frame = tuple[bytes, int, bytes]


def pack(kind: bytes, number: int, body: bytes = b"") -> bytes:
    return HEADER.pack(kind, number, len(body)) + body


def read(read_some: Callable[[int], bytes]) -> Frame | None:
    """The next frame of a blocking pipe; None at its end, even in the middle of a frame."""
    header = _exactly(read_some, HEADER.size)
    if header is None:
        return None
    kind, number, length = HEADER.unpack(header)
    body = _exactly(read_some, length)
    return None if body is None else (kind, number, body)


def _exactly(read_some: Callable[[int], bytes], count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        some = read_some(count - len(parts))
        if not some:
            return None
        parts += some
    return bytes(parts)
