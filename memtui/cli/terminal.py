"""Opening the app. Imports as little as possible: the first frame waits for it."""

import gc
import sys

from memtui.api.errors import MemtuiError


def has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def need_terminal(command: str = "memtui") -> None:
    """Raise MemtuiError unless a person sits at a terminal."""
    if not has_terminal():
        raise MemtuiError(
            f"`{command}` opens the app, which needs a terminal. Without one, use `memtui ask` "
            "and `memtui search`."
        )


def open_app(
    agent: str | None = None,
    persona: str | None = None,
    human: str | None = None,
    model: str | None = None,
    draft: str = "",
    choose: bool = False,
    wizard: bool = False,
) -> int:
    """Open the app, or its `wizard`, and return its exit status; `agent` is an id.

    Raises MemtuiError without a terminal.
    """
    need_terminal()
    # Nothing that an import or the first frame makes is garbage, and looking for it is a tenth of
    # the start. `tui.collector` enables it after that.
    gc.disable()
    from memtui.tui.app import run_app

    return run_app(
        agent=agent, persona=persona, human=human, model=model, draft=draft, choose=choose,
        wizard=wizard,
    )  # fmt: skip
