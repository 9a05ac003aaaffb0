"""Text that comes from models and users: mended so that it can be stored, shortened visibly."""

_MARK = " … [shortened to fit: {shown:,} of {total:,} characters shown{rest}] … "


def mend(text: str) -> str:
    """`text` that UTF-8 and SQLite accept: halves of surrogate pairs are joined; a half without
    its other, and NUL, become U+FFFD.
    """
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "\ufffd")


def shorten(text: str, limit: int, rest: str = "") -> str:
    """At most about `limit` characters of `text`: its beginning and its end, and how much is gone.

    `rest` says how to get what is missing. The mark itself (under 100 characters) comes on top.
    """
    if len(text) <= limit:
        return text
    limit = max(limit, 0)
    tail = limit // 3
    mark = _MARK.format(shown=limit, total=len(text), rest=f"; {rest}" if rest else "")
    return text[: limit - tail] + mark + (text[-tail:] if tail else "")
