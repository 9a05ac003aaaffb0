"""Messages between the engine and a reader process: a length in four bytes, then JSON.

JSON in ASCII carries the lone surrogates of file names that are not UTF-8.
"""

import json
import struct
from typing import IO, Any

HEADER = struct.Struct(">I")
MAX_FRAME = 64 << 20
"""Bytes. A longer one means that the other side is not what we take it for."""

Frame = dict[str, Any]


def encode(frame: Frame) -> bytes:
    body = json.dumps(frame, separators=(",", ":")).encode("ascii")
    return HEADER.pack(len(body)) + body


def body_length(header: bytes) -> int:
    """Raises ValueError for an impossible length."""
    length: int = HEADER.unpack(header)[0]
    if length > MAX_FRAME:
        raise ValueError(f"a frame of {length} bytes")
    return length


def decode(body: bytes) -> Frame:
    """Raises ValueError for what is no JSON object."""
    frame = json.loads(body)
    if not isinstance(frame, dict):
        raise ValueError("not an object")
    return frame


def read(stream: IO[bytes]) -> Frame | None:
    """The next frame, None at the end of the stream."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    length = body_length(header)
    body = stream.read(length)
    return decode(body) if len(body) == length else None
