"""A script that plays a small MemGPT: greets, searches, and answers from the first hit."""

import json
from typing import Any

from tests.fakes.replies import Reply, call, say


def memgpt(body: dict[str, Any]) -> Reply:
    """The next step of a turn, decided from the last message of the request alone."""
    last = body["messages"][-1]
    try:
        envelope = json.loads(str(last.get("content") or ""))
    except ValueError:
        return say("I did not understand that.")
    if last["role"] == "tool":
        return _after_tool(envelope)
    if envelope.get("type") == "login":
        return say("Hello! I am the scripted model.", "Someone logged in. I greet them.")
    if envelope.get("type") != "user_message":
        return say("Noted.")
    question = envelope["message"]
    if question.lower().startswith("remember"):
        thought = "I keep this in my memory."
        return call(
            "core_memory_append", thought, name="human", content=question, request_heartbeat=True
        )
    thought = "I look in my archival memory."
    return call("archival_memory_search", thought, query=question, page=0, request_heartbeat=True)


def _after_tool(envelope: dict[str, Any]) -> Reply:
    message = envelope.get("message")
    if not isinstance(message, dict):
        return say("Done.", "The tool has returned.")
    hits = message.get("hits") or []
    if not hits:
        return say("I found nothing about that.", "The search found nothing.")
    text = " ".join(hits[0]["text"].split())[:200]
    return say(f"{text} {hits[0]['cite']}", "The first hit answers it.")
