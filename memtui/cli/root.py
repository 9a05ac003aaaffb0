"""The command `memtui` and the table of its commands, each imported when it is called."""

import difflib
from importlib import import_module

import click

COMMANDS = {
    "run": ("opening:run", "Open the app on an agent, or on a new one."),
    "demo": ("demo:demo", "Open the app on the bundled handbook. No key, no network."),
    "configure": ("configure:configure", "Choose the language model and Milvus; show settings."),
    "load": ("load:load", "Load documents into a named source."),
    "reindex": ("reindex:reindex", "Build the vector index anew, or move it."),
    "attach": ("attach:attach", "Attach a source to an agent."),
    "detach": ("attach:detach", "Detach a source from an agent."),
    "ask": ("ask:ask", "Ask an agent, or sources, one question."),
    "search": ("search:search", "Search passages."),
    "list": ("listing:listing", "List agents, sources, documents, personas, humans or jobs."),
    "show": ("show:show", "Show an agent, its context, a source, a document or a passage."),
    "add": ("add:add", "Add an agent, a persona or a human."),
    "block": ("block:block", "Change the blocks of an agent's core memory."),
    "tools": ("tools:tools", "List tools, and enable or disable them for an agent."),
    "heartbeat": ("heartbeat:heartbeat", "Let an agent wake by itself after minutes of rest."),
    "delete": ("delete:delete", "Delete an agent, a source, a persona or a human."),
    "undo": ("undo:undo", "Undo the last change of an agent's memory or history."),
    "export": ("export:export", "Write a conversation as Markdown or JSON Lines."),
    "engine": ("engine:engine", "The engine: its status, and how to stop it."),
    "bench": ("bench:bench", "Measure what memtui itself costs on this machine."),
    "doctor": ("engine:doctor", "Check that everything works."),
    "folder": ("about:folder", "Print where memtui keeps its files."),
    "version": ("about:version", "Print the version."),
}


class Lazy(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"memtui.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean `memtui {close[0]}`?" if close else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 3 nothing found.",
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True,
              callback=lambda ctx, _, wanted: _version(ctx) if wanted else None,
              help="Print the version.")  # fmt: skip
def memtui() -> None:
    """Talk to MemGPT agents about your own documents, in the terminal.

    Without a command, memtui opens the app on the last agent. `memtui demo` is a good start.
    """


def _version(ctx: click.Context) -> None:
    from memtui import __version__

    click.echo(f"memtui {__version__}")
    ctx.exit()
