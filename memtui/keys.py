"""API keys and tokens in the system's keyring, where there is one that works.

The library is imported when a key is read or written: it asks the desktop over D-Bus, which takes
time and may hang. Whatever goes wrong, the answer is that there is no keyring; the caller then
uses its file.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from memtui import paths

SERVICE = "memtui"

PATIENCE = 5.0
"""Seconds for the keyring to answer. One that did not is not asked again by this process."""

T = TypeVar("T")
_silent = False


def put(key: str, secret: str) -> bool:
    """Keep `secret` for the setting `key`. False: there is no keyring that keeps it."""

    def write() -> bool:
        keyring = _keyring()
        if keyring is None:
            return False
        keyring.set_password(SERVICE, _name(key), secret)
        return bool(keyring.get_password(SERVICE, _name(key)) == secret)

    return bool(_patiently(write))


def get(key: str) -> str:
    """The secret of the setting `key`; empty when it cannot be had."""

    def read() -> str | None:
        keyring = _keyring()
        return None if keyring is None else keyring.get_password(SERVICE, _name(key))

    return _patiently(read) or ""


def forget(key: str) -> None:
    def delete() -> None:
        keyring = _keyring()
        if keyring is not None:
            keyring.delete_password(SERVICE, _name(key))

    _patiently(delete)


def usable() -> bool:
    """Whether keys would be kept in a keyring. Takes a moment."""
    return _patiently(_keyring) is not None


def _name(key: str) -> str:
    """Two configurations of one user keep their keys apart."""
    return f"{key} of {paths.config_dir()}"


def _keyring() -> Any:
    """The system's keyring; None when there is none, or one that keeps nothing, or in the clear."""
    import keyring

    backend = keyring.get_keyring()
    kept = backend.priority >= 1 and not type(backend).__module__.startswith("keyrings.alt")
    return backend if kept else None


def _patiently(work: Callable[[], T]) -> T | None:
    """What `work` returns within PATIENCE; None when it fails or takes longer."""
    global _silent
    found: list[T] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception:  # noqa: BLE001 - a backend raises anything
            return

    if _silent:
        return None
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    _silent = thread.is_alive()
    return found[0] if found else None
