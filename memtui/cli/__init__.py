"""The commands: each one is arguments → a call of the API → a printed result.

May import `memtui.api`, `memtui.config` and `memtui.paths`, and `memtui.tui.app` inside the
commands that open the app. Every command lives in a module that is imported when it is called,
so that `memtui version` is quick and plain `memtui` reaches the app without even click.
"""

import sys


def main() -> None:
    """The `memtui` command."""
    from memtui.cli.start import run

    sys.exit(run(sys.argv[1:]))
