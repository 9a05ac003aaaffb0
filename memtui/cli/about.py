"""`memtui folder` and `memtui version`: what can be said without the engine."""

import click

from memtui.cli import options, output


@click.command()
@options.as_json
def version(as_json: bool) -> None:
    """Print the version."""
    from memtui import __version__

    if as_json:
        output.data({"version": __version__})
    else:
        output.line(f"memtui {__version__}")


@click.command()
@options.as_json
def folder(as_json: bool) -> None:
    """Print where memtui keeps its files. MEMTUI_HOME moves them all below one folder."""
    from memtui import paths

    places = {
        "configuration": paths.config_file(),
        "credentials": paths.credentials_file(),
        "data": paths.data_dir(),
        "state": paths.state_dir(),
        "log": paths.log_file(),
        "socket": paths.socket_file(),
    }
    if as_json:
        output.data({name: str(path) for name, path in places.items()})
    else:
        output.fields(list(places.items()))
