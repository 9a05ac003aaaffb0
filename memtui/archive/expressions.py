"""Filter expressions. Text gets into one only through `literal`."""

from collections.abc import Iterable

from memtui.archive.failures import RefusedError

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
# The escapes that Milvus Lite's scanner and Milvus' grammar (Plan.g4, StringLiteral) both know.


def literal(text: str) -> str:
    """`text` as a string literal: whatever it contains, it stays one string.

    Raises RefusedError for lone surrogates: they have no UTF-8 form, so no row can contain them.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RefusedError(f"{text!r} cannot be sent to Milvus") from None
    return f'"{text.translate(_ESCAPES)}"'


def any_of(field: str, values: Iterable[str]) -> str:
    """`field` equals one of `values`. `field` is one of ours, never a user's."""
    return f"{field} in [{', '.join(literal(value) for value in values)}]"
