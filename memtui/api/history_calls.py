"""The client's part about an agent's history, system prompt and model."""

from collections.abc import AsyncIterator

from memtui.api.agents import AgentDetail, Change, Message, TurnReply
from memtui.api.calls import Calls, checked
from memtui.api.errors import UnavailableError
from memtui.api.history import (
    EditRequest,
    ExportFormat,
    ForkRequest,
    ModelChoice,
    ModelName,
    NewText,
    Occurrences,
    PopRequest,
    Remembered,
    Saved,
    UndoRequest,
)
from memtui.api.http import httpx


class HistoryCalls(Calls):
    """None of what changes something waits for a turn: ConflictError while one is going on."""

    async def pop(self, agent_id: str, count: int = 3) -> Change:
        path = f"/v1/agents/{agent_id}/history/pop"
        return await self._post(Change, path, PopRequest(count=count))

    async def retry(self, agent_id: str) -> TurnReply:
        """Say the last thing the user said again, in place of what came of it."""
        return await self._post(TurnReply, f"/v1/agents/{agent_id}/retry")

    async def edit(self, agent_id: str, turn_id: str, text: str) -> TurnReply:
        """Say `text` in place of what the user said in that turn, and of all that followed."""
        request = EditRequest(turn_id=turn_id, text=text)
        return await self._post(TurnReply, f"/v1/agents/{agent_id}/edit", request)

    async def rethink(self, agent_id: str, text: str) -> Change:
        return await self._post(Change, f"/v1/agents/{agent_id}/rethink", NewText(text=text))

    async def rewrite(self, agent_id: str, text: str) -> Change:
        return await self._post(Change, f"/v1/agents/{agent_id}/rewrite", NewText(text=text))

    async def summarize(self, agent_id: str) -> Change:
        """Fold the older messages of the context window into a summary now."""
        return await self._post(Change, f"/v1/agents/{agent_id}/summarize")

    async def system(self, agent_id: str) -> str:
        """The system prompt, without core memory."""
        reply: NewText = await self._get(NewText, f"/v1/agents/{agent_id}/system")
        return reply.text

    async def set_system(self, agent_id: str, text: str) -> Change:
        path = f"/v1/agents/{agent_id}/system"
        return await self._post(Change, path, NewText(text=text), method="PUT")

    async def set_model(self, agent_id: str, model: str | None) -> AgentDetail:
        """None: the configured one. The model is tried first. Raises what it raises."""
        path = f"/v1/agents/{agent_id}/model"
        return await self._post(AgentDetail, path, ModelChoice(model=model), method="PUT")

    async def models(self) -> list[ModelName]:
        """Models to choose from, as far as they are known without asking anybody new."""
        return await self._get(list[ModelName], "/v1/models")

    async def changes(self, agent_id: str, limit: int = 100) -> list[Change]:
        """The last ones, the newest first, undone ones among them."""
        return await self._get(list[Change], f"/v1/agents/{agent_id}/changes", limit=limit)

    async def undo(
        self, agent_id: str, change_id: int | None = None, version_id: int | None = None
    ) -> list[Change]:
        """Undo the latest change, or that one, or the edit that made that version of a block."""
        request = UndoRequest(change_id=change_id, version_id=version_id)
        return await self._post(list[Change], f"/v1/agents/{agent_id}/undo", request)

    async def folded(self, agent_id: str, summary_id: int | None = None) -> list[Message]:
        """The messages that went into that summary, or into the one that stands now."""
        more = {} if summary_id is None else {"summary": summary_id}
        return await self._get(list[Message], f"/v1/agents/{agent_id}/folded", **more)

    async def fork(self, agent_id: str, name: str | None = None) -> AgentDetail:
        """A copy of the agent as it is now."""
        return await self._post(AgentDetail, f"/v1/agents/{agent_id}/fork", ForkRequest(name=name))

    async def remembered(self, agent_id: str) -> Remembered:
        return await self._get(Remembered, f"/v1/agents/{agent_id}/memory")

    async def find(self, agent_id: str, text: str, before: int | None = None) -> Occurrences:
        """Where `text` stands in what was said, before the message id `before` if there is one."""
        path = f"/v1/agents/{agent_id}/find"
        return await self._get(Occurrences, path, text=text, before=before)

    async def saved(self, agent_id: str) -> Saved:
        return await self._get(Saved, f"/v1/agents/{agent_id}/saved")

    async def export(self, agent_id: str, format: ExportFormat) -> AsyncIterator[bytes]:
        """The agent and its whole history, piece by piece."""
        await self._send("GET", f"/v1/agents/{agent_id}")  # a new engine, if there is none
        http = await self._connect()
        path = f"/v1/agents/{agent_id}/export"
        try:
            async with http.stream("GET", path, params={"format": format}) as response:
                if not response.is_success:
                    await response.aread()
                    checked(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.TransportError:
            raise UnavailableError(
                "The engine stopped in the middle of the export. Try again."
            ) from None
