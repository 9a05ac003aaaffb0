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
    The command palette offers it under the title `palette`, else under `help`: see `palette.py`.
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
    Action("app.palette", "ctrl+p", "command_palette", "commands",
           "Find any command by its name", True, True),
    Action("app.help", "f1", "help", "help", "Show all keys and commands", True, True, "Help"),
    Action("app.quit", "ctrl+q", "quit", "quit", "Leave memtui; loads go on", False, True, "Quit"),
    Action("app.theme", "ctrl+t", "themes", "theme",
           "Choose a theme; the one under the cursor is seen at once", priority=True,
           palette="Choose a theme"),
    Action("app.jump", "ctrl+o", "jump", "jump",
           "Show a letter over every pane and field; the letter goes there", priority=True,
           palette="Jump to a pane or field"),
    Action("app.problems", "f11", "problems", "problems",
           "Show what went wrong until now, to read and to copy", priority=True,
           palette="Show the last problems"),
    Action("app.debug", "f12", "debug", "debug information",
           "Show versions, paths, the engine and sizes, to copy into a report", priority=True,
           palette="Show debug information"),
    Action("app.suspend", "ctrl+z", "suspend", "suspend",
           "Leave memtui for the shell; fg comes back", palette="Suspend; fg comes back"),
    Action("main.escape", "escape", "escape", "back",
           "Take back a waiting message, else stop the agent, else go back to the prompt"),
    Action("main.sources", "f2,ctrl+1", "focus_pane('sources')", "sources",
           "Go to the sources", palette="Go to the sources"),
    Action("main.chat", "f3,ctrl+2", "focus_pane('chat')", "chat",
           "Go to the conversation, to scroll it; again for the prompt",
           palette="Go to the conversation"),
    Action("main.mind", "f4,ctrl+3", "focus_pane('mind')", "mind",
           "Go to the agent's mind: thoughts, tool calls, hits",
           palette="Go to the mind"),
    Action("main.maximise", "f5", "maximise_pane", "maximise",
           "Give the focused pane the whole screen, or give it back",
           palette="Maximise this pane, or restore it"),
    Action("main.citation", "f6", "citation", "citations",
           "Choose a citation of the last answer, and the next; Enter opens its passage",
           priority=True, palette="Choose a citation, to open its passage"),
    Action("main.search", "ctrl+f", "search", "search",
           "Search what the agent can see, yourself", True, True,
           palette="Search the passages"),
    Action("main.find", "slash", "search", "search",
           "Search what the agent can see, yourself: anywhere but in a text field"),
    Action("main.find_text", "ctrl+s", "find_text", "find in the conversation",
           "Find a text in the conversation, also in what was said long ago",
           palette="Find in the conversation"),
    Action("main.load", "ctrl+l", "load", "load",
           "Load files or a folder as a source", True, palette="Load files or a folder"),
    Action("main.retry", "f7", "retry", "send again",
           "Send your last message again, in place of what came of it", priority=True,
           palette="Send the last message again"),
    Action("main.memory", "f8", "memory", "memory",
           "Show the agent's core memory", palette="Show the agent's memory"),
    Action("main.agents", "f9", "agents", "agents",
           "All agents: open, make, rename, copy, export or delete one",
           palette="Agents: open another, or a new one"),
    Action("main.model", "f10", "model", "model",
           "Choose the language model: one that runs here, one of a provider, or none",
           palette="Choose the language model"),
    Action("sources.attach", "a", "screen.attach", "attach",
           "Attach this source to the agent, or detach it", True,
           palette="Attach or detach the chosen source"),
    Action("sources.load", "l", "screen.load", "load", "Load files or a folder as a source"),
    Action("sources.filter", "f", "screen.filter_sources", "filter",
           "Show only sources and documents of a name; Esc shows all again", True,
           palette="Filter the sources by name"),
    Action("sources.unfold", "right", "unfold", "unfold", "Unfold the row, else the row below"),
    Action("sources.fold", "left", "fold_or_up", "fold", "Fold the row, else the row it is under"),
    Action("sources.open", "o", "screen.open_file", "view",
           "Open the file in the system's viewer, at the page", True,
           palette="Open the chosen file in the system's viewer"),
    Action("sources.copy", "y", "screen.copy_row", "copy",
           "Copy the text of the passage, or the path of the document",
           palette="Copy the chosen passage's text, or the document's path"),
    Action("sources.detail", "i", "screen.source_detail", "details",
           "Show all there is to know of this row", palette="Show the chosen row in detail"),
    Action("sources.reload", "r", "screen.reload_source", "load again",
           "Do the loads of this source again: what is new or has changed is read",
           palette="Load the chosen source again"),
    Action("sources.watch", "w", "screen.watch_source", "watch",
           "Follow the changes of this source's folder, or end that",
           palette="Watch the chosen source's folder, or end that"),
    Action("sources.retry", "t", "screen.retry_source", "retry",
           "Try again to read the files of this source that could not be read",
           palette="Retry what could not be read of the chosen source"),
    Action("sources.rename", "n", "screen.rename_source", "rename",
           "Give this source another name", palette="Rename the chosen source"),
    Action("sources.delete", "d,delete", "screen.delete", "delete",
           "Delete this source; asks first", True, palette="Delete the chosen source"),
    Action("sources.cancel", "x", "screen.cancel", "cancel",
           "Cancel the load of this source", True, palette="Cancel the load of the chosen source"),
    Action("sources_filter.list", "down,enter", "list", "tree", "From the filter to the tree"),
    Action("prompt.send", "enter", "send", "send", "Send the message", True),
    Action("prompt.newline", "ctrl+j,shift+enter,alt+enter", "newline", "newline",
           "Begin a new line in the message", True),
    Action("prompt.up", "up", "up", "earlier",
           "In the first line: the message before; in the completion: the entry above"),
    Action("prompt.down", "down", "down", "later",
           "In the last line: the message after; in the completion: the entry below"),
    Action("prompt.tab", "tab", "tab", "complete",
           "Take the completion, else go to the next pane"),
    Action("prompt.history", "ctrl+r", "screen.search_history", "history",
           "Find one of your earlier messages by a part of it",
           palette="Find an earlier message of yours"),
    Action("prompt.editor", "ctrl+g", "screen.edit_outside", "editor",
           "Write the message in your own editor: VISUAL or EDITOR",
           palette="Write the message in your own editor"),
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
    Action("transcript.before", "left_square_bracket", "previous_message", "message",
           "The message or tool line before"),
    Action("transcript.after", "right_square_bracket", "next_message", "message",
           "The message or tool line after"),
    Action("transcript.copy", "y", "copy", "copy",
           "Copy the chosen message, else the agent's last one", True),
    Action("transcript.code", "Y,b", "copy_code", "copy code",
           "Copy the code of the chosen message, else of the agent's last one"),
    Action("transcript.edit", "e", "edit", "edit",
           "Edit the chosen message of yours and send it again, in place of what followed", True),
    Action("find.next", "enter,down", "next", "next", "The next place", True),
    Action("find.previous", "shift+enter,up", "previous", "before", "The place before", True),
    Action("find.leave", "escape", "leave", "close", "Close, and stay where you are", True),
    Action("mind.folds", "f", "fold_all", "fold all", "Fold or unfold everything", True,
           palette="Fold or unfold the whole mind"),
    Action("mind.undo", "u", "screen.undo_edit", "undo",
           "Take back this edit of the memory, and only that", True,
           palette="Undo the chosen edit of the memory"),
    Action("mind_tabs.activity", "1", "screen.mind_tab('activity')", "activity",
           "Show what the agent thinks and does", palette="Show the agent's activity"),
    Action("mind_tabs.memory", "2", "screen.mind_tab('memory')", "memory",
           "Show core memory, to edit it"),
    Action("mind_tabs.context", "3", "screen.mind_tab('context')", "context",
           "Show the context window part by part",
           palette="Show the context window part by part"),
    Action("mind_tabs.hits", "4", "screen.mind_tab('hits')", "hits",
           "Show the hits of the last searches", palette="Show the hits of the last searches"),
    Action("memory.history", "h", "history", "history",
           "Show every edit of this block, to restore one", True),
    Action("memory.undo", "u", "undo_last", "undo",
           "Take back the last edit of this block", True),
    Action("memory.new", "n", "new_block", "new", "Add a block", True),
    Action("memory.rename", "r", "rename_block", "rename",
           "Give this block another name", True),
    Action("memory.resize", "s", "resize_block", "size",
           "Give this block more or less room", True),
    Action("memory.delete", "d,delete", "delete_block", "delete",
           "Delete this block; asks first", True),
    Action("versions.restore", "r", "restore", "restore",
           "Give the block the text that it had after this edit", True),
    Action("versions.back", "escape,h", "back", "back", "Back to the blocks", True),
    Action("block_editor.save", "ctrl+s", "save", "save", "Save the block", True),
    Action("block_editor.leave", "escape", "leave", "leave",
           "Leave the block; what is not saved is kept as a draft", True),
    Action("modal.close", "escape", "close", "close", "Close without doing anything", True),
    Action("passage.previous", "left,p", "previous", "passage before",
           "The passage before this one in its document", True),
    Action("passage.next", "right,n", "next", "passage after",
           "The passage after this one in its document", True),
    Action("passage.up", "up,k", "scroll('up')", "up", "Scroll up"),
    Action("passage.down", "down,j", "scroll('down')", "down", "Scroll down"),
    Action("inspector.back", "escape", "back", "back",
           "Cancel the search that runs, else close what is open over the hits, else leave", True),
    Action("inspector.mode", "f6,m", "mode", "mode",
           "Search by meaning and words, by meaning, or by words", True),
    Action("inspector.scope", "f7,f", "scope", "where",
           "Narrow the search: source, document, pages, dates, own archive, conversation", True),
    Action("inspector.compare", "f8,c", "compare", "compare",
           "Compare with another mode, and the next; what moved where", True),
    Action("inspector.seen", "f9,s", "seen", "as seen",
           "Show the hit exactly as the agent saw it, or would see it", True),
    Action("inspector.query", "slash,f2,ctrl+f", "query", "query", "Go to the query"),
    Action("inspector.hits", "f3", "go('hits')", "hits", "Go to the hits"),
    Action("inspector.passage", "f4", "go('passage')", "passage", "Go to the passage"),
    Action("inspector.down", "down", "down", "down", "The hit below"),
    Action("inspector.up", "up", "up", "up", "The hit above"),
    Action("inspector.pins", "f5,b", "pins", "pinned", "Show what is pinned"),
    Action("reading.previous", "left", "screen.neighbour(-1)", "before",
           "The passage before this one in its document"),
    Action("reading.next", "right", "screen.neighbour(1)", "after",
           "The passage after this one in its document"),
    Action("hits.pin", "p", "screen.pin", "pin", "Pin the hit, or take its pin away", True),
    Action("hits.answer", "a", "screen.pin_answer", "pin answer",
           "Pin the answer that the agent drew from this search, else its last one"),
    Action("hits.copy", "y", "screen.copy", "copy",
           "Copy the passage with its citation to the clipboard", True),
    Action("hits.open", "o", "screen.open", "file",
           "Open the file at the page in the system's viewer", True),
    Action("hits.insert", "i", "screen.insert", "quote",
           "Put the passage into the message as a quote", True),
    Action("hits.archive", "A", "screen.archive", "archive",
           "Put the passage into the agent's own archive"),
    Action("hits.delete", "d,delete", "screen.delete", "delete",
           "Delete a memory of the agent's own archive; asks first"),
    Action("hits.export", "e", "screen.export", "export",
           "Write what is pinned to a file, as Markdown with citations", True),
    Action("hits.more", "plus", "screen.more", "more", "Show more hits"),
    Action("picker.down", "down", "down", "down", "The entry below", False, True),
    Action("picker.up", "up", "up", "up", "The entry above", False, True),
    Action("earlier.next", "ctrl+r", "down", "older", "The next older message that has it"),
    Action("permission.once", "o", "answer('once')", "once", "Allow this call", True),
    Action("permission.always", "a", "answer('always')", "always",
           "Allow all calls of this tool by this agent", True),
    Action("permission.never", "n", "answer('never')", "never",
           "Refuse all calls of this tool by this agent", True),
    Action("agents.new", "n", "screen.new", "new", "Make a new agent", True),
    Action("agents.rename", "r", "screen.rename", "rename", "Give the agent another name", True),
    Action("agents.fork", "c", "screen.fork", "copy",
           "Make a copy of the agent as it is now", True),
    Action("agents.export", "e", "screen.export", "export",
           "Write the agent's conversation to a file", True),
    Action("agents.delete", "d,delete", "screen.delete", "delete",
           "Delete the agent when you leave memtui; asks first", True),
    Action("agents.keep", "u", "screen.keep", "undo", "Keep an agent that was to be deleted", True),
    Action("ticked.toggle", "space", "select", "tick", "Tick the row, or untick it"),
    Action("agents.filter", "slash", "screen.filter", "filter", "Type a part of a name", True),
    Action("filter.list", "down,enter", "list", "list", "From the filter to the list"),
    Action("problems.copy", "c", "copy", "copy", "Copy the problem", True),
    Action("problems.copy_all", "a", "copy_all", "copy all", "Copy all problems", True),
    Action("report.copy", "c", "copy", "copy", "Copy the text", True),
    Action("confirm.yes", "y", "yes", "yes", "Do it", True),
    Action("confirm.no", "n", "close", "no", "Leave everything as it is", True),
    Action("main.settings", "alt+comma,ctrl+comma", "settings", "settings",
           "Find and change any setting", palette="Settings: change any of them"),
    Action("main.setup", "alt+w", "setup", "set up",
           "Go through the language model, embeddings, Milvus, agent and looks, step by step",
           palette="Set up memtui, step by step"),
    Action("wizard.back", "escape", "back", "back",
           "Stop the test, else go one step back; from the first, out", True),
    Action("wizard.test", "f5", "test", "test", "Try whether what this step names works", True),
    Action("wizard.next", "ctrl+n", "next", "next", "Go to the next step; from the last, save",
           True),
    Action("settings.list", "down", "to_list", "list", "From the search to the settings"),
    Action("settings.default", "ctrl+r", "default", "default",
           "Give the setting its default again", True),
    Action("folders.unfold", "right", "unfold", "unfold", "Unfold the folder", True),
    Action("folders.fold", "left", "fold_back", "fold", "Fold the folder"),
    Action("check.tick", "space", "toggle_button", "tick", "Tick the box, or take the tick away"),
    Action("check.done", "enter", "done", "done", "Do what the form is for"),
    Action("form.next", "down", "app.focus_next", "next field", "The next field"),
    Action("form.previous", "up", "app.focus_previous", "previous field", "The field before"),
)  # fmt: skip

KEYS_ONLY = frozenset({
    "app.palette",
    "prompt.send", "prompt.newline", "prompt.up", "prompt.down", "prompt.tab", "prompt.pageup",
    "prompt.pagedown", "find.next", "find.previous", "find.leave",
    "rows.up", "rows.down", "rows.pageup", "rows.pagedown", "rows.home", "rows.end",
    "rows.select", "rows.fold", "sources.unfold", "sources.fold", "sources_filter.list",
    "folders.unfold", "folders.fold", "filter.list", "ticked.toggle", "settings.list",
    "passage.up", "passage.down", "inspector.up", "inspector.down",
    "picker.up", "picker.down", "earlier.next", "form.next", "form.previous", "check.tick",
    "check.done",
})  # fmt: skip
"""What only moves a cursor, or belongs to the text being typed: no commands for the palette."""


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
    "find": "In the find line",
    "mind": "In the mind",
    "mind_tabs": "In the mind",
    "memory": "In the memory",
    "versions": "In a block's history",
    "block_editor": "In a block's text",
    "rows": "In any list",
    "passage": "In a passage",
    "inspector": "In a search",
    "hits": "At a hit",
    "reading": "At a hit",
    "agents": "In the agents",
    "wizard": "In the setup",
    "settings": "In the settings",
}
"""The headings of the help screen."""

_SIGNS = {
    "escape": "esc", "slash": "/", "delete": "del", "pageup": "pgup", "pagedown": "pgdn",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "comma": ",",
    "left_square_bracket": "[", "right_square_bracket": "]",
}  # fmt: skip


def key_sign(key: str) -> str:
    """`ctrl+j` as people write it: `^j`."""
    *modifiers, name = key.strip().split("+")
    sign = _SIGNS.get(name, name)
    for modifier in reversed(modifiers):
        sign = f"^{sign}" if modifier == "ctrl" else f"{modifier}+{sign}"
    return sign
