"""Alerts for the agent about what the user changed between turns."""

import json

from memtui.agent.ports import NewMessage
from memtui.api.agents import AttachedSource


def attached(source: AttachedSource) -> NewMessage:
    """Tells the agent, in its next turn, that a source was attached."""
    return NewMessage(
        kind="alert",
        text=f"The user attached the source {json.dumps(source.name, ensure_ascii=False)} "
        f"({source.passages:,} passages) to your archival memory. "
        "Search it with archival_memory_search.",
        source_ids=(source.id,),
    )


def detached(name: str) -> NewMessage:
    """Tells the agent, in its next turn, that a source is gone."""
    return NewMessage(
        kind="alert",
        text=f"The user detached the source {json.dumps(name, ensure_ascii=False)} from your "
        "archival memory. You can no longer search it.",
    )
