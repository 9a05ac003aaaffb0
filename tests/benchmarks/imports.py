"""`python -m tests.benchmarks.imports FILE` opens the app on a terminal and writes the names of
the modules that are imported when its first frame is shown, one a line, into FILE."""

import sys
from pathlib import Path

from memtui.cli import main
from memtui.tui.app import MemtuiApp


async def _report(app: MemtuiApp) -> None:
    Path(FILE).write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
    app.exit()


if __name__ == "__main__":
    FILE = sys.argv.pop()
    MemtuiApp._first_frame_shown = _report  # type: ignore[method-assign, assignment]
    main()
