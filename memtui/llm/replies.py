"""What the offline reader says and does next, once it knows what it has found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from memtui.api.plain import plain_line
from memtui.llm.extract import Candidate
from memtui.llm.questions import Question
from memtui.llm.sentences import sentences, shortened
from memtui.llm.transcript import SeenHit, Step, Turn, read

HOW_I_WORK = (
    "No language model is configured, so I am the offline reader: I search what is attached and"
    " answer with sentences quoted from it, each with its source and page."
)
HOW_TO_ATTACH = "`/attach` attaches a source, and `memtui load` makes one from your files."


@dataclass(frozen=True)
class Act:
    """What to do next: think `thought`, then call `tool` (none: stop)."""

    thought: str
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    declined: bool = False


def search(
    thought: str, tool: str, query: str, page: int = 0, document_page: int | None = None
) -> Act:
    arguments: dict[str, Any] = {"query": query, "page": page}
    if document_page:
        arguments["document_page"] = document_page
    return Act(thought, tool, {**arguments, "request_heartbeat": True})


def say(thought: str, message: str, declined: bool = False) -> Act:
    return Act(thought, "send_message", {"message": message}, declined)


def quote(answer: Sequence[Candidate]) -> str:
    lines = []
    for one in answer:
        lines.append(f"“{plain_line(shortened(one.text))}” {one.hit.cite}".rstrip())
    return "\n\n".join(lines)


def failed(step: Step) -> Act:
    reason = plain_line(str(step.message), 300)
    return say("The search failed.", f"I could not search: {reason}", declined=True)


def decline(question: Question, turn: Turn, tool: str, hits: Sequence[SeenHit]) -> Act:
    if tool == "conversation_search":
        return say("We did not speak of it.", "I found nothing about that in what we said.", True)
    names = turn.sources or list(dict.fromkeys(hit.source for hit in hits if hit.source))
    if turn.sources == [] and not hits:
        text = f"I found nothing about that: no source is attached to me. {HOW_TO_ATTACH}"
    elif question.kind == "page":
        text = f"There is nothing I could quote from page {question.page} of what is attached."
    elif names:
        text = f"I found nothing about that in what is attached: {', '.join(names)}."
    else:
        text = (
            "I found nothing about that in my archival memory. If nothing is attached yet:"
            f" {HOW_TO_ATTACH}"
        )
    return say("None of what I read answers it. I say so.", text, True)


def ready(turn: Turn) -> str:
    if turn.sources:
        return f"Attached: {', '.join(turn.sources)}. Ask me about it."
    if turn.sources is None:
        return "Ask me about what is attached."
    return f"Nothing is attached yet. {HOW_TO_ATTACH}"


def greeting(turn: Turn) -> Act:
    name = re.search(r"(?:^|\n)\s*(?:First )?[Nn]ame:\s*(\w[\w'’-]*)", turn.human)
    who = f", {name[1]}" if name else ""
    if turn.text.startswith("Never"):
        thought = "Someone is here for the first time. I say hello, and what I am."
        return say(thought, f"Hello{who}! {HOW_I_WORK} {ready(turn)}")
    return say("The user is back.", f"Welcome back{who}. {ready(turn)}")


def small_talk(question: Question, turn: Turn) -> Act | None:
    if question.kind == "greet":
        return say("A greeting. I greet back.", f"Hello! {ready(turn)}")
    if question.kind == "thanks":
        return say("Kind words. I need not search.", "You are welcome.")
    if question.kind == "help":
        return say("The user asks about me.", f"{HOW_I_WORK} {ready(turn)}")
    if question.kind == "self":
        if not turn.human:
            return say("I look at my core memory.", "I have written down nothing about you yet.")
        notes = plain_line(turn.human, 600)
        return say("I look at my core memory.", f"This is what I know about you: “{notes}”")
    return None


def remember(question: Question, turn: Turn) -> Act:
    steps = [step for step in turn.steps if step.tool == "core_memory_append"]
    if not steps:
        arguments = {"name": "human", "content": question.topic, "request_heartbeat": True}
        return Act("I write that into my core memory.", "core_memory_append", arguments)
    if not steps[-1].ok:
        reason = plain_line(str(steps[-1].message), 300)
        return say("That did not work.", f"I could not write that down: {reason}")
    return say("It is written down.", f"I will remember: “{plain_line(question.topic, 300)}”")


def recount(turn: Turn) -> Act:
    """What the user said last, in order."""
    if not turn.earlier:
        return say("Nothing was said before.", "You have not said anything before.", declined=True)
    lines = [f"You said: “{_first(text)}”" for text in turn.earlier[-5:]]
    return say("I look at what was said last.", "\n\n".join(lines))


def digest(messages: Sequence[dict[str, Any]]) -> str:
    """Without tools it was asked for a summary: who said what, quoted, in about 100 words."""
    turn = read(messages)
    lines = [f"The user said: “{_first(text)}”" for text in turn.earlier]
    lines += [f"I answered: “{_first(text)}”" for text in turn.said]
    if not lines:
        lines = [_first(line) for line in turn.text.splitlines() if line.strip()]
    words = " ".join(lines).split()
    return " ".join(words[:100]) + (" …" if len(words) > 100 else "")


def _first(text: str) -> str:
    return plain_line((sentences(text) or [""])[0], 120)
