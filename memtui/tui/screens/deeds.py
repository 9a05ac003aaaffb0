"""What the keys and slash commands of the main screen do. Each starts a worker or a modal.

A modal is imported when it is opened: the first frame does not wait for it.
"""

from typing import TYPE_CHECKING

from memtui import config, paths
from memtui.api.errors import MemtuiError
from memtui.tui import commands
from memtui.tui import format as fmt
from memtui.tui.screens.own import OwnScreen
from memtui.tui.widgets.prompt import Prompt
from memtui.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from memtui.api.library import Source
    from memtui.api.search import Hit
    from memtui.tui.conversation import Block
    from memtui.tui.screens.picker import Choice

DEMO_SOURCE, DEMO_AGENT = "memtui-handbook", "Demo"
DEMO_QUESTION = "How do I load a PDF and attach it to an agent?"


class Deeds(OwnScreen):
    """The store and the session of the app, and everything that can be asked of them."""

    pane = "chat"
    maximised = False
    filled = False

    def show_pane(self, name: str) -> None:
        raise NotImplementedError

    def close_completion(self) -> None:
        raise NotImplementedError

    def look_up(self, said: str) -> None:
        raise NotImplementedError

    def open_load(self, path: str) -> None:
        raise NotImplementedError

    def draw(self, parts: set[str]) -> None:
        raise NotImplementedError

    def _arrange(self) -> None:
        raise NotImplementedError

    # panes

    def action_focus_pane(self, name: str) -> None:
        self.show_pane(name)

    def action_maximise_pane(self) -> None:
        self.maximised = not self.maximised
        self._arrange()

    def action_escape(self) -> None:
        """The nearest thing that can be undone: completion, waiting message, turn, focus."""
        if not self.filled:
            return
        prompt = self.query_one(Prompt)
        if prompt.completing:
            self.close_completion()
        elif self.store.queue:
            self.take_back()
        elif self.store.turn is not None:
            self.store.turn.doing = "stopping"
            self.do(self.session.stop_turn(), "stop")
        elif prompt.has_focus and self.maximised:
            self.action_maximise_pane()
        else:
            self.set_focus(prompt)

    def take_back(self) -> None:
        """The newest waiting message goes back into the prompt."""
        if (text := self.session.take_queued()) is not None:
            self.draw({"chat", "state"})
            prompt = self.query_one(Prompt)
            lines = filter(None, (text, commands.message(prompt.text)))
            prompt.put(commands.typed("\n".join(lines)))

    def shows_conversation(self) -> bool:
        """Bring the conversation up; False when there is none, which is said."""
        if not self.filled:
            return False
        if not self.store.items:
            self.memtui.tell("Nothing was said here yet.")
            return False
        self.pane = "chat"
        self._arrange()
        return True

    def action_citation(self) -> None:
        """Choose a citation of the last answer, then the one after it."""
        if not self.shows_conversation():
            return
        self.set_focus(self.query_one(Transcript))
        self.query_one(Transcript).action_next_citation()

    # the prompt

    def said(self, text: str) -> None:
        command = commands.parse(text)
        if command is None:
            self.query_one(Transcript).to_end()
            said = commands.message(text)
            self.do(self.session.send(said, wait=self.memtui.opening), "turn")
            self.look_up(said)
            return
        name, rest = command
        found = commands.find(name)
        if found is not None and rest and not found.takes:
            self.wrong(f"/{name} takes nothing after it.", text)
        elif found is not None:
            getattr(self, found.run)(rest)
        elif "/" in name or "." in name:
            self.open_load(text)  # a pasted or dropped path
        else:
            import difflib

            near = difflib.get_close_matches(name, [c.name for c in commands.COMMANDS], 1, 0.5)
            hint = f"Do you mean /{near[0]}?" if near else "/help lists them."
            self.wrong(f"There is no command /{name}. {hint}", text)

    def wrong(self, sentence: str, text: str) -> None:
        """A command that cannot be carried out goes back into the prompt."""
        self.memtui.tell(sentence, "warning")
        self.query_one(Prompt).put(text)

    def send_next(self) -> None:
        """The turn has ended: send what waits."""
        if (text := self.session.next_queued()) is not None:
            self.do(self.session.send(text), "turn")

    def say_help(self, _rest: str) -> None:
        self.memtui.action_help()

    def say_exit(self, _rest: str) -> None:
        self.memtui.leave()

    def say_sources(self, _rest: str) -> None:
        self.show_pane("sources")

    def say_agents(self, _rest: str) -> None:
        self.action_agents()

    def say_load(self, rest: str) -> None:
        self.open_load(rest)

    def say_attach(self, rest: str) -> None:
        self._attach_or_detach(rest, attached=False)

    def say_detach(self, rest: str) -> None:
        self._attach_or_detach(rest, attached=True)

    def _attach_or_detach(self, name: str, attached: bool) -> None:
        verb = "detach" if attached else "attach"
        work = self.session.detach if attached else self.session.attach
        choices = [s for s in self.store.sources if self.store.attached(s.id) is attached]
        if name:
            named = [s for s in self.store.sources if s.name == name]
            if not named:
                self.memtui.tell(
                    f"There is no source {name!r}. /{verb} alone lists them.", "warning"
                )
            elif named[0] not in choices:
                state = "not attached" if attached else "attached already"
                self.memtui.tell(f"{named[0].name} is {state}.")
            else:
                self.do(work(named[0]))
            return
        from memtui.tui.screens.picker import Picker

        if not choices:
            if attached:
                sentence = "No source is attached."
            elif self.store.sources:
                sentence = "Every source is attached already."
            else:
                sentence = "Nothing is loaded yet. ^l loads a file or a folder."
            self.memtui.tell(sentence)
            return

        def chosen(key: str | None) -> None:
            for source in choices:
                if source.id == key:
                    self.do(work(source))

        self.app.push_screen(Picker(f"{verb} a source", [_choice(s) for s in choices]), chosen)

    def say_search(self, rest: str) -> None:
        self.open_inspector(rest)

    def action_search(self) -> None:
        """What is being written becomes the query, unless it is a command or long."""
        text = self.query_one(Prompt).text.strip() if self.filled else ""
        self.open_inspector("" if text.startswith("/") or "\n" in text else text)

    def open_inspector(
        self, query: str = "", block: "Block | None" = None, hit: "Hit | None" = None
    ) -> None:
        """Search yourself, or look at what the agent's search found."""
        from memtui.tui.screens.inspector import Inspector

        if not isinstance(self.app.screen, Inspector):
            self.app.push_screen(Inspector(query, block, hit))

    def insert_quote(self, quote: str) -> None:
        """Into the message, on a line of its own."""
        prompt = self.query_one(Prompt)
        before = f"{prompt.text.rstrip()}\n\n" if prompt.text.strip() else ""
        self.pane = "chat"
        self._arrange()
        prompt.put(before + quote)

    def open_passage(self, passage_id: str, hit: "Hit | None" = None) -> None:
        from memtui.tui.screens.passage import Passage

        known = hit or self.store.hit(passage_id)
        self.app.push_screen(Passage(self.session.passage, passage_id, known))

    # agents and settings

    def action_agents(self) -> None:
        self.memtui.choose_agent()

    def action_model(self) -> None:
        """That step of the set-up alone, and what will be written."""
        self.memtui.open_wizard(lambda _: None, "model")

    def action_setup(self) -> None:
        """Step by step; afterwards an agent is open."""

        def left(_saved: bool | None) -> None:
            if self.store.agent is None:
                self.do(self.memtui.open_something(None), "open")

        self.memtui.open_wizard(left)

    def action_settings(self) -> None:
        self.say_settings("")

    def say_settings(self, rest: str) -> None:
        from memtui.tui.screens.settings import SettingsScreen

        if not isinstance(self.app.screen, SettingsScreen):
            self.app.push_screen(SettingsScreen(rest))

    # the first run, and when no agent is left

    def welcome(self) -> None:
        from memtui.tui.screens.welcome import Welcome

        def chosen(way: str | None) -> None:
            if way == "demo":
                self.do(self.demo(), "open")
            elif way == "load":
                self.open_load("")
            elif way == "setup":
                self.action_setup()
                return
            if way != "demo" and self.store.agent is None:
                self.do(self.memtui.open_something(None), "open")

        try:
            offline = config.load().text("llm.model") == "offline"
        except config.ConfigError:
            offline = True
        self.app.push_screen(Welcome(offline), chosen)

    async def demo(self) -> None:
        """The same as `memtui demo`: the handbook as a source, an agent with it attached."""
        from memtui.api.library import LoadRequest

        handbook = paths.handbook_file()
        if not handbook.exists():
            raise MemtuiError("The handbook is not in this installation. Install memtui again.")
        self.query_one(Prompt).put(DEMO_QUESTION)
        job = await self.session.load(LoadRequest(name=DEMO_SOURCE, paths=[str(handbook)]))
        await self.session.until_read(job.id)
        await self.session.refresh({"sources"})
        source = next(s for s in self.store.sources if s.name == DEMO_SOURCE)
        agents = {agent.name: agent for agent in await self.session.list_agents()}
        number, name = 1, DEMO_AGENT
        while name in agents and agents[name].model != "offline":  # no longer the demo's
            number += 1
            name = f"{DEMO_AGENT} {number}"
        if name in agents:
            await self.memtui.open_something(agents[name].id)
            if not self.store.attached(source.id):
                await self.session.attach(source)
        else:
            await self.memtui.open_new(
                name=name, persona="memgpt_doc", model="offline", source_ids=[source.id]
            )


def _choice(source: "Source") -> "Choice":
    from memtui.tui.screens.picker import Choice

    detail = f"{fmt.count(source.passages, 'passage')}, {fmt.count(source.documents, 'document')}"
    return Choice(source.id, source.name, detail)
