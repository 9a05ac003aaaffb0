"""The client's part about an agent's context window."""

from memtui.api.calls import Calls
from memtui.api.context import ContextWindow


class ContextCalls(Calls):
    async def context(self, agent_id: str) -> ContextWindow:
        """The context window part by part, and the exact text that would be sent."""
        return await self._get(ContextWindow, f"/v1/agents/{agent_id}/context")
