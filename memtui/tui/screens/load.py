"""Load a file, a folder or a web page into a source: a new one, or one that exists."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Static

from memtui.api.errors import MemtuiError
from memtui.api.names import check_name
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.screens.modal import Modal

if TYPE_CHECKING:
    from memtui.api.library import LoadRequest

_END = 1 << 16  # bytes at a file's ends, where a PDF says that it is encrypted

Submit = Callable[["LoadRequest"], Awaitable[Any]]


def clean_path(typed: str) -> Path:
    """A typed, pasted or dropped path: quotes, `file://` and escaped spaces are understood."""
    text = typed.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if text.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        text = unquote(urlsplit(text).path)
    path = Path(text).expanduser()
    if not path.exists() and "\\ " in text:
        path = Path(text.replace("\\ ", " ")).expanduser()
    return path.absolute()


def web_address(typed: str) -> str:
    """What was typed if it is the address of a web page, else nothing."""
    words = typed.split()
    address = words[0] if len(words) == 1 else ""
    return address if address.lower().startswith(("http://", "https://")) else ""


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


def is_encrypted(path: Path) -> bool:
    """Whether it seems to be an encrypted PDF. Reads the disk; looks at its ends only."""
    with contextlib.suppress(OSError):
        if path.suffix.lower() == ".pdf" and path.is_file():
            with path.open("rb") as file:
                ends = file.read(_END)
                file.seek(max(_END, path.stat().st_size - _END))
                return b"/Encrypt" in ends + file.read(_END)
    return False


class Load(Modal[str]):
    """Returns the name of the source once the engine has begun to load it."""

    BINDINGS = bindings("form")
    AUTO_FOCUS = "#path"

    def __init__(self, submit: Submit, names: list[str], path: str = "") -> None:
        super().__init__()
        self.submit = submit
        self.names = names
        self.typed = path
        self._named = False  # the user has typed a name

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = Content("load")
            box.border_subtitle = Content("enter load · tab next field · esc close")
            yield Label("File, folder or web page", markup=False)
            yield Input(self.typed, placeholder="~/papers/memgpt.pdf", id="path", compact=True)
            yield Static("", id="path-wrong", classes="wrong", markup=False)
            yield Label("Name of the source", markup=False)
            yield Input(id="name", compact=True)
            yield Static("", id="name-wrong", classes="wrong", markup=False)
            yield Label("Password of an encrypted PDF", id="password-label", markup=False)
            yield Input(id="password", password=True, compact=True)
            yield Checkbox("With the folders inside it", True, id="recursive", compact=True)
            yield Checkbox("Replace what is in this source", id="replace", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Load", id="load", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one("#recursive").display = False
        self.query_one("#replace").display = False
        self._show_password(False)
        if self.typed:
            self._propose(self.typed)

    @on(Input.Changed, "#path")
    def path_typed(self, event: Input.Changed) -> None:
        self._wrong("path", "")
        self._propose(event.value)

    @on(Input.Changed, "#name")
    def name_typed(self, event: Input.Changed) -> None:
        field = self.query_one("#name", Input)
        self._named = self._named or (field.has_focus and bool(event.value))
        exists = event.value in self.names
        self.query_one("#replace").display = exists
        note = "This source exists: new and changed files are added to it." if exists else ""
        self._wrong("name", note, hint=True)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _propose(self, typed: str) -> None:
        """A name for the path, and whether it is a folder; the disk is asked on a thread."""
        if url := web_address(typed):
            path: Path | None = Path(url)
            folder = False
        else:
            path, _, folder = await asyncio.to_thread(look, typed)
        self.query_one("#recursive").display = folder
        self._show_password(path is not None and await asyncio.to_thread(is_encrypted, path))
        if path is not None and not self._named:
            with self.prevent(Input.Changed):
                self.query_one("#name", Input).value = proposed_name(path)
            self.name_typed(Input.Changed(self.query_one("#name", Input), proposed_name(path)))

    def _show_password(self, shown: bool) -> None:
        for name in ("#password-label", "#password"):
            self.query_one(name).display = shown

    def _wrong(self, field: str, text: str, hint: bool = False) -> None:
        label = self.query_one(f"#{field}-wrong", Static)
        label.display = bool(text)
        label.update(safe.text(text, "$muted" if hint else "$error", 600))

    @on(Input.Submitted)
    def submitted(self) -> None:
        self.begin()

    @on(Button.Pressed)
    def pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "load":
            self.begin()
        else:
            self.dismiss(None)

    def begin(self) -> None:
        if not any(worker.group == "begin" and not worker.is_finished for worker in self.workers):
            self._begin()

    @work(group="begin", exit_on_error=False)
    async def _begin(self) -> None:
        """Check the fields, begin the load, and close; errors stay beside their field."""
        from memtui.api.library import LoadRequest

        typed = self.query_one("#path", Input).value
        url = web_address(typed)
        path, wrong, folder = await asyncio.to_thread(look, "" if url else typed)
        self._wrong("path", "" if url else wrong)
        if path is None and not url:
            self.query_one("#path").focus()
            return
        try:
            name = check_name(self.query_one("#name", Input).value.strip(), "name of the source")
        except MemtuiError as error:
            self._wrong("name", str(error))
            self.query_one("#name").focus()
            return
        request = LoadRequest(
            name=name,
            urls=[url] if url else [],
            paths=[] if folder or url else [str(path)],
            directory=str(path) if folder else None,
            password=self.query_one("#password", Input).value,
            recursive=folder and self.query_one("#recursive", Checkbox).value,
            replace=name in self.names and self.query_one("#replace", Checkbox).value,
        )
        try:
            await self.submit(request)
        except MemtuiError as error:
            self._wrong("path", str(error))
            return
        self.dismiss(name)
