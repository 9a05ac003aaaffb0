"""Every action of the app, declared once: its key, its words, and whether the palette offers it.

Bindings, the footer, the help screen, the command palette and the key map in the configuration
are all made from this table. Nothing can be bound outside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Action:
    """`where` is the screen or widget that has the key; `run` the Textual action it performs.

    `keys` are comma-separated; `label` stands in the footer when `show`; `help` is a sentence.
    With `palette`, the command palette of the main screen offers it under that title.
    """

    id: str
    keys: str
    run: str
    label: str
    help: str
    show: bool = False
    priority: bool = False
    palette: str = ""

    @property
    def where(self) -> str:
        return self.id.split(".")[0]


ACTIONS = (
    Action("app.help", "f1", "help", "help", "Show all keys and commands", True, True, "Help"),
    Action("app.quit", "ctrl+q", "quit", "quit", "Leave memtui; loads go on", False, True, "Quit"),
    Action("app.theme", "ctrl+t", "switch_theme", "theme",
           "Switch between the dark and the light theme", palette="Dark or light theme"),
    Action("main.palette", "ctrl+p", "app.command_palette", "commands",
           "Find any command by its name", True, True),
    Action("main.escape", "escape", "escape", "back",
           "Take back a waiting message, else stop the agent, else go back to the prompt"),
    Action("main.sources", "f2,ctrl+1", "focus_pane('sources')", "sources",
           "Go to the sources", palette="Go to the sources"),
    Action("main.chat", "f3,ctrl+2", "focus_pane('chat')", "chat",
           "Go to the conversation, to scroll it; again for the prompt",
           palette="Go to the conversation"),
    Action("main.mind", "f4,ctrl+3", "focus_pane('mind')", "mind",
           "Go to the agent's mind: thoughts, tool calls, hits", palette="Go to the mind"),
    Action("main.maximise", "f5", "maximise_pane", "maximise",
           "Give the focused pane the whole screen, or give it back",
           palette="Maximise this pane, or restore it"),
    Action("main.citation", "f6", "citation", "citations",
           "Choose a citation of the last answer, and the next; Enter opens its passage",
           priority=True, palette="Choose a citation, to open its passage"),
    Action("main.search", "ctrl+f", "search", "search",
           "Search what the agent can see, yourself", True, True,
           palette="Search the passages"),
    Action("main.load", "ctrl+l", "load", "load",
           "Load files or a folder as a source", True, palette="Load files or a folder"),
    Action("main.retry", "f7", "retry", "send again",
           "Send your last message again, in place of what came of it", priority=True,
           palette="Send the last message again"),
    Action("main.memory", "f8", "memory", "memory",
           "Show the agent's core memory", palette="Show the agent's memory"),
    Action("main.agents", "f9", "agents", "agents",
           "Open another agent, or make a new one", palette="Open another agent, or a new one"),
    Action("main.model", "f10", "model", "model",
           "Choose the language model", palette="Choose the language model"),
    Action("sources.attach", "a", "screen.attach", "attach",
           "Attach this source to the agent, or detach it", True,
           palette="Attach or detach the chosen source"),
    Action("sources.load", "l", "screen.load", "load", "Load files or a folder as a source"),
    Action("sources.delete", "d,delete", "screen.delete", "delete",
           "Delete this source; asks first", True, palette="Delete the chosen source"),
    Action("sources.cancel", "x", "screen.cancel", "cancel",
           "Cancel the load of this source", True, palette="Cancel the load of the chosen source"),
    Action("sources.search", "slash", "screen.search", "search", "Search the passages"),
    Action("prompt.send", "enter", "send", "send", "Send the message", True),
    Action("prompt.newline", "ctrl+j,shift+enter,alt+enter", "newline", "newline",
           "Begin a new line in the message", True),
    Action("prompt.up", "up", "up", "earlier",
           "In the first line: the message before; in the completion: the entry above"),
    Action("prompt.down", "down", "down", "later",
           "In the last line: the message after; in the completion: the entry below"),
    Action("prompt.tab", "tab", "tab", "complete",
           "Take the completion, else go to the next pane"),
    Action("prompt.pageup", "pageup", "page_up", "page up",
           "Scroll the conversation up"),
    Action("prompt.pagedown", "pagedown", "page_down", "page down",
           "Scroll the conversation down"),
    Action("rows.up", "up,k", "cursor_up", "up", "The row above"),
    Action("rows.down", "down,j", "cursor_down", "down", "The row below"),
    Action("rows.pageup", "pageup", "page_up", "page up", "A page up"),
    Action("rows.pagedown", "pagedown", "page_down", "page down", "A page down"),
    Action("rows.home", "home,g", "scroll_home", "first", "To the beginning"),
    Action("rows.end", "end,G", "scroll_end", "last", "To the end"),
    Action("rows.select", "enter", "select", "open", "Open the row, or fold it", True),
    Action("rows.fold", "space", "fold", "fold", "Fold or unfold the row"),
    Action("transcript.previous", "left", "previous_citation", "citation",
           "The citation before", True),
    Action("transcript.next", "right", "next_citation", "citation", "The citation after", True),
    Action("mind.folds", "f", "fold_all", "fold all", "Fold or unfold everything", True,
           palette="Fold or unfold the whole mind"),
    Action("modal.close", "escape", "close", "close", "Close without doing anything", True),
    Action("passage.previous", "left,p", "previous", "passage before",
           "The passage before this one in its document", True),
    Action("passage.next", "right,n", "next", "passage after",
           "The passage after this one in its document", True),
    Action("passage.up", "up,k", "scroll('up')", "up", "Scroll up"),
    Action("passage.down", "down,j", "scroll('down')", "down", "Scroll down"),
    Action("picker.down", "down", "down", "down", "The entry below", False, True),
    Action("picker.up", "up", "up", "up", "The entry above", False, True),
    Action("permission.once", "o", "answer('once')", "once", "Allow this call", True),
    Action("permission.always", "a", "answer('always')", "always",
           "Allow all calls of this tool by this agent", True),
    Action("permission.never", "n", "answer('never')", "never",
           "Refuse all calls of this tool by this agent", True),
    Action("confirm.yes", "y", "yes", "yes", "Do it", True),
    Action("confirm.no", "n", "close", "no", "Leave everything as it is", True),
    Action("form.next", "down", "app.focus_next", "next field", "The next field"),
    Action("form.previous", "up", "app.focus_previous", "previous field", "The field before"),
)  # fmt: skip


def bindings(*where: str) -> list[BindingType]:
    """The bindings of the screens or widgets `where`, in the table's order."""
    return [
        Binding(
            action.keys,
            action.run,
            action.label,
            show=action.show,
            priority=action.priority,
            tooltip=action.help,
            id=action.id,
        )
        for action in ACTIONS
        if action.where in where
    ]


def keys(where: str, keymap: Mapping[str, str]) -> dict[str, str]:
    """Each key of `where` under `keymap`, and what it runs."""
    return {
        key.strip(): action.run
        for action in ACTIONS
        if action.where == where
        for key in keymap.get(action.id, action.keys).split(",")
    }


PLACES = {
    "main": "Everywhere",
    "app": "Everywhere",
    "prompt": "In the prompt",
    "sources": "In the sources",
    "transcript": "In the conversation",
    "mind": "In the mind",
    "rows": "In any list",
    "passage": "In a passage",
}
"""The headings of the help screen."""

_SIGNS = {
    "escape": "esc", "slash": "/", "delete": "del", "pageup": "pgup", "pagedown": "pgdn",
    "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


def key_sign(key: str) -> str:
    """`ctrl+j` as people write it: `^j`."""
    *modifiers, name = key.strip().split("+")
    sign = _SIGNS.get(name, name)
    for modifier in reversed(modifiers):
        sign = f"^{sign}" if modifier == "ctrl" else f"{modifier}+{sign}"
    return sign


def parse_keymap(text: str) -> tuple[dict[str, str], list[str]]:
    """`app.help=f12, main.load=ctrl+o` as a key map, and a sentence for each part that is wrong.

    Several keys for one action are separated by spaces.
    """
    known = {action.id for action in ACTIONS}
    keymap: dict[str, str] = {}
    wrong: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, keys = (piece.strip() for piece in part.partition("="))
        if name in known and keys:
            keymap[name] = ",".join(keys.split())
        elif name in known:
            wrong.append(f"ui.keymap gives {name} no key: write {name}=KEY.")
        else:
            wrong.append(f"ui.keymap names {name!r}, which no action has. F1 lists them.")
    return keymap, wrong
