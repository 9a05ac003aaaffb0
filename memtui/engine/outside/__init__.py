"""Tools that reach outside of memtui: files, the web, another model, and the user's own.

All of them are off until the user enables them for an agent, and each call asks the user.

    toolbox       which tools there are, which an agent has, and what a call of one does
    permissions   asking the user, and remembering the answer
    discovery     tools that the user wrote: what a file offers, read without running it
    runner        one process for each call, with limits, killed when the turn is cancelled
    worker        that process: `python -m memtui.engine.outside.worker`
    files, web    what it does: text files below one folder, and HTTP requests
"""


class OutsideError(Exception):
    """The tool could not do it; the sentence is for the agent."""
