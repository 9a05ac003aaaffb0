"""What the keys of the sources pane do, and the commands about sources and the index."""

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Input

from memtui.api.plain import plain_line
from memtui.tui import format as fmt
from memtui.tui.screens.deeds import Deeds
from memtui.tui.shelf import section_key
from memtui.tui.store import RUNNING
from memtui.tui.widgets.rows import Rows
from memtui.tui.widgets.sources import Sources, SourcesFilter
from memtui.tui.widgets.tree import TreeRow

if TYPE_CHECKING:
    from memtui.api.library import LoadRequest, Source
    from memtui.tui.screens.confirm import Confirm


class SourceDeeds(Deeds):
    def _row(self) -> TreeRow | None:
        return self.query_one(Sources).current if self.filled else None

    def _source(self) -> "Source | None":
        """The source under the cursor, or the one that the row belongs to."""
        row = self._row()
        if row is None or row.source is None:
            self.memtui.tell("Choose a source first: F2 goes to the sources.")
            return None
        return next((s for s in self.store.sources if s.id == row.source.id), row.source)

    # the tree

    @on(Sources.Toggled)
    def branch_toggled(self, event: Sources.Toggled) -> None:
        shelf, row = self.store.shelf, event.row
        if shelf.toggle(row.key):
            if row.kind == "source" and row.key not in shelf.documents:
                self.do(self.session.read_page(row.key, 0))
            elif row.kind == "document" and row.key not in shelf.sections:
                self.do(self.session.read_sections(row.key))
            elif row.section is not None and row.document is not None:
                key = section_key(row.document.id, row.section.first)
                if key not in shelf.passages:
                    self.do(self.session.read_passages(row.document.id, row.section))
        self.draw({"sources"})

    @on(Sources.Wanted)
    def pages_wanted(self, event: Sources.Wanted) -> None:
        for source_id, number in sorted(event.pages):
            self.do(self.session.read_page(source_id, number))

    @on(Rows.Chosen, "#sources-list")
    def row_chosen(self, event: Rows.Chosen) -> None:
        row: TreeRow = event.row
        if row.passage is not None:
            self.open_passage(row.passage.id)
        else:
            self.query_one(Sources).toggle(row)

    # the filter

    def action_filter_sources(self) -> None:
        self.show_pane("sources")
        field = self.query_one(SourcesFilter)
        field.display = True
        self.set_focus(field)

    @on(Input.Changed, "#sources-filter")
    def filter_typed(self, event: Input.Changed) -> None:
        shelf = self.store.shelf
        shelf.filter, shelf.found = event.value.strip(), None
        shelf.changed()
        self.draw({"sources"})
        if shelf.filter:
            self.do(self.session.find_documents(shelf.filter), "filter")

    @on(SourcesFilter.Left)
    def filter_left(self) -> None:
        self.set_focus(self.query_one(Sources))

    def action_escape(self) -> None:
        """A filter is cleared before anything else."""
        field = self.query_one(SourcesFilter) if self.filled else None
        if field is None or not field.display or self.pane != "sources":
            super().action_escape()
            return
        row = self._row()
        field.value = ""
        field.display = False
        self.set_focus(self.query_one(Sources))
        if row is not None and row.source is not None:
            self.do(self._back_from_filter(row.source.id, row.key))

    async def _back_from_filter(self, source_id: str, key: str) -> None:
        """Without the filter again: the cursor stays on what was found, if it is near the top of
        its source, which is unfolded; else on the source.
        """
        shelf, sources = self.store.shelf, self.query_one(Sources)
        if key != source_id and source_id not in shelf.open:
            shelf.toggle(source_id)
            if source_id not in shelf.documents:
                await self.session.read_page(source_id, 0)
        self.draw({"sources"})
        there = any(row.key == key for row in sources.rows)
        sources.choose(key if there else source_id)

    # what a key does with the source

    def action_attach(self) -> None:
        source = self._source()
        if source is not None:
            attached = self.store.attached(source.id)
            self.do(self.session.detach(source) if attached else self.session.attach(source))

    def action_reload_source(self) -> None:
        source = self._source()
        if source is not None:
            self.do(self.session.reload_source(source))
            self.memtui.tell(f"Loading {source.name} again: what is new or has changed is read.")

    def action_watch_source(self) -> None:
        source = self._source()
        if source is None:
            return
        job = self.store.job_of(source)
        if job is not None and job.progress.doing == "watching":
            self.do(self.session.cancel(job.id))
        else:
            self.do(self.session.watch_source(source))

    def action_retry_source(self) -> None:
        source = self._source()
        if source is not None:
            self.do(self._retry(source))

    async def _retry(self, source: "Source") -> None:
        """Ask for the password first where one was missing."""
        client = await self.session.client()
        wrong = (await client.document_page(source.id, wrong=True)).documents
        locked = [document for document in wrong if "password" in document.error.casefold()]
        if not locked:
            await self.session.retry_source(source)
            return
        from memtui.tui.screens.ask import Ask

        async def retry(password: str) -> bool:
            await self.session.retry_source(source, password)
            return True

        what = locked[0].name if len(locked) == 1 else fmt.count(len(locked), "file")
        self.app.push_screen(Ask("retry", f"The password of {what}", "", "Retry", retry, True))

    def action_rename_source(self) -> None:
        from memtui.tui.screens.ask import Ask

        source = self._source()
        if source is None:
            return

        async def rename(name: str) -> str:
            return await self.session.rename_source(source, name)

        label = f"The new name of {source.name}"
        self.app.push_screen(Ask("rename", label, plain_line(source.name), "Rename", rename))

    def action_delete(self) -> None:
        from memtui.tui.screens.confirm import Confirm

        source = self._source()
        if source is None:
            return
        text = (
            f"Delete {source.name} with its {fmt.count(source.documents, 'document')} and "
            f"{fmt.count(source.passages, 'passage')}? The files themselves stay where they are. "
            "What agents said from it is no longer found there."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.do(self.session.delete(source))

        question = Confirm("delete a source", text, "Delete")
        self.app.push_screen(question, answered)
        self.do(self._say_who_loses(source, question))

    async def _say_who_loses(self, source: "Source", question: "Confirm") -> None:
        from memtui.api.agents import losing

        agents = await self.session.list_agents()
        question.add(losing(source.id, agents) or "No agent has it attached.")

    def action_cancel(self) -> None:
        row = self._row()
        job = row.job if row is not None else None
        if row is not None and row.source is not None:
            job = job or self.store.job_of(row.source)
        if job is not None and job.state in RUNNING:
            self.do(self.session.cancel(job.id))
        elif row is not None and row.source is not None and row.source.state == "embedding":
            self.do(self.session.cancel_vectors(row.source))
        else:
            self.memtui.tell("Nothing is being loaded here.")

    # what a key does with the row

    def action_open_file(self) -> None:
        """In the system's viewer, at the page of the row."""
        row = self._row()
        if row is None or row.document is None:
            self.memtui.tell("Choose a document, a page or a passage: its file is opened.")
            return
        place = row.passage or row.section
        page = place.page if place is not None else None

        async def show(path: str) -> None:
            from memtui.api import viewer

            await viewer.show(path, page)

        self.do(show(row.document.path))

    def action_copy_row(self) -> None:
        """A passage's text, else the path of the document, else the name of the source."""
        row = self._row()
        if row is None:
            return
        if row.passage is not None:
            self.do(self._copy_passage(row.passage.id))
            return
        if row.document is not None:
            what, text = "the path", row.document.path
        else:
            what, text = "the name", row.source.name if row.source is not None else ""
        self.app.copy_to_clipboard(text)
        self.memtui.tell(fmt.copied(what))

    async def _copy_passage(self, passage_id: str) -> None:
        """All of it: the tree has its beginning."""
        found = await self.session.passage(passage_id, context=0)
        self.app.copy_to_clipboard(found.passage.text)
        self.memtui.tell(fmt.copied("the passage"))

    def action_source_detail(self) -> None:
        from memtui.tui.screens.reading import Reading
        from memtui.tui.widgets.tree_lines import detail

        row = self._row()
        if row is not None and row.passage is not None:
            self.open_passage(row.passage.id)
        elif row is not None:
            store = self.store
            self.app.push_screen(Reading("about", lambda width: detail(row, store)))

    # loading

    @on(Sources.Dropped)
    def path_dropped(self, event: Sources.Dropped) -> None:
        self.open_load(event.text)

    def action_load(self) -> None:
        self.open_load("")

    def open_load(self, path: str) -> None:
        from memtui.tui.screens.load import Load

        async def submit(request: "LoadRequest") -> None:
            await self.session.load(request)

        names = [source.name for source in self.store.sources]
        self.app.push_screen(Load(submit, names, path), self._load_begun)

    def _load_begun(self, name: str | None) -> None:
        if name:
            self.memtui.tell(f"Loading {name}. You can go on meanwhile.")
            if self.store.agent is None:
                self.do(self.memtui.open_something(None), "open")

    # the index

    def say_reindex(self, _rest: str) -> None:
        self.do(self._offer_reindex(), "reindex")

    async def _offer_reindex(self) -> None:
        """Say what it takes, and begin if the user agrees."""
        from memtui.tui.screens.confirm import Confirm

        plan = await (await self.session.client()).reindex_plan()
        if plan.running:
            self.memtui.tell(f"The index is being built anew already: {plan.left:,} are left.")
            return
        if not plan.passages:
            self.memtui.tell("There is nothing to index yet. ^l loads a file or a folder.")
            return
        left = plan.left if plan.needed else plan.passages
        takes = fmt.count(left, "passage")
        if plan.needed and plan.seconds is not None:
            takes += f", about {fmt.duration(plan.seconds)}"
        if plan.cost is not None:
            takes += f", about ${plan.cost:,.2f}"
        text = (
            f"Build the vector index anew, for {plan.wanted} ({takes})? Until it is done, search "
            f"uses {plan.serving}. You can go on meanwhile; x in the sources stops it."
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.do(self.session.reindex())

        self.app.push_screen(Confirm("index anew", text, "Build"), answered)
