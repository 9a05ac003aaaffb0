"""What is done with the prompt: completion, its history, the user's own editor, what is named."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widgets import OptionList

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.screens.mind_deeds import MindDeeds
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from memtui.tui.widgets.completion import Completion

_NAMES = 10  # names in one message that are looked up
_TYPING = 0.05  # seconds without a key before the disk is read


class PromptDeeds(MindDeeds):
    # completion

    @property
    def completion(self) -> "Completion":
        from memtui.tui.widgets.completion import Completion

        return self.query_one(Completion)

    @on(Prompt.Edited)
    def prompt_edited(self, event: Prompt.Edited) -> None:
        self.complete(event.text, event.cursor)
        if event.text.startswith("/model ") and self.store.models is None:
            self.do(self._offer_models(), "models")

    def complete(self, text: str, cursor: int) -> None:
        completion = self.completion
        wanted = completion.wanted
        completion.offer(text, cursor)
        if completion.wanted and completion.wanted != wanted:
            self.do(self._read_folder(completion.wanted), "folder")
        self._show_completing()

    def _show_completing(self) -> None:
        prompt, completion = self.query_one(Prompt), self.completion
        prompt.completing, prompt.takes = completion.display, completion.takes

    def _complete_again(self) -> None:
        prompt = self.query_one(Prompt)
        self.complete(prompt.text, prompt.cursor_index)

    async def _offer_models(self) -> None:
        await self.session.read_models()
        self._complete_again()

    async def _read_folder(self, wanted: str) -> None:
        """Nothing comes of it when another folder was named since."""
        completion = self.completion
        await asyncio.sleep(_TYPING)
        if completion.wanted != wanted:
            return
        from memtui.tui import offers

        folder = await asyncio.to_thread(offers.read, wanted)
        if completion.wanted == wanted:
            completion.folder = folder
            self._complete_again()

    @on(Prompt.Completion)
    def completion_key(self, event: Prompt.Completion) -> None:
        completion = self.completion
        if event.step or completion.chosen is None:
            completion.move(event.step or 1)
            self._show_completing()
        else:
            self.take_completion()

    @on(OptionList.OptionSelected, "#completion")
    def completion_clicked(self) -> None:
        self.take_completion()

    def take_completion(self) -> None:
        completion, prompt = self.completion, self.query_one(Prompt)
        entry, word = completion.chosen, completion.word
        if entry is None:
            return
        if word is not None:
            prompt.fill_in(word.start, word.end, entry.value)
        else:
            prompt.put(entry.value)
        if entry.ready:
            self.close_completion()

    def close_completion(self) -> None:
        self.completion.close()
        self._show_completing()

    @on(Prompt.Sent)
    def prompt_sent(self, event: Prompt.Sent) -> None:
        completion = self.completion
        moved = completion.display and completion.moved and completion.word is None
        entry = completion.chosen if moved else None
        if entry is None:
            completion.offer(event.text)  # its last look may be older than the text
            entry = completion.chosen if completion.display else None
            if entry is not None and (entry.free or entry.value.strip() == event.text):
                entry = None
        self.close_completion()
        if entry is None:
            self.said(event.text)
        elif entry.ready:
            self.said(entry.value)
        else:
            self.query_one(Prompt).put(entry.value)

    @on(Prompt.Scroll)
    def prompt_scroll(self, event: Prompt.Scroll) -> None:
        transcript = self.query_one(Transcript)
        step = max(1, transcript.size.height - 2) * event.pages
        transcript.scroll_relative(y=step, animate=False, immediate=True)

    # earlier messages

    def action_search_history(self) -> None:
        from memtui.tui.screens.earlier import Earlier

        prompt = self.query_one(Prompt)
        if not self.memtui.opens(Earlier):
            return
        if not prompt.sent and (self.store.agent is None or self.store.oldest is None):
            self.memtui.tell("You have not said anything to this agent yet.")
            return

        def chosen(text: str | None) -> None:
            if text is not None:
                prompt.recall(text)

        self.close_completion()
        self.app.push_screen(Earlier(reversed(prompt.sent), self.session.earlier()), chosen)

    # the user's own editor

    def action_edit_outside(self) -> None:
        self.close_completion()
        self.do(self._edit_outside(), "editor")

    async def _edit_outside(self) -> None:
        from memtui.tui import outside

        prompt = self.query_one(Prompt)
        written = await outside.edit(self.app, prompt.text)
        if written != prompt.text:
            prompt.put(written)

    # what a message names

    def look_up(self, said: str) -> None:
        """Say which of the sources and paths that it names the agent cannot search."""
        from memtui.tui import mentions

        names = mentions.mentioned(said)[:_NAMES]
        if names and self.store.agent is not None:
            self.do(self._look_up(names), "names")

    async def _look_up(self, names: list[tuple[str, ...]]) -> None:
        for ways in names:
            sentence = self._of_source(ways)
            if sentence is None:
                sentence = await self._of_path(ways)
            if sentence:
                self.store.note(sentence)
                self.session.touch()

    def _of_source(self, ways: tuple[str, ...]) -> str | None:
        """What is to be said of the source of that name; None when there is none."""
        named = {source.name.casefold(): source for source in self.store.sources}
        source = next((named[way.casefold()] for way in ways if way.casefold() in named), None)
        if source is None:
            return None
        if self.store.attached(source.id):
            return ""
        return _not_attached(source.name)

    async def _of_path(self, ways: tuple[str, ...]) -> str:
        typed = ways[-1]
        if "/" not in typed:
            return ""
        path = await asyncio.to_thread(_existing, ways)
        if path is None:
            if not typed.startswith(("/", "~", "./", "../")):
                return ""  # it may mean anything
            return f"There is no file or folder {plain_line(typed, 200)}."
        client = await self.session.client()
        found = set(await client.sources_with(path))
        sources = [source for source in self.store.sources if source.id in found]
        if any(self.store.attached(source.id) for source in sources):
            return ""
        shown = plain_line(fmt.path(path), 200)
        if sources:
            return f"{shown} is in a source. {_not_attached(sources[0].name)}"
        return f"{shown} is in no source yet: /load {shown} makes it one."


def _not_attached(name: str) -> str:
    shown = plain_line(name, 80)
    return f"{shown} is not attached: press a on it in the sources (F2), or /attach {shown}"


def _existing(ways: tuple[str, ...]) -> str | None:
    """The whole path of what is there. Reads the disk."""
    for way in ways:
        try:
            path = Path(way).expanduser()
            if path.exists():
                return str(path.resolve() if ".." in path.parts else path.absolute())
        except (OSError, RuntimeError, ValueError):
            continue
    return None
