"""Whether the app's terminal is still there."""

import select
import sys


def hung_up() -> bool:
    """True once the terminal that standard input is has been closed."""
    if sys.__stdin__ is None or not hasattr(select, "poll"):  # not on Windows
        return False
    poll = select.poll()
    poll.register(sys.__stdin__, 0)  # hanging up is always reported
    return any(event & (select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(0))
