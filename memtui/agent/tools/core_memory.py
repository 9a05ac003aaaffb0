"""Core memory: the agent edits the blocks that it always sees."""

from memtui.agent.tools.base import Result, ToolContext, ToolError
from memtui.api.agents import Block
from memtui.api.events import MemoryEdited


async def core_memory_append(context: ToolContext, name: str, content: str) -> Result:
    """Adds a line to a block of core memory.

    Args:
        name: The block, as core memory shows it: persona, human, or another.
        content: What to add.
    """
    block = await _block(context, name)
    if not content.strip():
        raise ToolError("content is empty, so there is nothing to add.")
    value = f"{block.value}\n{content}" if block.value else content
    return await _write(context, block, value)


async def core_memory_replace(
    context: ToolContext, name: str, old_content: str, new_content: str
) -> Result:
    """Replaces text in a block of core memory.

    Args:
        name: The block, as core memory shows it: persona, human, or another.
        old_content: Text that is in the block, exactly as it stands there.
        new_content: What to put in its place; empty to delete it.
    """
    block = await _block(context, name)
    if not old_content:
        raise ToolError("old_content is empty. Give the exact text to replace.")
    if old_content not in block.value:
        raise ToolError(
            f"The block {block.label!r} does not contain that text. "
            "old_content must be exactly as it stands in the block; nothing was changed."
        )
    return await _write(context, block, block.value.replace(old_content, new_content))


async def _block(context: ToolContext, name: str) -> Block:
    blocks = await context.memory.blocks()
    for block in blocks:
        if block.label == name:
            return block
    labels = ", ".join(block.label for block in blocks)
    raise ToolError(f"There is no block {name[:100]!r} in core memory. There are: {labels}.")


async def _write(context: ToolContext, block: Block, value: str) -> Result:
    if len(value) > block.limit:
        raise ToolError(
            f"The block {block.label!r} would have {len(value):,} characters, and its limit is "
            f"{block.limit:,} (it has {len(block.value):,} now). Nothing was changed. Shorten the "
            "text, replace something old, or use archival_memory_insert."
        )
    if value == block.value:
        return Result(f"The block {block.label!r} already reads like that.")
    version = await context.memory.edit_block(
        block.label, value, "agent", context.turn_id, before=block.value
    )
    context.emit(
        MemoryEdited(
            agent_id=context.memory.agent_id,
            turn_id=context.turn_id,
            label=version.label,
            before=version.before,
            after=version.after,
            author=version.author,
            version=version.id,
            after_reading=context.memory.after_reading,
        )
    )
    return Result(f"The block {block.label!r} now has {len(value):,}/{block.limit:,} characters.")
