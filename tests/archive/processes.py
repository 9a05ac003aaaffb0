"""Runs a script in a Python process of its own."""

import subprocess
import sys
import textwrap
from pathlib import Path

PREFACE = """
import os, signal, sys, resource
from pathlib import Path
from memtui.archive import Archive, Row
from tests.archive.rows import COLLECTION, DIMENSION, row, rows, vector
archive = Archive(sys.argv[1])
"""


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`script` after PREFACE; the first argument is the archive's address."""
    return subprocess.run(
        [sys.executable, "-c", PREFACE + textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
