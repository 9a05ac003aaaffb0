"""Asking before an embedding model of a provider is given much to do."""

import sys

import click

from memtui import config
from memtui.api.errors import MemtuiError
from memtui.cli import output


def agree(cost: float | None, what: str, yes: bool) -> None:
    """Ask before something that costs money. Raises MemtuiError when the answer is no."""
    if cost is None or cost <= config.load().number("embedding.ask_above"):
        return
    output.note(f"Embedding {what} costs about ${cost:,.2f}.")
    asked = sys.stdin is not None and sys.stdin.isatty()
    if not (yes or (asked and click.confirm("Go on?", err=True))):
        raise MemtuiError("Nothing was done. Add -y to go on without a question.")
