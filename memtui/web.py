"""HTTP requests to public addresses: each address is checked, and then it is the one connected to.

Names are resolved here, once for each hop, so that no second answer of a name server can lead
elsewhere; a redirect is a hop like the first. No proxy is used: it would resolve the names.
"""

import http.client
import ipaddress
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
SILENCE = 15.0
"""Seconds without a byte after which a request is given up."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PIECE = 1 << 16


class WebError(Exception):
    """A request that gave no answer, or was refused. `str(error)` is a sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`url` is where the last redirect led; `content` is whole unless `cut`."""

    url: str
    status: int
    headers: http.client.HTTPMessage
    content: bytes
    cut: bool = False


def request(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    *,
    most: int,
    seconds: float = 60.0,
    private: bool = False,
) -> Answer:
    """One request, redirects followed. `body` is JSON; of the answer up to `most` bytes are read.

    With `private`, addresses of this machine and its networks are allowed, too. Blocks for up to
    `seconds` and what a silence takes. Raises WebError.
    """
    deadline = time.monotonic() + seconds
    url = whole(url)
    for _ in range(HOPS + 1):
        answer = _once(method, url, body, most, deadline, private)
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            return answer
        url = whole(urljoin(url, _as_utf8(answer.headers["location"])))
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):
            method, body = "GET", None
    raise WebError(f"The request was redirected more than {HOPS} times.")


def whole(url: str) -> str:
    """The address as it is requested: in ASCII, without what follows a #. Raises WebError."""
    parts = _split(url)
    if parts.username is not None or parts.password is not None:
        raise WebError("url must not hold a user name or a password.")
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError:
        raise WebError(f"{parts.hostname} is not the name of a host.") from None
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    path = quote(parts.path or "/", safe="/%:=&~+!$,;'@()*[]")
    query = "?" + quote(parts.query, safe="/%:=&?~+!$,;'@()*[]") if parts.query else ""
    return f"{parts.scheme}://{host}{port}{path}{query}"


def is_public(address: str) -> bool:
    """Whether it is an address of the internet; so must be one that it wraps (IPv4 in IPv6)."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found.teredo is not None:
            inner = found.teredo[1]
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not (
        found.is_multicast
        or found.is_reserved
        or found.is_loopback
        or found.is_link_local
        or found.is_private
        or found.is_unspecified
    )


def _once(
    method: str, url: str, body: bytes | None, most: int, deadline: float, private: bool
) -> Answer:
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    try:
        port = parts.port or (443 if tls else 80)
        connection = _Connection(host, port, _addresses(host, port, private), tls)
        headers = {"User-Agent": "memtui", "Accept-Encoding": "identity", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, headers)
            reply = connection.getresponse()
            content = bytearray()
            while len(content) <= most and (piece := reply.read1(_PIECE)):
                content += piece
                if time.monotonic() > deadline:
                    raise TimeoutError
            cut = len(content) > most
            if not cut and reply.length:
                raise http.client.IncompleteRead(b"", reply.length)
            return Answer(url, reply.status, reply.headers, bytes(content[:most]), cut)
        finally:
            connection.close()
    except TimeoutError:
        late = "did not end its answer in time" if time.monotonic() > deadline else ""
        raise WebError(f"{host} {late or f'did not answer within {SILENCE:g} seconds'}.") from None
    except ssl.SSLError as error:
        raise WebError(f"The connection to {host} is not secure: {error.reason}.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise WebError(f"The request to {host} failed: {what}.") from None


def _addresses(host: str, port: int, private: bool) -> list[str]:
    """The addresses to connect to, checked, in order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if allowed := [address for address in addresses if private or is_public(address)]:
        return allowed
    raise WebError(
        f"{host} has the address {addresses[0]}, which is not on the public internet. Such "
        "addresses are refused; only the user can allow them, with the setting "
        "tools.allow_private_addresses."
    )


class _Connection(http.client.HTTPConnection):
    """A connection to one of the addresses that were checked; `host` is only its name."""

    def __init__(self, host: str, port: int, addresses: list[str], tls: bool) -> None:
        super().__init__(host, port, timeout=SILENCE)
        self.default_port = 443 if tls else 80  # which is left out of the Host header
        self._addresses = addresses
        self._tls = tls

    def connect(self) -> None:
        *others, last = self._addresses
        for address in others:
            with suppress(OSError):
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
        else:
            self.sock = socket.create_connection((last, self.port), self.timeout)
        if self._tls:
            import httpx

            context = httpx.create_ssl_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = SplitResult("", "", "", "", ""), None
    if parts.scheme not in ("http", "https") or not host:
        raise WebError("url must be a whole address that begins with http:// or https://.")
    return parts


def _as_utf8(header: str) -> str:
    """What a server sends in UTF-8 comes as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
