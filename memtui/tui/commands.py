"""The slash commands, as a table. A command names an action of the main screen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """`run` is called on the main screen with the text after the name. `takes` names it."""

    name: str
    help: str
    run: str
    takes: str = ""


COMMANDS = (
    Command("attach", "Attach a source; without a name, choose one", "say_attach", "SOURCE"),
    Command("detach", "Detach a source; without a name, choose one", "say_detach", "SOURCE"),
    Command("search", "Search what the agent can see, yourself", "say_search", "QUERY"),
    Command("load", "Load files or a folder as a source", "say_load", "PATH"),
    Command("memory", "Show core memory, and how much is remembered", "say_memory"),
    Command("sources", "Go to the sources", "say_sources"),
    Command("agents", "Open another agent, or make a new one", "say_agents"),
    Command("model", "Choose the language model", "say_model"),
    Command("help", "Show all keys and commands", "say_help"),
    Command("exit", "Leave memtui", "say_exit"),
)


def parse(text: str) -> tuple[str, str] | None:
    """`/name rest` as a name and what follows it; None when `text` is no command."""
    if not text.startswith("/") or text.startswith("//"):
        return None
    name, _, rest = text[1:].partition(" ")
    return name.strip(), rest.strip()


def find(name: str) -> Command | None:
    return next((command for command in COMMANDS if command.name == name), None)


def completions(text: str) -> list[Command]:
    """The commands that `text` may become, while only a name is being typed."""
    if not text.startswith("/") or " " in text or "\n" in text:
        return []
    return [command for command in COMMANDS if command.name.startswith(text[1:])]
