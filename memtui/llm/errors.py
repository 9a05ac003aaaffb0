"""What litellm and the servers behind it raise, as sentences that say what to do."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from memtui.api.errors import ContextOverflowError, ModelError
from memtui.api.plain import plain_line
from memtui.llm.windows import stated

_OVERFLOW = re.compile(
    r"context_length_exceeded|maximum context|context (length|window|size)|prompt is too long"
    r"|too many (input )?tokens|exceeds? the (model'?s )?(max|available)",
    re.IGNORECASE,
)
_NO_TOOLS = re.compile(
    r"(n[o']t|that) support(ed)?\b.{0,40}\b(tool|function)"
    r"|\b(tool|function)s?\W{0,2}( (use|call|calling|calls|choice)\W?)? (is|are) (not |n't )\w+"
    r"|\btools?( choice| param)? requires"
    r"|(unknown|unrecognized|unexpected|extra)\b.{0,60}\btools\b",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content.?(filter|policy|management policy)|safety system", re.IGNORECASE)
_NONSENSE = {"JSONDecodeError", "UnicodeDecodeError", "TypeError", "KeyError", "IndexError"}
_INVALID = re.compile(r"invalid response from LLM endpoint|provider returned 'choices'")
_CUT_OFF = {"RemoteProtocolError", "ReadError", "WriteError", "BrokenOffError"}


@dataclass(frozen=True)
class Target:
    """Who was called: for the sentences, and to keep `secret` out of them.

    `table` is where its settings stand: `llm`, or `models.NAME`.
    """

    model: str
    api_base: str
    secret: str
    table: str = "llm"

    @property
    def place(self) -> str:
        return (
            f"the server at {self.api_base}" if self.api_base else f"the provider of {self.model}"
        )

    def quote(self, text: str) -> str:
        """What a server said, on one line, cut, without the key or anything that looks like one."""
        if self.secret:
            text = text.replace(self.secret, "…")
        text = re.sub(r"\b(sk|pk|key|gsk|xai)[-_][\w*-]{6,}", "…", text)
        return plain_line(text, 200).rstrip(". ")


@dataclass(frozen=True)
class Failure:
    """A failed call: the error to raise, and whether and when (seconds) to try again first.

    `broken`: the connection ended before the answer did. `no_tools`: the provider takes none.
    `why` begins the sentence that says what is being waited for.
    """

    error: ModelError
    retry: bool = False
    after: float | None = None
    broken: bool = False
    no_tools: bool = False
    why: str = ""


def chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what caused it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def status(error: BaseException) -> int:
    """The HTTP status the server answered with; 0 when it did not answer."""
    for one in chain(error):
        response = getattr(one, "response", None)
        if type(one).__module__.startswith(("httpx", "openai")) and response is not None:
            return int(response.status_code)
    if any(isinstance(one, OSError) or "Connect" in type(one).__name__ for one in chain(error)):
        return 0
    return int(getattr(error, "status_code", 0) or 0)


def said(error: BaseException) -> str:
    """The server's own words, without the wrapping that litellm puts around them."""
    text = str(getattr(error, "message", "") or error)
    text = text.split(" Original exception:")[0]
    return re.sub(r"^((litellm\.)?\w*(Error|Exception)\b( -|:)\s*)+", "", text).strip()


def rejects(error: BaseException, parameter: str) -> bool:
    """Whether the server refused the request because of `parameter`."""
    return status(error) in {400, 404, 422, 501} and parameter in str(error)


def explain(error: BaseException, target: Target, started: bool) -> Failure:
    """The sentence for `error`. `started`: part of the answer had come already."""
    model, place = target.model, target.place
    name, words, code = type(error).__name__, said(error), status(error)
    names = {type(one).__name__ for one in chain(error)}
    detail = f" It said: {target.quote(words)}." if words else ""
    table = target.table
    key = f"Set it with `memtui configure --set {table}.api_key=…`."
    change = f"Change it with `memtui configure --set {table}.model=…`"

    too_long = name == "ContextWindowExceededError" or _OVERFLOW.search(words)
    if code == 413 or (too_long and code not in {401, 403, 429}):  # those speak of tokens, too
        return Failure(
            ContextOverflowError(
                f"The conversation does not fit the context window of {model}.{detail} Set its"
                f" true size with `memtui configure --set {table}.context_window=…`.",
                window=stated(words),
            )
        )
    if name == "UnprocessableError":
        return Failure(
            ModelError(
                f"The request was refused by {place} (422). Check llm.model and llm.api_base with"
                " `memtui configure --show`, or choose another model."
            ),
            no_tools=True,  # perhaps
        )
    if _NO_TOOLS.search(words):
        return Failure(
            ModelError(
                f"{model} cannot call tools, and an agent needs them. {change}, or describe the"
                f" tools in the prompt with `memtui configure --set llm.tools=prompt`.{detail}"
            ),
            no_tools=True,
        )
    coded = " ".join(str(getattr(one, "code", "")) for one in chain(error))
    if name == "ContentPolicyViolationError" or (
        400 <= code < 500 and _FILTERED.search(f"{words} {coded}")
    ):
        return Failure(filtered(target, detail))
    if "LLM Provider NOT provided" in words:
        return Failure(
            ModelError(
                f"{model!r} names no provider that memtui knows. {change}, written as"
                f" provider/model, or set {table}.api_base for a server of your own."
            )
        )
    if (
        "api_key" in words
        and code in {0, 401, 500}
        and re.search("must be set|missing", words, re.I)
    ):
        return Failure(ModelError(f"{model} needs a key, and none is set. {key}"))
    if code in {401, 403}:
        return Failure(ModelError(f"The key was refused by {place} ({code}). {key}"))
    if code == 429:
        if re.search("quota|insufficient", words, re.I) and _retry_after(error) is None:
            return Failure(
                ModelError(f"The quota at {place} is used up.{detail} Choose another model.")
            )
        return Failure(
            ModelError(
                f"Too many requests for {place} (429).{detail} Wait a minute, then send the"
                " message again."
            ),
            retry=True,
            after=_retry_after(error),
            why="Too many requests",
        )
    if code == 404:
        return Failure(
            ModelError(
                f"The model {model!r} is unknown at {place} (404).{detail} {change}, or check"
                f" {table}.api_base."
            )
        )
    if "UnsupportedProtocol" in names or "InvalidURL" in names:
        return Failure(
            ModelError(
                f"{target.api_base!r} is no address of a server. It begins with http:// or"
                f" https://; set it with `memtui configure --set {table}.api_base=…`."
            )
        )
    if names & _NONSENSE or _INVALID.search(words):
        return Failure(garbage(target))
    if started or (code in {0, 500} and names & _CUT_OFF):
        return Failure(broke_off(target), broken=True)
    if code == 0 or names & {"ConnectError", "ConnectTimeout"}:
        return Failure(
            ModelError(
                f"No connection to {place}: {_why(error, target)}. Start it or check the network,"
                f" or change {table}.api_base with `memtui configure --set {table}.api_base=…`."
            )
        )
    if code >= 500 or code in {408, 425}:
        return Failure(
            ModelError(
                f"Something is wrong at {place} ({code}).{detail} Try again later, or choose"
                " another model."
            ),
            retry=True,
            after=_retry_after(error),
            why=f"The provider has a problem ({code})",
        )
    return Failure(
        ModelError(
            f"The request was refused by {place}{f' ({code})' if code else ''}.{detail} Check"
            f" {table}.model and {table}.api_base with `memtui configure --show`."
        )
    )


def garbage(target: Target) -> ModelError:
    return ModelError(
        f"The answer of {target.place} makes no sense: it is not what an OpenAI-compatible server"
        f" sends. Check {target.table}.api_base with `memtui configure --show` (it often ends in"
        " /v1)."
    )


def broke_off(target: Target) -> ModelError:
    return ModelError(
        f"The connection to {target.place} broke in the middle of the answer."
        " Send the message again."
    )


def filtered(target: Target, detail: str = "") -> ModelError:
    return ModelError(
        f"The content filter of {target.place} refused this.{detail} Say it in other words, or"
        " choose another model."
    )


def idle(target: Target, seconds: float) -> ModelError:
    return ModelError(
        f"{target.model} stopped in the middle of the answer: nothing came for {seconds:g} seconds."
        " Send the message again, or wait longer with"
        f" `memtui configure --set {target.table}.idle_timeout=…`."
    )


def too_slow(target: Target, seconds: float, started: bool) -> ModelError:
    what = "finish its answer" if started else "begin to answer"
    return ModelError(
        f"{target.model} did not {what} within {seconds:g} seconds. Send the message again, or"
        f" wait longer with `memtui configure --set {target.table}.max_wait=…`."
    )


def _why(error: BaseException, target: Target) -> str:
    for one in chain(error):
        if isinstance(one, ConnectionRefusedError):
            return "nothing listens there (connection refused)"
        if type(one).__name__ == "gaierror":
            return "its name is not known"
        if type(one).__name__ == "ConnectTimeout":
            return "it does not answer"
    root = list(chain(error))[-1]
    return target.quote(str(root)) or type(root).__name__


def _retry_after(error: BaseException) -> float | None:
    """Seconds from a Retry-After header (RFC 9110 §10.2.3: seconds, or a date)."""
    for one in chain(error):
        response = getattr(one, "response", None)
        for headers in (
            getattr(response, "headers", None),
            getattr(one, "litellm_response_headers", None),
        ):
            text = str(headers.get("retry-after", "")) if headers else ""
            if re.fullmatch(r"\d{1,6}(\.\d+)?", text):
                return float(text)
            with contextlib.suppress(ValueError):
                wait = parsedate_to_datetime(text) - datetime.now(UTC)
                return max(0.0, wait.total_seconds())
    return None
