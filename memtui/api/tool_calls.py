"""The client's part about core memory, tools and permissions."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from memtui.api.agents import Block, BlockVersion, Edit
from memtui.api.blocks import BlockChange, NewBlock
from memtui.api.calls import Calls
from memtui.api.tools import Decision, PermissionAnswer, PermissionRequest, ToolInfo


class BlockCalls(Calls):
    async def add_block(self, agent_id: str, new: NewBlock) -> Block:
        return await self._post(Block, f"/v1/agents/{agent_id}/blocks", new)

    async def change_block(self, agent_id: str, label: str, change: BlockChange) -> Block:
        """Rename, resize or rewrite a block: all that is given, or nothing."""
        path = f"/v1/agents/{agent_id}/blocks/{quote(label, safe='')}"
        return await self._post(Block, path, change, method="PATCH")

    async def delete_block(self, agent_id: str, label: str) -> None:
        await self._send("DELETE", f"/v1/agents/{agent_id}/blocks/{quote(label, safe='')}")

    async def block_versions(self, agent_id: str, label: str | None = None) -> list[BlockVersion]:
        """Every edit of core memory, or of one block, the newest first."""
        path = f"/v1/agents/{agent_id}/blocks/versions"
        return await self._get(list[BlockVersion], path, label=label)

    async def block_edits(
        self, agent_id: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Edit]:
        """The edits of core memory from `since` until before `until`, the oldest first."""
        params = {
            "since": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
        }
        return await self._get(list[Edit], f"/v1/agents/{agent_id}/blocks/edits", **params)

    async def restore_block(self, agent_id: str, version_id: int) -> BlockVersion:
        path = f"/v1/agents/{agent_id}/blocks/versions/{version_id}/restore"
        return await self._post(BlockVersion, path)


class ToolCalls(Calls):
    async def tools(self, agent_id: str | None = None) -> list[ToolInfo]:
        """Every tool, as it stands for the agent."""
        path = f"/v1/agents/{agent_id}/tools" if agent_id else "/v1/tools"
        return await self._get(list[ToolInfo], path)

    async def enable_tool(self, agent_id: str, name: str, on: bool = True) -> list[ToolInfo]:
        path = f"/v1/agents/{agent_id}/tools/{quote(name, safe='')}"
        return await self._post(list[ToolInfo], path, method="PUT" if on else "DELETE")

    async def permissions(self) -> list[PermissionRequest]:
        """The tool calls that wait for the user just now."""
        return await self._get(list[PermissionRequest], "/v1/permissions")

    async def answer_permission(self, request_id: str, answer: Decision) -> None:
        """Raises NotFoundError when nobody waits for it any more."""
        path = f"/v1/permissions/{quote(request_id, safe='')}"
        await self._post(Any, path, PermissionAnswer(answer=answer))
