"""The client's calls about timed heartbeats."""

from memtui.api.calls import Calls
from memtui.api.heartbeats import Heartbeat, HeartbeatRequest


class HeartbeatCalls(Calls):
    async def heartbeat(self, agent_id: str) -> Heartbeat:
        return await self._get(Heartbeat, f"/v1/agents/{agent_id}/heartbeat")

    async def set_heartbeat(self, agent_id: str, minutes: int) -> Heartbeat:
        """The agent wakes by itself after `minutes` of rest; 0: never."""
        path = f"/v1/agents/{agent_id}/heartbeat"
        return await self._post(Heartbeat, path, HeartbeatRequest(minutes=minutes), method="PUT")
