"""Running memtui as users do: as commands, in processes of their own."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fpdf import FPDF


def memtui(*arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. With `check`, anything but exit status 0 fails the test.

    `input` is what it reads from standard input, which is empty otherwise; `env` is added to the
    environment.
    """
    done = execute(*arguments, **options)
    if check:
        assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def execute(
    *arguments: str, input: str = "", env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "memtui", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
        input=input,
        check=False,
        **options,
    )


def memtui_json(*arguments: str, check: bool = True, **options: Any) -> Any:
    return json.loads(memtui(*arguments, "--json", check=check, **options).stdout)


def make_pdf(path: Path, pages: list[str]) -> Path:
    """A real PDF with one text a page."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for text in pages:
        pdf.add_page()
        pdf.multi_cell(0, 6, text)
    pdf.output(str(path))
    return path


def alive(pid: int) -> bool:
    """Whether the process exists and is more than a zombie (Linux)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def sockets_of(pid: int) -> set[str]:
    """The inodes of a process' sockets (Linux)."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed just now
            name = str(descriptor.readlink())
            if name.startswith("socket:["):
                found.add(name.removeprefix("socket:[").rstrip("]"))
    return found


def descendants(pid: int) -> list[int]:
    """`pid` and all processes below it (Linux)."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += descendants(int(child))
    return found
