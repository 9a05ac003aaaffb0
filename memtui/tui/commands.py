"""The slash commands, as a table. A command names an action of the main screen."""

import re
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
    Command("reindex", "Build the vector index anew, after a change of the settings",
            "say_reindex"),
    Command("memory", "Show core memory, and how much is remembered", "say_memory"),
    Command("retry", "Send your last message again, in place of what came of it", "say_retry"),
    Command("edit", "Edit your last message, and send it again", "say_edit"),
    Command("undo", "Undo the last change of the agent's memory or history", "say_undo"),
    Command("pop", "Take the last messages out of the history (3)", "say_pop", "[N]"),
    Command("rethink", "Replace the agent's last thought", "say_rethink", "TEXT"),
    Command("rewrite", "Replace the agent's last reply", "say_rewrite", "TEXT"),
    Command("summarize", "Fold older messages into a summary now", "say_summarize"),
    Command("heartbeat", "Let the agent act without a message", "say_heartbeat"),
    Command("memorywarning", "Warn the agent that its context is nearly full", "say_memorywarning"),
    Command("fork", "Go on with a copy of the agent from here", "say_fork", "[NAME]"),
    Command("export", "Write the conversation to a file (.md, or .jsonl)", "say_export", "[PATH]"),
    Command("context", "Show the context window part by part, with its text", "say_context"),
    Command("dump", "Show the messages in the context, or the last N", "say_dump", "[N]"),
    Command("dumpraw", "Show what the model is sent, as JSON", "say_dumpraw", "[N]"),
    Command("systemswap", "Exchange the system prompt; shows the difference", "say_systemswap",
            "TEXT"),
    Command("model", "Choose the language model; with a name, for this agent", "say_model",
            "[NAME]"),
    Command("sources", "Go to the sources", "say_sources"),
    Command("agents", "Open another agent, or make a new one", "say_agents"),
    Command("settings", "Find and change any setting", "say_settings", "[NAME]"),
    Command("save", "Say when all of this was saved", "say_save"),
    Command("help", "Show all keys and commands", "say_help"),
    Command("exit", "Leave memtui", "say_exit"),
)  # fmt: skip

DEFAULT_MODEL = "default"
"""What /model calls the configured one."""


def parse(text: str) -> tuple[str, str] | None:
    """`/name rest` as a name and what follows it; None when `text` is no command."""
    if not text.startswith("/") or text.startswith("//"):
        return None
    name = re.match(r"\S*", text[1:])
    assert name is not None
    return name[0], text[1 + name.end() :].strip()


def message(text: str) -> str:
    """What is meant by text that is no command: `//x` is a message that begins with a slash."""
    return text[1:] if text.startswith("//") else text


def typed(text: str) -> str:
    """How to type a message, so that it is none of the commands."""
    return f"/{text}" if text.startswith("/") else text


def find(name: str) -> Command | None:
    return next((command for command in COMMANDS if command.name == name), None)


def completions(text: str) -> list[Command]:
    """The commands that `text` may become, while only a name is being typed."""
    if not text.startswith("/") or " " in text or "\n" in text:
        return []
    return [command for command in COMMANDS if command.name.startswith(text[1:])]
