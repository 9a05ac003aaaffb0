"""The process that runs one call of a tool: `python -m memtui.engine.outside.worker`.

It reads one JSON object, a line, from standard input and writes one to standard output:
`{"ok", "text"}`. It ends when the engine has gone, and takes no more than it was given.
"""

import asyncio
import contextlib
import ctypes
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from memtui.engine.outside import OutsideError
from memtui.engine.outside.files import Files
from memtui.engine.outside.web import Web

MOST = 20_000
"""Characters of a result; what is longer is cut, visibly."""
FILE_SIZE = 50_000_000
"""Bytes that a file may have in which something is written."""
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # what a tool prints is not its result
    threading.Thread(target=_watch, daemon=True).start()
    _keep_children()
    _limit(int(request["memory"]), int(request["seconds"]))
    ok, text = False, ""
    try:
        ok, text = True, _plain(_call(request))
    except OutsideError as error:
        text = str(error)
    except MemoryError:
        text = f"It needs more than the {request['memory'] // 1_000_000} MB that a tool may have."
    except BaseException as error:  # noqa: BLE001 - the user's code raises anything
        text = f"{type(error).__name__}: {error}"
    if len(text) > MOST:
        text = f"{text[:MOST]} … [cut: {MOST:,} of {len(text):,} characters]"
    replies.write(json.dumps({"ok": ok, "text": text}).encode("ascii"))
    replies.close()
    signal.pause()  # the engine ends it, with whatever the tool has begun


def _keep_children() -> None:
    """On Linux, be the parent of orphans among what the tool starts: the engine finds them here."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _watch() -> None:
    """End with the engine."""
    sys.stdin.buffer.read()
    os._exit(1)


def _limit(memory: int, seconds: int) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds + 5),  # the engine's own clock comes first
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # macOS has no limit of memory
            hard = resource.getrlimit(kind)[1]
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)
            resource.setrlimit(kind, (most, hard))


def _call(request: dict[str, Any]) -> Any:
    tool, arguments = str(request["tool"]), dict(request["arguments"])
    if path := request.get("path"):
        return _own(Path(path), tool, arguments)
    files = Files(Path(request["folder"]), [Path(one) for one in request["closed"]])
    web = Web(bool(request["private"]))
    known = {
        function.__name__: function
        for function in (files.read_from_text_file, files.append_to_text_file, web.http_request)
    }
    return known[tool](**arguments)


def _own(path: Path, tool: str, arguments: dict[str, Any]) -> Any:
    """A function of the user's: its file is run, and then it is called."""
    sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise OutsideError(f"{path.name} cannot be run.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result = getattr(module, tool)(**arguments)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def _plain(result: Any) -> str:
    if isinstance(result, str):
        return result
    return json.dumps(result, ensure_ascii=False, default=str)


if __name__ == "__main__":
    main()
