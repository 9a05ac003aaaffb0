"""The client's part about hits: what the agent saw of them, and its own archive."""

from memtui.api.calls import Calls
from memtui.api.history import NewText
from memtui.api.library import Passage
from memtui.api.search import Seen, SeenRequest, Waiting


class ArchiveCalls(Calls):
    async def seen(self, agent_id: str, request: SeenRequest) -> Seen:
        """A hit exactly as the agent got it, or would get it."""
        return await self._post(Seen, f"/v1/agents/{agent_id}/seen", request)

    async def waiting(self, search_id: str) -> Waiting:
        """What the search that was given this id waits for."""
        return await self._get(Waiting, f"/v1/search/{search_id}")

    async def store(self, agent_id: str, text: str) -> Passage:
        """Put a text into the agent's own archive."""
        return await self._post(Passage, f"/v1/agents/{agent_id}/archive", NewText(text=text))

    async def forget(self, agent_id: str, passage_id: str) -> None:
        """Delete a text of the agent's own archive; undoing that brings it back."""
        await self._send("DELETE", f"/v1/agents/{agent_id}/archive/{passage_id}")
