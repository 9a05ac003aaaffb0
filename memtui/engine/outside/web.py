"""HTTP requests to public addresses: each address is checked, and then it is the one connected to.

Names are resolved here, once for each hop, so that no second answer of a name server can lead
elsewhere; a redirect is a hop like the first.
"""

import http.client
import ipaddress
import json
import socket
import ssl
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from memtui.engine.outside import OutsideError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REDIRECTS = (301, 302, 303, 307, 308)
HOPS = 5
SILENCE = 15.0
"""Seconds without a byte after which a request is given up."""
MOST_BYTES = 1_000_000
MOST = 16_000
"""Characters of the body that the agent is given."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


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


class Web:
    """With `private`, addresses of this machine and its networks are allowed, too."""

    def __init__(self, private: bool = False) -> None:
        self._private = private

    def http_request(self, method: str, url: str, payload_json: str | None = None) -> str:
        """Makes an HTTP request and returns its status, content type and the body's beginning.

        Args:
            method: The HTTP method, such as GET or POST.
            url: The whole address, beginning with http:// or https://.
            payload_json: JSON to send as the body.
        """
        verb = method.strip().upper()
        if verb not in METHODS:
            raise OutsideError(f"method must be one of {', '.join(METHODS)}.")
        body = None
        if payload_json is not None and payload_json.strip():
            try:
                body = json.dumps(json.loads(payload_json)).encode()
            except ValueError as error:
                raise OutsideError(f"payload_json is not valid JSON: {error}.") from None
        for _ in range(HOPS + 1):
            status, headers, content = self._once(verb, _split(url), body)
            if status not in REDIRECTS or "location" not in headers:
                return _told(url, status, headers, content)
            url = urljoin(url, headers["location"])
            if status == 303 or (status in (301, 302) and verb == "POST"):
                verb, body = "GET", None
        raise OutsideError(f"The request was redirected more than {HOPS} times.")

    def _once(
        self, method: str, url: SplitResult, body: bytes | None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        host, tls = url.hostname or "", url.scheme == "https"
        try:
            port = url.port or (443 if tls else 80)
            connection = _Connection(host, port, self._address(host, port), tls)
            path = quote(url.path or "/", safe="/%:=&~+!$,;'@()*[]")
            query = "?" + quote(url.query, safe="/%:=&?~+!$,;'@()*[]") if url.query else ""
            headers = {"User-Agent": "memtui", "Accept-Encoding": "identity", "Connection": "close"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            try:
                connection.request(method, path + query, body, headers)
                reply = connection.getresponse()
                return reply.status, reply.headers, reply.read(MOST_BYTES)
            finally:
                connection.close()
        except TimeoutError:
            raise OutsideError(f"{host} did not answer within {SILENCE:g} seconds.") from None
        except ssl.SSLError as error:
            raise OutsideError(f"The connection to {host} is not secure: {error.reason}.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            what = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise OutsideError(f"The request to {host} failed: {what}.") from None

    def _address(self, host: str, port: int) -> str:
        """The address to connect to, checked."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:
            if self._private or is_public(address):
                return address
        raise OutsideError(
            f"{host} has the address {addresses[0]}, which is not on the public internet. Such "
            "addresses are refused; only the user can allow them, with the setting "
            "tools.allow_private_addresses."
        )


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked; `host` is only its name."""

    def __init__(self, host: str, port: int, address: str, tls: bool) -> None:
        super().__init__(host, port, timeout=SILENCE)
        self.default_port = 443 if tls else 80  # which is left out of the Host header
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
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
        raise OutsideError("url must be a whole address that begins with http:// or https://.")
    return parts


def _told(url: str, status: int, headers: http.client.HTTPMessage, content: bytes) -> str:
    try:
        text = content.decode(headers.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    told = {"status_code": status, "url": url[:500], "content_type": headers.get("content-type")}
    if len(text) > MOST:
        told["shown"] = f"the first {MOST:,} of {len(text):,} characters"
    return json.dumps({**told, "body": text[:MOST]}, ensure_ascii=False)
