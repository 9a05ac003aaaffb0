"""The offline reader: a chat model without a language model. It searches, and it quotes.

It reads only the messages and tools it is given, so it knows no more than any other model would,
and it says nothing about documents that does not stand in them.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Any

from memtui.api.plain import plain_line
from memtui.llm.answers import defines
from memtui.llm.chunk import Chunk, ToolCallPart
from memtui.llm.evidence import ENOUGH, Evidence, share
from memtui.llm.extract import Candidate, Extractor
from memtui.llm.questions import INTRODUCTION, OVERVIEW, Question, understand
from memtui.llm.replies import (
    Act,
    decline,
    digest,
    failed,
    greeting,
    quote,
    ready,
    recount,
    remember,
    say,
    search,
    small_talk,
)
from memtui.llm.sentences import readability
from memtui.llm.transcript import SeenHit, Turn, read

MOST_SENTENCES = 5
MOST_PAGES = 3
"""Pages of hits read for one query: the first and two more."""
MOST_STEPS = 6
"""Tool calls in one turn before it must answer with what it has."""

NO_QUESTION = {"remember", "recall", "self", "greet", "thanks", "help", "more", "page"}


class OfflineReader:
    """A deterministic extractive `ChatModel`.

    `terms` maps a question to normalised, stemmed terms; `text_terms` does it for passages, all
    their words in order (without it, `terms` does).

    It declines when no passage bears enough evidence (`evidence.ENOUGH`). A higher bar declines
    more of what is not there, and more of what is.
    """

    name = "offline"
    offline = True
    window_known = True

    def __init__(
        self,
        terms: Callable[[str], list[str]],
        text_terms: Callable[[str], list[str]] | None = None,
        context_window: int = 16_384,
    ) -> None:
        self.context_window = context_window
        self._evidence = Evidence(terms, text_terms or terms)
        self._extractor = Extractor(self._evidence)

    async def prepare(self) -> None:
        """Nothing to prepare."""

    def sent(
        self, messages: Sequence[dict[str, Any]], tools: Sequence[dict[str, Any]]
    ) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
        return messages, tools

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
            return greeting(turn)
        if turn.kind != "user_message":
            return say("Something was brought to my notice; there is nothing to do.", ready(turn))
        question = _understood(turn)
        short = small_talk(question, turn)
        if short:
            return short
        if question.kind == "remember" and tools & {"core_memory_append"}:
            return remember(question, turn)
        tool = "archival_memory_search"
        if question.kind == "recall" and "conversation_search" in tools:
            tool = "conversation_search"
        elif tool not in tools:
            return say("I cannot search.", "I have no tool to search with, so I cannot answer.")
        named = _named(turn)
        if not named:
            return self._research(question, turn, tool)
        act = self._research(question, replace(turn, sources=[named]), tool)
        if act.tool != "archival_memory_search" or len(turn.sources or ()) < 2:
            return act
        return replace(act, arguments={**act.arguments, "source": named})

    def _research(self, question: Question, turn: Turn, tool: str) -> Act:
        if question.kind == "more":
            return self._more(question, turn, tool)
        if question.kind == "page":
            return self._page(question, turn, tool)
        if question.kind == "recall" and not question.recalled:
            return recount(turn)
        searches = [step for step in turn.steps if step.tool == tool]
        if not searches:
            subject = f"what we said about “{plain_line(question.search, 80)}”"
            if tool == "archival_memory_search":
                subject = f"“{plain_line(question.search, 80)}”"
            asked = plain_line(turn.text, 120)
            return search(
                f"The user writes: “{asked}” I look for {subject}.", tool, question.search
            )
        last = searches[-1]
        if not last.ok:
            return failed(last)
        hits = turn.hits(tool)
        if question.kind == "about":
            subject = question.content if self._found(question, hits) else _only_source(turn, hits)
            overviews = [INTRODUCTION.format(subject) if subject else "summary contents"]
            if question.topic and _only_source(turn, hits):
                overviews.append(OVERVIEW)
            if len(searches) <= len(overviews):
                where = ("where that is introduced", "an overview of the whole")[len(searches) - 1]
                overview = overviews[len(searches) - 1]
                return search(f"I also look for {where}.", tool, overview)
        answer = self.answer(question, hits, turn)
        vague = question.kind == "define" and len(searches) < 3
        if answer and vague and defines(question.topic, answer[0].text) < 1:
            thought = "I have found it, but not what it is. I look on."
            if len(searches) == 1 and last.more:
                return search(thought, tool, question.search, 1)
            return search(thought, tool, f"{question.topic} {OVERVIEW}")
        if answer:
            closest = answer[0].hit.cite or "one of them"
            thought = f"I have read {len(hits)} hits. {closest} answers best; I quote it."
            return say(thought, quote(answer))
        if len(turn.steps) < MOST_STEPS and (act := _next_search(question, turn, searches, tool)):
            return act
        return decline(question, turn, tool, hits)

    def answer(self, question: Question, hits: list[SeenHit], turn: Turn) -> list[Candidate]:
        """The sentences to quote, best first; none when the hits do not answer."""
        if not hits:
            return []
        if question.kind == "about":
            return self._describe(question, hits, turn)
        whole = f"{question.before} {question.text}"
        wanted = self._evidence.wanted(question.content or question.text, whole, question.light)
        evidence = self._evidence.judge(wanted, hits, question)
        if max(evidence.values(), default=0.0) < ENOUGH:
            return []
        strong = {hit: value for hit, value in evidence.items() if value >= 0.7 * ENOUGH}
        return self._extractor.answer(question, wanted, strong)

    def _found(self, question: Question, hits: list[SeenHit]) -> bool:
        """Whether the hits know the topic of an about question."""
        topic = self._evidence.wanted(question.topic) if question.topic else {}
        return bool(topic) and self._evidence.coverage(topic, hits) >= 0.6

    def _describe(self, question: Question, hits: list[SeenHit], turn: Turn) -> list[Candidate]:
        names = {name.casefold() for name in turn.sources or [hit.source for hit in hits]}
        only = _only_source(turn, hits)
        if question.topic and question.topic.casefold() not in names:
            if self._found(question, hits):
                topic = self._evidence.wanted(question.content)
                return self._extractor.describe(topic, hits, MOST_SENTENCES)
            # The user may call the one document there is by another name than it calls itself.
            if not question.called or not only:
                return []
        source = self._evidence.wanted(question.topic if question.called else only)
        return self._extractor.describe(source, hits, MOST_SENTENCES, whole=True)

    def _page(self, question: Question, turn: Turn, tool: str) -> Act:
        """What stands on a page: it is read, not searched for."""
        query = question.topic or question.search
        read = [step for step in turn.steps if step.tool == tool]
        if not read or (read[-1].ok and read[-1].more and len(read) < MOST_PAGES):
            thought = f"I read page {question.page}."
            return search(thought, tool, query, len(read), document_page=question.page)
        if not read[-1].ok:
            return failed(read[-1])
        hits = turn.hits(tool)
        found = self._standing(hits, question.page)
        if question.topic:
            wanted = self._evidence.wanted(question.topic)
            found = [one for one in found if share(wanted, one.terms | one.near)]
            found.sort(key=lambda one: -share(wanted, one.terms | one.near))
        if not found:
            return decline(question, turn, tool, hits)
        thought = f"These stand on page {question.page}."
        return say(thought, quote(found[:MOST_SENTENCES]))

    def _standing(self, hits: list[SeenHit], page: int | None) -> list[Candidate]:
        """What stands on `page`, in reading order; last what only runs onto it."""
        there = sorted(hits, key=lambda hit: hit.page != page)
        return [one for one in self._extractor.candidates(there) if readability(one.text) >= 0.5]

    def _more(self, question: Question, turn: Turn, tool: str) -> Act:
        """`Tell me more`: the next page of the last search, without what was quoted already."""
        if not turn.searches:
            return say("There is nothing to go on with.", ready(turn))
        former = turn.searches[-1]
        on_page = former.get("document_page")
        on_page = on_page if isinstance(on_page, int) else None
        searches = [step for step in turn.steps if step.tool == tool]
        if not searches:
            page = former.get("page")
            page = page + 1 if isinstance(page, int) else 1
            query = str(former.get("query", ""))
            page = page if on_page is None else 0  # a page was read, and a part of it quoted
            return search("The user wants to know more. I read on.", tool, query, page, on_page)
        said = "".join(" ".join(turn.said).split())
        hits = turn.hits(tool)
        found = self._standing(hits, on_page) if on_page else None
        found = found or self._extractor.describe({}, hits, 2 * MOST_SENTENCES, whole=True)
        fresh = [one for one in found if "".join(one.text.split()) not in said]
        if not fresh:
            return decline(question, turn, tool, [])
        return say("These are the next hits.", quote(fresh[:MOST_SENTENCES]))


def _understood(turn: Turn) -> Question:
    """The message, with the subject of the question before it when it leans on that.

    The name of a source says where to look, not what for.
    """
    text, named = turn.text, _named(turn)
    if named:
        text = re.sub(_called(named), "the document", text, flags=re.IGNORECASE)
    question = understand(text)
    if question.leans:
        for text in reversed(turn.earlier):
            former = understand(text)
            if former.content and not former.leans and former.kind not in NO_QUESTION:
                return question.after(former)
    return question


def _next_search(question: Question, turn: Turn, searches: list[Any], tool: str) -> Act | None:
    """Read on, or search in other words; None when that was done."""
    queries = list(dict.fromkeys(str(step.arguments.get("query", "")) for step in searches))
    last = searches[-1]
    pages = sum(str(step.arguments.get("query", "")) == queries[-1] for step in searches)
    if len(queries) == 1 and last.more and pages < MOST_PAGES:
        thought = f"That does not answer it yet. There are {last.total} hits in all, so I read on."
        return search(thought, tool, queries[-1], pages)
    keywords = question.content
    if len(queries) == 1 and keywords and keywords.casefold() != queries[0].casefold():
        thought = f"I try other words: “{plain_line(keywords, 80)}”."
        return search(thought, tool, keywords)
    return None


def _named(turn: Turn) -> str:
    """The one attached source that the message names; empty when it names none, or several.

    A name of letters alone may be any word, `paper` say: what it means is left to the search,
    unless it is written `@paper`.
    """
    found = [
        name for name in turn.sources or () if re.search(_called(name), turn.text, re.IGNORECASE)
    ]
    return found[0] if len(found) == 1 else ""


def _called(name: str) -> str:
    """A pattern for a source that a message names, as `name`, `@name` or `@"name"`."""
    whole = re.escape(name)
    marked = rf"@(?:\"{whole}\"|'{whole}'|{whole})"
    return rf"(?<![\w-])(?:{marked if name.isalpha() else f'{marked}|{whole}'})(?![\w-])"


def _only_source(turn: Turn, hits: Sequence[SeenHit]) -> str:
    """The name of the one source there is; empty when there are several, or none."""
    names = turn.sources or list(dict.fromkeys(hit.source for hit in hits if hit.source))
    return names[0] if len(names) == 1 else ""


def _pieces(text: str) -> list[str]:
    """`text` in pieces of about three words, or twelve characters where there are no spaces."""
    return re.findall(r"(?:\S{1,12}\s*){1,3}", text) if text.strip() else [text] if text else []
