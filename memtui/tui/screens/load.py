"""Load files, folders or web pages into a source: a new one, or one that exists."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from memtui.api.errors import MemtuiError
from memtui.api.names import check_name
from memtui.api.plain import plain
from memtui.tui import files, safe
from memtui.tui import format as fmt
from memtui.tui.actions import bindings
from memtui.tui.files import Entry, clean_path, dropped
from memtui.tui.screens.form import Form
from memtui.tui.widgets.check import Check
from memtui.tui.widgets.folders import Folders
from memtui.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from memtui.api.library import LoadRequest

_END = 1 << 16  # bytes at a file's ends, where a PDF says that it is encrypted
_TYPING = 0.1  # seconds without a key before the disk is searched
_LOOKED_AT = 20  # chosen files that are looked at for a password

Submit = Callable[["LoadRequest"], Awaitable[Any]]


def web_addresses(typed: str) -> list[str]:
    """What was typed if it is addresses of web pages and nothing else."""
    words = typed.split()
    begins = ("http://", "https://")
    return words if all(word.lower().startswith(begins) for word in words) else []


def is_path(typed: str) -> bool:
    """Whether it is meant as a path, not as a part of a name to look for."""
    return "/" in typed or typed.strip()[:1] in ("~", ".", "'", '"')


def proposed_name(path: Path) -> str:
    """A source's name from a file's or folder's."""
    name = path.name if path.suffix == "" or path.is_dir() else path.stem
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:60]


def look(typed: str) -> tuple[Path | None, str, bool]:
    """The path, what is wrong with it, whether it is a folder. Reads the disk."""
    if not typed.strip():
        return None, "Type or paste the path of a file or a folder.", False
    try:
        path = clean_path(typed)
        folder = path.is_dir()
        if folder:
            next(path.iterdir(), None)
        elif not path.exists():
            return None, f"There is no file or folder {path}.", False
        elif not path.is_file():
            return None, f"{path} is neither a file nor a folder.", False
        else:
            with path.open("rb"):
                pass
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return None, f"It cannot be read: {reason}.", False
    return path, "", folder


def offered(typed: str, stop: threading.Event) -> tuple[list[Entry], str]:
    """What may be meant by what is typed, and a hint below it. Reads the disk."""
    try:
        if not typed.strip():
            return files.listing(str(Path.cwd())), ""
        if not is_path(typed):
            return files.search(str(Path.cwd()), typed, stop), ""
        path = clean_path(typed)
        if path.is_dir():
            return files.listing(str(path)), ""
        return files.listing(str(path.parent), path.name), ""
    except (OSError, ValueError, RuntimeError) as error:
        return [], f"Nothing can be listed here: {getattr(error, 'strerror', None) or error}."


def is_encrypted(path: Path) -> bool:
    """Whether it seems to be an encrypted PDF. Reads the disk; looks at its ends only."""
    with contextlib.suppress(OSError):
        if path.suffix.lower() == ".pdf" and path.is_file():
            with path.open("rb") as file:
                ends = file.read(_END)
                file.seek(max(_END, path.stat().st_size - _END))
                return b"/Encrypt" in ends + file.read(_END)
    return False


def _field_text(text: str) -> str:
    """What is put into a field: on one line, and harmless."""
    return plain(" ".join(text.split("\n")).strip())


class PathInput(Input):
    """A path, a part of a name, or the addresses of web pages."""

    class Dropped(Message):
        """Several files were dropped on the terminal, or their paths pasted."""

        def __init__(self, paths: list[str]) -> None:
            super().__init__()
            self.paths = paths

    def _on_paste(self, event: events.Paste) -> None:
        if paths := dropped(event.text):
            self.post_message(self.Dropped(paths))
        else:
            # A field draws what is in it as it is.
            self.insert_text_at_cursor(_field_text(event.text))
        event.prevent_default()
        event.stop()


class Load(Form[str]):
    """Returns the name of the source once the engine has begun to load it."""

    CSS_PATH: ClassVar = [Form.CSS_PATH, Path(__file__).with_name("load.tcss")]
    BINDINGS = bindings("form")
    AUTO_FOCUS = "#path"

    def __init__(self, submit: Submit, names: list[str], path: str = "") -> None:
        super().__init__()
        self.submit = submit
        self.names = names
        self.typed = path
        self._named = False  # the user has typed a name
        self._stop = threading.Event()  # ends the search of the disk that goes on

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box load", can_focus=False) as box:
            box.border_title = Content("load")
            box.border_subtitle = Content(
                "enter load · ↓ files, space chooses · tab next field · esc close"
            )
            yield Label("File, folder or web page; or a part of a name", markup=False)
            several = bool(dropped(self.typed))
            yield PathInput(
                "" if several else _field_text(self.typed),
                placeholder="such as ~/papers/memgpt.pdf", id="path", compact=True,
            )  # fmt: skip
            yield Static("", id="path-wrong", classes="wrong", markup=False)
            yield Folders()
            yield Static("", id="chosen", markup=False)
            yield Label("Name of the source", markup=False)
            yield Input(id="name", compact=True)
            yield Static("", id="name-wrong", classes="wrong", markup=False)
            yield Label("Password of an encrypted PDF", id="password-label", markup=False)
            yield Input(id="password", password=True, compact=True)
            yield Label("Pages of PDFs", id="pages-label", markup=False)
            yield Input(id="pages", placeholder="all, or 3-20,25,40-", compact=True)
            yield Static("", id="pages-wrong", classes="wrong", markup=False)
            yield Check("With the folders inside it", True, id="recursive", compact=True)
            yield Check("Replace what is in this source", id="replace", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Load", id="load", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one("#chosen").display = False
        self._show("recursive", False)
        self._show("replace", False)
        self._show_asked(False, False)
        if paths := dropped(self.typed):
            self._mark(paths)
        self._propose(self.typed if not paths else "")

    def on_unmount(self) -> None:
        self._stop.set()

    @on(Input.Changed, "#path")
    def path_typed(self, event: Input.Changed) -> None:
        self.say_wrong("path", "")
        self._propose(event.value)

    @on(PathInput.Dropped)
    def files_dropped(self, event: PathInput.Dropped) -> None:
        self._mark(event.paths)

    @on(Folders.Marked)
    def files_marked(self) -> None:
        marked = self.query_one(Folders).marked
        chosen = self.query_one("#chosen", Static)
        chosen.display = bool(marked)
        names = [Path(path).name + ("/" if folder else "") for path, folder in marked.items()]
        what = Content.styled(f"{fmt.count(len(names))} chosen: ", "$success")
        chosen.update(what + safe.line(", ".join(names), "$muted", 300))
        self._propose(self.query_one("#path", Input).value)

    @on(Folders.Unfolded)
    def folder_unfolded(self, event: Folders.Unfolded) -> None:
        self._unfold(event.path)

    @on(Rows.Chosen, "#folders")
    def file_clicked(self, event: Rows.Chosen) -> None:
        self.query_one(Folders).action_select()

    @work(group="unfold", exit_on_error=False)
    async def _unfold(self, path: str) -> None:
        try:
            entries = await asyncio.to_thread(files.listing, path)
        except OSError as error:
            self.say_wrong("path", f"{path} cannot be read: {error.strerror or error}.")
            return
        self.query_one(Folders).put(path, entries)

    @work(group="mark", exit_on_error=False)
    async def _mark(self, paths: list[str]) -> None:
        """Choose those of the paths that are there; say which is not."""
        folders = self.query_one(Folders)
        for text in paths:
            path, wrong, folder = await asyncio.to_thread(look, text)
            if path is None:
                self.say_wrong("path", wrong)
            elif str(path) not in folders.marked:
                folders.mark(str(path), folder)

    @on(Input.Changed, "#name")
    def name_typed(self, event: Input.Changed) -> None:
        field = self.query_one("#name", Input)
        self._named = self._named or (field.has_focus and bool(event.value))
        exists = event.value in self.names
        self._show("replace", exists)
        note = "This source exists: new and changed files are added to it." if exists else ""
        self.say_wrong("name", note, "$muted")

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _propose(self, typed: str) -> None:
        """A name for the source, what is asked of it, and files that may be meant; the disk is
        read on a thread."""
        self._stop.set()
        self._stop = stop = threading.Event()
        marked = self.query_one(Folders).marked
        urls = web_addresses(typed)
        if urls:
            path: Path | None = Path(urls[0])
            folder = False
        else:
            path, _, folder = await asyncio.to_thread(look, typed)
        paths = [Path(one) for one in list(marked)[:_LOOKED_AT]]
        paths += [path] if path is not None and not urls else []
        self._show("recursive", folder or any(marked.values()))
        locked = [await asyncio.to_thread(is_encrypted, one) for one in paths]
        pdf = any(one.suffix.lower() == ".pdf" for one in paths) or bool(urls)
        self._show_asked(any(locked), pdf)
        first = path or (paths[0] if paths else None)
        if first is not None and not self._named:
            with self.prevent(Input.Changed):
                self.query_one("#name", Input).value = proposed_name(first)
            self.name_typed(Input.Changed(self.query_one("#name", Input), proposed_name(first)))
        folders = self.query_one(Folders)
        folders.display = not urls
        if typed == folders.name_of_offer:
            return
        if not urls:
            await asyncio.sleep(_TYPING)
            entries, hint = await asyncio.to_thread(offered, typed, stop)
            folders.offer(entries, hint)
            folders.name_of_offer = typed

    def _show(self, name: str, shown: bool) -> None:
        self.query_one(f"#{name}").display = shown

    def _show_asked(self, password: bool, pages: bool) -> None:
        for name, shown in (("password", password), ("pages", pages)):
            self._show(name, shown)
            self._show(f"{name}-label", shown)
        if not pages:
            self.say_wrong("pages", "")

    async def finish(self) -> None:
        """Check the fields, begin the loads, and close; errors stay beside their field."""
        typed = self.query_one("#path", Input).value
        urls = web_addresses(typed)
        chosen = dict(self.query_one(Folders).marked)
        if not urls and (typed.strip() if is_path(typed) or not chosen else ""):
            path, wrong, folder = await asyncio.to_thread(look, typed)
            if path is None:
                await self._not_there(typed, wrong)
                return
            chosen.setdefault(str(path), folder)
        self.say_wrong("path", "")
        if not urls and not chosen:
            await self._not_there("", look("")[1])
            return
        try:
            requests = self._requests(urls, chosen)
        except MemtuiError:
            return
        for request in requests:
            try:
                await self.submit(request)
            except MemtuiError as error:
                self.say_wrong("path", str(error))
                return
        self.dismiss(requests[0].name)

    async def _not_there(self, typed: str, wrong: str) -> None:
        """A part of a name stands for the first file that bears it; Enter again loads that."""
        field = self.query_one("#path", Input)
        if typed and not is_path(typed):
            entries, _ = await asyncio.to_thread(offered, typed, threading.Event())
            if entries and not entries[0].path.isprintable():
                self.query_one(Folders).mark(entries[0].path, entries[0].folder)
                field.value = ""
                return
            if entries:
                field.value = entries[0].path
                field.cursor_position = len(field.value)
                return
        self.say_wrong("path", wrong)
        self.set_focus(field)

    def _requests(self, urls: list[str], chosen: dict[str, bool]) -> "list[LoadRequest]":
        """A load for the files and pages, and one for each folder. Raises MemtuiError, said."""
        from memtui.api.library import LoadRequest
        from memtui.api.pages import canonical

        values: dict[str, str] = {}
        for field, check in (
            ("name", lambda text: check_name(text.strip(), "name of the source")),
            ("pages", canonical),
        ):
            try:
                values[field] = check(self.query_one(f"#{field}", Input).value)
            except MemtuiError as error:
                self.say_wrong(field, str(error))
                self.set_focus(self.query_one(f"#{field}"))
                raise
        name = values["name"]
        password = self.query_one("#password", Input).value
        replace = name in self.names and self.query_one("#replace", Check).value
        more: dict[str, Any] = {"name": name, "password": password, "pages": values["pages"]}
        paths = [path for path, folder in chosen.items() if not folder]
        recursive = self.query_one("#recursive", Check).value
        requests = [LoadRequest(**more, paths=paths, urls=urls)] if paths or urls else []
        requests += [
            LoadRequest(**more, directory=path, recursive=recursive)
            for path, folder in chosen.items()
            if folder
        ]
        requests[0] = requests[0].model_copy(update={"replace": replace})
        return requests
