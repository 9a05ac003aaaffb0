"""The one rule for names of sources, agents, personas and humans."""

from memtui.api.errors import UsageError

MAX_NAME = 200
_JOINERS = {"\u200c", "\u200d"}  # part of emoji and of several scripts


def check_name(name: str, what: str = "name") -> str:
    """`name` if it is 1–200 printable characters, without spaces at its ends.

    Raises UsageError otherwise.
    """
    if not name.strip():
        raise UsageError(f"The {what} is empty. Give it 1 to {MAX_NAME} characters.")
    if len(name) > MAX_NAME:
        raise UsageError(f"The {what} has {len(name)} characters. Give it at most {MAX_NAME}.")
    if any(not char.isprintable() and char not in _JOINERS for char in name):
        raise UsageError(
            f"The {what} contains a line break or another unprintable character. Leave it out."
        )
    if name != name.strip():
        raise UsageError(f"The {what} begins or ends with a space. Leave it out.")
    return name
