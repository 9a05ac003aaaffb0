"""From the arguments to the exit status; every error becomes one sentence on stderr."""

import os
import sys

from memtui.api.errors import MemtuiError, UsageError
from memtui.cli import output

INTERRUPTED = 130  # what shells report for a command that ended on Ctrl-C


def run(argv: list[str]) -> int:
    """Run `memtui ARGV…` and return its exit status: 0 done, 1 failed, 2 usage, 3 nothing found."""
    output.prepare()
    try:
        status = _dispatch(argv)
        output.flush()
    except KeyboardInterrupt:
        output.note("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        output.abandon()
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: no traceback reaches a user
        return _report(error)
    return status


def _dispatch(argv: list[str]) -> int:
    if not argv:
        from memtui.cli.terminal import open_app

        return open_app()
    for argument in argv:
        if not argument.isascii() and any("\ud800" <= char <= "\udfff" for char in argument):
            raise UsageError(
                f"{argument.encode('utf-8', 'replace').decode()!r} is not valid UTF-8. Rename the "
                "file, or type the text again."
            )
    from memtui.cli.root import memtui

    status = memtui.main(argv, prog_name="memtui", standalone_mode=False)
    return status if isinstance(status, int) else 0


def _report(error: Exception) -> int:
    """Print `error` as a sentence; the exit status that belongs to it."""
    import click

    from memtui.config import ConfigError

    if isinstance(error, MemtuiError):
        output.note(str(error))
        return error.exit_status
    if isinstance(error, ConfigError):
        output.note(str(error))
        return error.exit_status
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        output.note(error.message)
        return 2
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "memtui"
        output.note(f"{_sentence(error.format_message())} `{command} --help` shows how.")
        return 2
    if isinstance(error, click.Abort):  # Ctrl-C at a prompt, or the end of the input
        output.note("\nStopped. Nothing was changed.")
        return INTERRUPTED if sys.stdin is not None and sys.stdin.isatty() else 1
    if isinstance(error, OSError):
        output.abandon()
        where = f" ({error.filename})" if error.filename else ""
        output.note(f"The system refused: {error.strerror or error}{where}.")
        return 1
    if os.environ.get("MEMTUI_DEBUG"):
        import traceback

        traceback.print_exc()
    output.note(
        f"memtui made a mistake ({type(error).__name__}: {error}). Run it again with "
        "MEMTUI_DEBUG=1 for the details, and look into the log that `memtui folder` names."
    )
    return 1


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "?", "!")) else text + "."
