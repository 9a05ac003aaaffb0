"""Commands that refuse: what they said, and whether they said it as they should."""

import re
import subprocess
from pathlib import Path
from typing import Any

from tests.engine.helpers import memtui

PROGRESS = re.compile(r".*: \d+/\d+ files?(, .*)?")
COPPER = "Copper melts at 1085 degrees Celsius, in every furnace of the old foundry."
"""What the documents of these tests say."""


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What a command said on stderr, but for the progress of a load."""
    assert "Traceback" not in done.stdout + done.stderr
    return [line for line in done.stderr.splitlines() if not PROGRESS.fullmatch(line)]


def refused(*arguments: str, says: str, status: int = 1, **options: Any) -> str:
    """`memtui ARGUMENTS` ends with `status` and one sentence, which contains `says`."""
    done = memtui(*arguments, check=False, **options)
    lines = told(done)
    assert (done.returncode, done.stdout, len(lines)) == (status, "", 1), (arguments, done)
    assert says in lines[0]
    assert lines[0].endswith((".", "shows how."))
    return lines[0]


def load(name: str, *files: Path, options: tuple[str, ...] = ()) -> list[str]:
    """Load the files and return what was said on stderr."""
    arguments = [f"--input-files={file}" for file in files]
    return told(memtui("load", "directory", f"--name={name}", *arguments, *options))
