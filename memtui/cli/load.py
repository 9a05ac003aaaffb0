"""`memtui load directory` and `memtui load web`: documents into a named source."""

import asyncio
import os
from pathlib import Path

import click

from memtui.api.client import Client
from memtui.api.errors import MemtuiError, UsageError
from memtui.api.library import Job, LoadFailure, LoadReport, LoadRequest
from memtui.api.names import check_name
from memtui.api.pages import canonical
from memtui.api.plain import plain_line
from memtui.cli import options, output
from memtui.cli.money import agree
from memtui.cli.progress import Meter, outcome
from memtui.cli.session import call

_LOOK = 0.1  # seconds between two looks at the job
INTERRUPTED = 130
_MOST = 10  # vanished files named one by one


@click.group()
def load() -> None:
    """Load documents into a named source."""


@load.command()
@click.option("--name", metavar="N", required=True, help="The source: a new one, or one to add to.")
@click.option("--input-files", "files", metavar="F", multiple=True, help="A file; may be repeated.")
@click.argument("more", metavar="[F]...", nargs=-1)
@click.option("--input-dir", "folder", metavar="D", help="Load the files of this folder.")
@click.option("--recursive", is_flag=True, help="With --input-dir: its folders too.")
@click.option("--extensions", metavar=".pdf,.md", help="With --input-dir: only such files.")
@click.option(
    "--exclude",
    metavar="PATTERN",
    multiple=True,
    help="With --input-dir: leave these out, as in a .gitignore; may be repeated.",
)
@click.option("--pages", default="", metavar="3-20,40-", help="Of PDFs: only these pages.")
@click.option("--password", default="", metavar="P", help="Of encrypted PDFs.")
@click.option("--replace", is_flag=True, help="Empty the source first.")
@click.option("--prune", is_flag=True, help="With --input-dir: remove what has gone from it.")
@click.option("--watch", is_flag=True, help="With --input-dir: follow its changes until Ctrl-C.")
@click.option("--strict", is_flag=True, help="Fail when any file fails.")
@click.option("--description", default="", metavar="TEXT", help="What the source is about.")
@options.yes
@options.as_json
def directory(
    name: str,
    files: tuple[str, ...],
    more: tuple[str, ...],
    folder: str | None,
    recursive: bool,
    extensions: str | None,
    exclude: tuple[str, ...],
    pages: str,
    password: str,
    replace: bool,
    prune: bool,
    watch: bool,
    strict: bool,
    description: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Load files, or a folder's files, into the source N.

    The same command again adds, goes on where it was stopped, and skips what is unchanged. A
    watch is a job of the engine: it goes on when the terminal is closed, and the same command
    takes it up again.
    """
    request = LoadRequest(
        name=check_name(name, "source name"),
        paths=[absolute(file) for file in (*files, *more)],
        directory=absolute(folder) if folder is not None else None,
        recursive=recursive,
        extensions=parse_extensions(extensions or ""),
        exclude=list(exclude),
        pages=canonical(pages),
        password=password,
        replace=replace,
        prune=prune,
        watch=watch,
        description=description,
    )
    if bool(request.paths) == bool(request.directory):
        raise UsageError("Name what to load: either --input-files F or --input-dir D.")
    if request.paths and (recursive or request.extensions or exclude):
        raise UsageError(
            "--recursive, --extensions and --exclude choose files of a folder: use --input-dir."
        )
    if request.paths and (prune or watch):
        raise UsageError("--prune and --watch are about a folder: use --input-dir.")
    job, stopped = call(lambda client: follow(client, request, yes))
    if as_json:
        output.data(job)
    return report(job, stopped, strict, quiet=as_json, watched=watch)


@load.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--name", metavar="N", required=True, help="The source: a new one, or one to add to.")
@click.option("--pages", default="", metavar="3-20,40-", help="Of PDFs: only these pages.")
@click.option("--password", default="", metavar="P", help="Of encrypted PDFs.")
@click.option("--replace", is_flag=True, help="Empty the source first.")
@click.option("--strict", is_flag=True, help="Fail when any page fails.")
@click.option("--description", default="", metavar="TEXT", help="What the source is about.")
@options.yes
@options.as_json
def web(
    urls: tuple[str, ...],
    name: str,
    pages: str,
    password: str,
    replace: bool,
    strict: bool,
    description: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Load web pages into the source N: their main text; PDF, Markdown and plain text, too.

    Only these pages, not what they link to. The same command again loads what has changed.
    """
    for url in urls:
        if not url.lower().startswith(("http://", "https://")):
            raise UsageError(
                f"{plain_line(url)} is no web address: begin it with https://. Files are loaded "
                "with `memtui load directory`."
            )
    request = LoadRequest(
        name=check_name(name, "source name"),
        urls=list(urls),
        pages=canonical(pages),
        password=password,
        replace=replace,
        description=description,
    )
    job, stopped = call(lambda client: follow(client, request, yes))
    if as_json:
        output.data(job)
    return report(job, stopped, strict, quiet=as_json)


def absolute(path: str) -> str:
    """`path` from the root, as the engine needs it. Raises UsageError when it is empty."""
    if not path:
        raise UsageError("A path is empty. Name a file or a folder.")
    try:
        whole = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111 - it never raises
        return str(whole.resolve() if ".." in whole.parts else whole)
    except FileNotFoundError:
        raise MemtuiError("The current folder does not exist any more. Go to another.") from None


def parse_extensions(text: str) -> list[str]:
    """`.pdf, md` as `[".pdf", ".md"]`."""
    names = [part.strip().lower().removeprefix(".") for part in text.split(",")]
    return [f".{name}" for name in names if name]


async def follow(client: Client, request: LoadRequest, yes: bool = False) -> tuple[Job, bool]:
    """Load, showing the progress, until the job has ended; unless `yes`, ask before it costs much.

    Ctrl-C cancels the job and waits for it; the second value says whether that happened.
    """
    agree((await client.load_cost(request)).cost, "these files", yes)
    meter = Meter()
    job = await client.load(request)
    try:
        return await _ended(client, job, meter), False
    except asyncio.CancelledError:
        meter.clear()
        output.note("Stopping …")
        return await _ended(client, await client.cancel_job(job.id), meter), True
    finally:
        meter.clear()


async def _ended(client: Client, job: Job, meter: Meter) -> Job:
    told = LoadReport()
    while job.state in {"waiting", "running"}:
        if job.progress.doing != "watching":
            meter.show(job)
        elif job.report is not None and job.report != told:
            meter.clear()
            _tell_watched(job, job.report, told)
            told = job.report
        await asyncio.sleep(_LOOK)
        job = await client.job(job.id)
    return job


def _tell_watched(job: Job, now: LoadReport, before: LoadReport) -> None:
    _explain(now)
    done = outcome(now, before) or "nothing to load yet"
    if before.unchanged + before.added and done == outcome(LoadReport(unchanged=now.unchanged)):
        return  # what changed was of no concern
    total = output.count(now.passages, "passage")
    output.note(f"{job.source}: {done}; {total} in all. Watching the folder; Ctrl-C ends it.")


def _explain(result: LoadReport) -> None:
    for failure in result.failures:
        output.note(_failure(failure))
    for text in result.notes:
        output.note(text)
    for path in result.vanished[:_MOST]:
        output.note(f"{path} has gone; its passages are kept. --prune removes them.")
    if len(result.vanished) > _MOST:
        output.note(f"{len(result.vanished) - _MOST:,} more files have gone as well.")


def report(
    job: Job,
    stopped: bool = False,
    strict: bool = False,
    quiet: bool = False,
    watched: bool = False,
) -> int:
    """Say how a load went and return its exit status. `quiet`: nothing on stdout."""
    result = job.report or LoadReport()
    if stopped and watched and result.passages:
        kept = output.count(result.passages, "passage")
        output.note(f"Watching has ended. {job.source} keeps its {kept}.")
        return 0
    _explain(result)
    read = result.added + result.replaced
    failed = len(result.failures)
    total = read + result.unchanged + result.renamed + failed
    if failed and (total > 1 or result.passages):
        output.note(f"{failed} of {output.count(total, 'file')} could not be loaded.")
    if stopped or job.state in {"cancelled", "interrupted"}:
        how = "Stopped" if stopped else f"The load was {job.state}"
        output.note(
            f"{how}. {job.source} keeps what is loaded so far; the same command goes on from there."
            if result.passages
            else f"{how} before anything was loaded. The same command begins again."
        )
        return INTERRUPTED if stopped else 1
    if job.state == "failed":
        # Told already, file by file, when nothing but the files was wrong.
        if not (failed and job.error.endswith(result.failures[0].reason)):
            output.note(job.error or f"Nothing could be loaded into {job.source}.")
        return 1
    if moved := outcome(LoadReport(renamed=result.renamed, pruned=result.pruned)):
        output.note(f"{moved[:1].upper()}{moved[1:]}.")
    if result.unchanged and not (read or moved or result.failures):
        output.note(
            f"{job.source} already has {_these(result.unchanged)}, unchanged. To load "
            f"{'it' if result.unchanged == 1 else 'them'} afresh, add --replace."
        )
    elif result.unchanged:
        output.note(f"{output.count(result.unchanged, 'file')} unchanged, not read again.")
    if not result.passages:
        output.note(f"Nothing could be loaded into {job.source}.")
        return 1
    if not quiet:
        output.line(
            f"Loaded {result.passages} passages and {result.documents_as_pages} documents "
            f"from {job.source}"
        )
    return 1 if strict and result.failures else 0


def _these(number: int) -> str:
    return "this file" if number == 1 else f"these {number:,} files"


def _failure(failure: LoadFailure) -> str:
    named = Path(failure.path).name in failure.reason
    return failure.reason if named else f"{failure.path}: {failure.reason}"
