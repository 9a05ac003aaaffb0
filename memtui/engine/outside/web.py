"""The tool `http_request`: HTTP to public addresses (`memtui.web`)."""

import json

from memtui import web
from memtui.engine.outside import OutsideError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
MOST_BYTES = 1_000_000
MOST = 16_000
"""Characters of the body that the agent is given."""


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
        try:
            return _told(web.request(url, verb, body, most=MOST_BYTES, private=self._private))
        except web.WebError as error:
            raise OutsideError(str(error)) from None


def _told(answer: web.Answer) -> str:
    try:
        text = answer.content.decode(answer.headers.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = answer.content.decode("utf-8", "replace")
    told = {
        "status_code": answer.status,
        "url": answer.url[:500],
        "content_type": answer.headers.get("content-type"),
    }
    if len(text) > MOST:
        told["shown"] = f"the first {MOST:,} of {len(text):,} characters"
    return json.dumps({**told, "body": text[:MOST]}, ensure_ascii=False)
