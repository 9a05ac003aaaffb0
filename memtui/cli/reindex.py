"""`memtui reindex`: the vector index, built anew from the record."""

import asyncio

import click

from memtui.api.client import Client
from memtui.api.library import Job
from memtui.api.system import ReindexPlan
from memtui.cli import options, output
from memtui.cli.load import INTERRUPTED
from memtui.cli.money import agree
from memtui.cli.progress import Meter, duration
from memtui.cli.session import call

_LOOK = 0.1  # seconds between two looks at the job


@click.command()
@options.yes
@options.as_json
def reindex(yes: bool, as_json: bool) -> int:
    """Build the vector index anew, with the model and in the Milvus that the settings name.

    Until it is done, search uses the old one. It goes on by itself after the engine was stopped
    or killed; after Ctrl-C the same command goes on.
    """
    job, plan, stopped = call(lambda client: _reindex(client, yes))
    if as_json:
        output.data(job)
    if stopped or job.state in {"cancelled", "interrupted"}:
        output.note(f"Stopped. {plan.serving} serves; the same command goes on from there.")
        return INTERRUPTED if stopped else 1
    if job.state == "failed":
        output.note(job.error)
        return 1
    if not as_json:
        seconds = ((job.ended_at or job.created_at) - job.created_at).total_seconds()
        output.line(
            f"{output.count(job.progress.indexed, 'passage')} indexed with {plan.wanted} in "
            f"{duration(seconds)}."
        )
    return 0


async def _reindex(client: Client, yes: bool) -> tuple[Job, ReindexPlan, bool]:
    plan = await client.reindex_plan()
    agree(plan.cost, f"{plan.left:,} passages", yes)
    job, meter, stopped, told = await client.reindex(), Meter(), False, ""
    try:
        while job.state in {"waiting", "running"}:
            try:
                meter.show(job)
                if (doing := job.progress.doing) != told and doing.endswith("."):
                    meter.clear()
                    output.note(doing)  # what it waits for
                told = doing
                await asyncio.sleep(_LOOK)
                job = await client.job(job.id)
                if job.state == "interrupted":  # a new engine goes on by itself
                    job = await client.reindex()
            except asyncio.CancelledError:
                meter.clear()
                output.note("Stopping …")
                stopped, job = True, await client.cancel_job(job.id)
    finally:
        meter.clear()
    return job, plan, stopped
