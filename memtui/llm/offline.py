"""The offline reader: a chat model without a language model. It searches, and it quotes.

It reads only the messages and tools it is given, so it knows no more than any other model would,
and it says nothing about documents that does not stand in them.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memtui.api.plain import plain_line
from memtui.llm.chunk import Chunk, ToolCallPart
from memtui.llm.extract import ENOUGH, Candidate, Extractor
from memtui.llm.questions import OVERVIEW, Question, understand
from memtui.llm.sentences import sentences, shortened
from memtui.llm.transcript import SeenHit, Turn, read

MOST_SENTENCES = 5
MOST_PAGES = 3
"""Pages of hits read for one query: the first and two more."""
MOST_STEPS = 6
"""Tool calls in one turn before it must answer with what it has."""

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


class OfflineReader:
    """A deterministic extractive `ChatModel`.

    `terms` maps a question to normalised, stemmed terms; `text_terms` does it for passages, all
    their words in order (without it, `terms` does).

    It declines when no passage bears enough evidence (`extract.ENOUGH`). A higher bar declines
    more of what is not there, and more of what is.
    """

    name = "offline"
    offline = True

    def __init__(
        self,
        terms: Callable[[str], list[str]],
        text_terms: Callable[[str], list[str]] | None = None,
        context_window: int = 16_384,
    ) -> None:
        self.context_window = context_window
        self._extractor = Extractor(terms, text_terms or terms)

    async def prepare(self) -> None:
        """Nothing to prepare."""

    async def stream(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> AsyncGenerator[Chunk, None]:
        """See `ChatModel.stream`. Never raises ModelError."""
        names = {str((tool.get("function") or {}).get("name")) for tool in tools}
        if names:
            act = await asyncio.to_thread(self.decide, read(messages), names)
        else:
            act = Act(digest(messages))
        for piece in _pieces(act.thought):
            yield Chunk(content=piece)
            await asyncio.sleep(0)
        if act.tool:
            arguments = json.dumps(act.arguments, ensure_ascii=False)
            identity = f"call_{sum(len(one.get('tool_calls') or []) for one in messages)}"
            yield Chunk(tool_calls=(ToolCallPart(0, identity, act.tool),))
            for piece in _pieces(arguments):
                yield Chunk(tool_calls=(ToolCallPart(0, arguments=piece),))
                await asyncio.sleep(0)
        finish = "tool_calls" if act.tool else "stop"
        yield Chunk(finish_reason=finish, declined=act.declined)

    def decide(self, turn: Turn, tools: set[str]) -> Act:
        """The next step of the turn."""
        done = [step.tool for step in turn.steps]
        if "send_message" in done:
            return Act("I have answered.")
        if turn.kind == "login":
            return _greeting(turn)
        if turn.kind != "user_message":
            return _say("Something was brought to my notice; there is nothing to do.", _ready(turn))
        question = understand(turn.text)
        short = _small_talk(question, turn)
        if short:
            return short
        if question.kind == "remember" and tools & {"core_memory_append"}:
            return _remember(question, turn)
        tool = "archival_memory_search"
        if question.kind == "recall" and "conversation_search" in tools:
            tool = "conversation_search"
        elif tool not in tools:
            return _say("I cannot search.", "I have no tool to search with, so I cannot answer.")
        return self._research(question, turn, tool)

    def _research(self, question: Question, turn: Turn, tool: str) -> Act:
        if question.kind == "more":
            return self._more(question, turn, tool)
        searches = [step for step in turn.steps if step.tool == tool]
        if not searches:
            subject = f"what we said about “{plain_line(question.search, 80)}”"
            if tool == "archival_memory_search":
                subject = f"“{plain_line(question.search, 80)}”"
            asked = plain_line(question.text, 120)
            return _search(
                f"The user writes: “{asked}” I look for {subject}.", tool, question.search
            )
        last = searches[-1]
        if not last.ok:
            return _say(
                "The search failed.",
                f"I could not search: {plain_line(str(last.message), 300)}",
                declined=True,
            )
        hits = turn.hits(tool)
        answer = self.answer(question, hits, turn)
        if answer and question.kind in {"about", "define"} and len(searches) == 1:
            overview = f"{question.content} {OVERVIEW}" if question.content else "summary contents"
            return _search("I also look for where that is introduced.", tool, overview)
        if answer:
            closest = answer[0].hit.cite or "one of them"
            thought = f"I have read {len(hits)} hits. {closest} answers best; I quote it."
            return _say(thought, _quote(answer))
        if len(turn.steps) < MOST_STEPS and (act := _next_search(question, turn, searches, tool)):
            return act
        return _decline(question, turn, tool, hits)

    def answer(self, question: Question, hits: list[SeenHit], turn: Turn) -> list[Candidate]:
        """The sentences to quote, best first; none when the hits do not answer."""
        if not hits:
            return []
        if question.page is not None and question.kind == "page":
            there = [hit for hit in hits if hit.page == question.page]
            found = self._extractor.candidates(there)
            return [one for one in found if len(one.text) > 20][:MOST_SENTENCES]
        wanted = self._extractor.wanted(question.content or question.text)
        if question.kind == "about":
            topic = wanted if question.topic else {}
            names = set(turn.sources or []) | {hit.source for hit in hits}
            named = question.topic.casefold() in {name.casefold() for name in names}
            if topic and not named and self._extractor.coverage(topic, hits) < 0.6:
                return []
            return self._extractor.describe(topic, hits, MOST_SENTENCES)
        evidence = self._extractor.evidence(wanted, hits)
        strong = {hit: value for hit, value in evidence.items() if value >= 0.7 * ENOUGH}
        if max(evidence.values(), default=0.0) < ENOUGH:
            return []
        limit = MOST_SENTENCES if question.kind in {"define", "explain"} else 4
        return self._extractor.answer(question, wanted, strong, limit)

    def _more(self, question: Question, turn: Turn, tool: str) -> Act:
        """`Tell me more`: the next page of the last search, without what was quoted already."""
        if not turn.searches:
            return _say("There is nothing to go on with.", _ready(turn))
        former = turn.searches[-1]
        searches = [step for step in turn.steps if step.tool == tool]
        if not searches:
            page = former.get("page")
            page = page + 1 if isinstance(page, int) else 1
            query = str(former.get("query", ""))
            return _search("The user wants to know more. I read on.", tool, query, page)
        said = "".join(" ".join(turn.said).split())
        fresh = [
            one
            for one in self._extractor.describe({}, turn.hits(tool), 2 * MOST_SENTENCES)
            if "".join(one.text.split()) not in said
        ]
        if not fresh:
            return _decline(question, turn, tool, [])
        return _say("These are the next hits.", _quote(fresh[:MOST_SENTENCES]))


def _next_search(question: Question, turn: Turn, searches: list[Any], tool: str) -> Act | None:
    """Read on, or search in other words; None when that was done."""
    queries = list(dict.fromkeys(str(step.arguments.get("query", "")) for step in searches))
    last = searches[-1]
    pages = sum(str(step.arguments.get("query", "")) == queries[-1] for step in searches)
    if len(queries) == 1 and last.more and pages < MOST_PAGES:
        thought = f"That does not answer it yet. There are {last.total} hits in all, so I read on."
        return _search(thought, tool, queries[-1], pages)
    keywords = question.content
    if question.refers_back and turn.earlier:
        keywords = f"{understand(turn.earlier[-1]).content} {keywords}".strip()
    if len(queries) == 1 and keywords and keywords.casefold() != queries[0].casefold():
        thought = f"I try other words: “{plain_line(keywords, 80)}”."
        return _search(thought, tool, keywords)
    return None


def _search(thought: str, tool: str, query: str, page: int = 0) -> Act:
    arguments = {"query": query, "page": page, "request_heartbeat": True}
    return Act(thought, tool, arguments)


def _say(thought: str, message: str, declined: bool = False) -> Act:
    return Act(thought, "send_message", {"message": message}, declined)


def _quote(answer: Sequence[Candidate]) -> str:
    lines = []
    for one in answer:
        lines.append(f"“{plain_line(shortened(one.text))}” {one.hit.cite}".rstrip())
    return "\n\n".join(lines)


def _decline(question: Question, turn: Turn, tool: str, hits: Sequence[SeenHit]) -> Act:
    if tool == "conversation_search":
        return _say("We did not speak of it.", "I found nothing about that in what we said.", True)
    names = turn.sources or list(dict.fromkeys(hit.source for hit in hits if hit.source))
    if turn.sources == [] and not hits:
        text = f"I found nothing about that: no source is attached to me. {HOW_TO_ATTACH}"
    elif question.kind == "page":
        text = (
            f"My search finds words, not pages, and none of the {len(hits)} hits that I read is on"
            f" page {question.page}. Ask for something that is written there."
        )
    elif names:
        text = f"I found nothing about that in what is attached: {', '.join(names)}."
    else:
        text = (
            "I found nothing about that in my archival memory. If nothing is attached yet:"
            f" {HOW_TO_ATTACH}"
        )
    return _say("None of what I read answers it. I say so.", text, True)


def _ready(turn: Turn) -> str:
    if turn.sources:
        return f"Attached: {', '.join(turn.sources)}. Ask me about it."
    if turn.sources is None:
        return "Ask me about what is attached."
    return f"Nothing is attached yet. {HOW_TO_ATTACH}"


def _greeting(turn: Turn) -> Act:
    name = re.search(r"(?:^|\n)\s*(?:First )?[Nn]ame:\s*(\w[\w'’-]*)", turn.human)
    who = f", {name[1]}" if name else ""
    if turn.text.startswith("Never"):
        thought = "Someone is here for the first time. I say hello, and what I am."
        return _say(thought, f"Hello{who}! {HOW_I_WORK} {_ready(turn)}")
    return _say("The user is back.", f"Welcome back{who}. {_ready(turn)}")


def _small_talk(question: Question, turn: Turn) -> Act | None:
    if question.kind == "greet":
        return _say("A greeting. I greet back.", f"Hello! {_ready(turn)}")
    if question.kind == "thanks":
        return _say("Kind words. I need not search.", "You are welcome.")
    if question.kind == "help":
        return _say("The user asks about me.", f"{HOW_I_WORK} {_ready(turn)}")
    if question.kind == "self":
        if not turn.human:
            return _say("I look at my core memory.", "I have written down nothing about you yet.")
        notes = plain_line(turn.human, 600)
        return _say("I look at my core memory.", f"This is what I know about you: “{notes}”")
    return None


def _remember(question: Question, turn: Turn) -> Act:
    steps = [step for step in turn.steps if step.tool == "core_memory_append"]
    if not steps:
        arguments = {"name": "human", "content": question.topic, "request_heartbeat": True}
        return Act("I write that into my core memory.", "core_memory_append", arguments)
    if not steps[-1].ok:
        reason = plain_line(str(steps[-1].message), 300)
        return _say("That did not work.", f"I could not write that down: {reason}")
    return _say("It is written down.", f"I will remember: “{plain_line(question.topic, 300)}”")


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


def _pieces(text: str) -> list[str]:
    """`text` in pieces of about three words, or twelve characters where there are no spaces."""
    return re.findall(r"(?:\S{1,12}\s*){1,3}", text) if text.strip() else [text] if text else []
