"""Requests and replies as models: what every part of the client is made of."""

from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from memtui.api.errors import ERRORS, MemtuiError
from memtui.api.http import httpx

T = TypeVar("T")


class Calls:
    """`Client` has the connection; its parts only send."""

    async def _connect(self) -> httpx.AsyncClient:
        raise NotImplementedError

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        """One request; the JSON of its reply."""
        raise NotImplementedError

    async def _get(self, kind: type[T] | Any, path: str, /, **params: Any) -> T:
        wanted = {name: value for name, value in params.items() if value is not None}
        reply = await self._send("GET", path, params=wanted)
        result: T = TypeAdapter(kind).validate_python(reply)
        return result

    async def _post(
        self, kind: type[T] | Any, path: str, body: BaseModel | None = None, method: str = "POST"
    ) -> T:
        json = body.model_dump(mode="json") if body is not None else None
        reply = await self._send(method, path, json=json)
        result: T = TypeAdapter(kind).validate_python(reply)
        return result


def checked(response: httpx.Response) -> Any:
    """The JSON of a reply; an error reply raises the class it names."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        error = response.json()["error"]
        kind, message = error["kind"], error["message"]
    except (ValueError, KeyError, TypeError):
        kind = "failed"
        message = (
            f"The engine refused this without saying why (HTTP status {response.status_code}). Try "
            "again; if it stays so, `memtui engine stop` ends it, and the next command starts it "
            "anew. The log that `memtui folder` names may say more."
        )
    raise ERRORS.get(kind, MemtuiError)(message)
