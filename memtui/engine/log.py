"""The engine's log: rotating, private, without keys or document text at the default level."""

import logging
import logging.handlers
import os
from pathlib import Path

from memtui import paths

MAX_BYTES = 1_000_000
BACKUPS = 3


class _PrivateHandler(logging.handlers.RotatingFileHandler):
    """Creates its files with mode 0600."""

    def _open(self):  # type: ignore[no-untyped-def]
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


class _Brief(logging.Filter):
    """Of what libraries say, one line: their tracebacks help their authors only, and may quote a
    document. What they raise, memtui tells in sentences of its own; asyncio and uvicorn report
    mistakes of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("memtui", "asyncio", "uvicorn")):
            lines = record.getMessage().strip().splitlines() or [""]
            record.msg, record.args = lines[0][:500], ()
            record.exc_info = record.exc_text = record.stack_info = None
        return True


def begin() -> None:
    """Send every logger of this process to the log file. Others than ours: warnings only."""
    handler = _PrivateHandler(
        _folder() / "engine.log", maxBytes=MAX_BYTES, backupCount=BACKUPS, encoding="utf-8"
    )
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    )
    if not os.environ.get("MEMTUI_DEBUG"):
        handler.addFilter(_Brief())
        logging.raiseExceptions = False  # a full disk below the log is told elsewhere
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("memtui").setLevel(
        logging.DEBUG if os.environ.get("MEMTUI_DEBUG") else logging.INFO
    )
    # The provider's answer may quote the question: their words stay out of the log.
    logging.getLogger("httpx").setLevel(logging.ERROR)


def _folder() -> Path:
    return paths.private_dir(paths.state_dir())
