"""The functions that the agent can call: schemas from their signatures, one module per family."""

from memtui.agent.tools.archival import archival_memory_insert, archival_memory_search
from memtui.agent.tools.base import Tool
from memtui.agent.tools.conversation import conversation_search, conversation_search_date
from memtui.agent.tools.core_memory import core_memory_append, core_memory_replace
from memtui.agent.tools.messaging import pause_heartbeats, send_message

BASE_TOOLS: tuple[Tool, ...] = (
    Tool.of(send_message, heartbeat=False),
    Tool.of(pause_heartbeats, heartbeat=False),
    Tool.of(core_memory_append),
    Tool.of(core_memory_replace),
    Tool.of(conversation_search),
    Tool.of(conversation_search_date),
    Tool.of(archival_memory_insert),
    Tool.of(archival_memory_search),
)
"""The eight tools of the original, always on."""
