"""Core memory: an agent's blocks and their versions."""

from datetime import datetime

from fastapi import APIRouter

from memtui.api.agents import Block, BlockVersion, Edit
from memtui.api.blocks import BlockChange, NewBlock
from memtui.engine.routes import OpenEngine

router = APIRouter(prefix="/agents/{agent_id}/blocks", tags=["core memory"])


@router.get("")
async def blocks(engine: OpenEngine, agent_id: str) -> list[Block]:
    return await engine.blocks.list(agent_id)


@router.post("", status_code=201)
async def add(engine: OpenEngine, agent_id: str, new: NewBlock) -> Block:
    """Another block, behind the others. The agent sees it from its next step on."""
    return await engine.blocks.add(agent_id, new)


@router.get("/versions")
async def versions(
    engine: OpenEngine, agent_id: str, label: str | None = None
) -> list[BlockVersion]:
    """Every edit of the agent's core memory, the newest first; of one block, if you like."""
    return await engine.blocks.versions(agent_id, label)


@router.get("/edits")
async def edits(
    engine: OpenEngine,
    agent_id: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Edit]:
    """The edits of a time, the oldest first, each with the turn that it was made in."""
    return await engine.blocks.edits(agent_id, since, until)


@router.post("/versions/{version_id}/restore")
async def restore(engine: OpenEngine, agent_id: str, version_id: int) -> BlockVersion:
    """Give a block the text that it had after that edit. That is an edit of its own."""
    return await engine.blocks.restore(agent_id, version_id)


@router.patch("/{label}")
async def change(engine: OpenEngine, agent_id: str, label: str, given: BlockChange) -> Block:
    """Rename, resize or rewrite a block: all that is given, or nothing."""
    return await engine.blocks.change(agent_id, label, given)


@router.delete("/{label}", status_code=204)
async def delete(engine: OpenEngine, agent_id: str, label: str) -> None:
    """Take the block out of core memory; undoing that brings it back."""
    await engine.blocks.delete(agent_id, label)
