"""Options that several commands share."""

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
of_agent = click.option("--agent", metavar="A", help="The agent, by name or id.")
of_sources = click.option(
    "--source", "sources", metavar="N", multiple=True, help="A source; may be repeated."
)
