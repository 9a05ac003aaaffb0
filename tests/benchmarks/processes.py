"""The memory of a process and of all that it started."""

import subprocess


def tree(pid: int) -> dict[int, tuple[int, str]]:
    """(resident bytes, command) of `pid` and of every process below it, by pid.

    Memory that several share, such as libraries' code, counts for each of them.
    """
    done = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True
    )
    known: dict[int, tuple[int, int, str]] = {}
    for line in done.stdout.splitlines():
        own, parent, kilobytes, command = line.split(None, 3)
        known[int(own)] = (int(parent), int(kilobytes) * 1024, command)
    found: dict[int, tuple[int, str]] = {}
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        if one in known:
            found[one] = known[one][1:]
            waiting += [child for child, (parent, _, _) in known.items() if parent == one]
    return found
