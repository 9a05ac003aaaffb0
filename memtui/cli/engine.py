"""`memtui engine status|stop` and `memtui doctor`."""

import asyncio
import contextlib

import click

from memtui.api import launch
from memtui.api.client import Client
from memtui.api.errors import MemtuiError, UnavailableError
from memtui.api.system import Check, EngineStatus
from memtui.cli import options, output
from memtui.cli.session import call


@click.group()
def engine() -> None:
    """The engine: the process that owns your data. Any command starts it when it is needed."""


@engine.command()
@options.as_json
def status(as_json: bool) -> None:
    """Say whether the engine runs. Never starts it."""
    found = asyncio.run(_status())
    if as_json:
        output.data(found)
    elif not found.running:
        output.line("No engine is running. The next command that needs one starts it.")
    else:
        unsaid = () if found.reindex else ("reindex",)
        output.fields([(k, v) for k, v in found if k not in ("environment", *unsaid)])


async def _status() -> EngineStatus:
    if launch.running_socket():
        # Not entered: that would replace the engine of another version.
        client = Client()
        try:
            with contextlib.suppress(UnavailableError):
                status = await client.status()
                if not status.problem:
                    plan = await client.reindex_plan()
                    return status.model_copy(update={"reindex": plan.sentence})
                return status
        finally:
            await client.close()
    return EngineStatus(running=False)


@engine.command()
def stop() -> None:
    """End the engine in order. A load that was running goes on when it is asked for again."""
    output.line(asyncio.run(_stop()))


async def _stop() -> str:
    if not launch.running_socket():
        return "No engine is running."
    client = Client()
    try:
        jobs = (await client.status()).jobs
        await client.stop_engine()
    finally:
        await client.close()
    if jobs:
        return "The engine has ended in the middle of a load. The same load goes on from there."
    return "The engine has ended."


@click.command()
@options.as_json
def doctor(as_json: bool) -> int:
    """Check the folders, the engine, SQLite, Milvus, the embedder and the model."""
    checks = [_settings(), *_engine()]
    if as_json:
        output.data(checks)
    else:
        for check in checks:
            output.line(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
    return 0 if all(check.ok for check in checks) else 1


def _settings() -> Check:
    from memtui import config, paths

    try:
        config.load()
    except config.ConfigError as error:
        return Check(name="configuration", ok=False, detail=str(error))
    exists = paths.config_file().exists()
    detail = str(paths.config_file()) if exists else "nothing configured yet, all defaults"
    return Check(name="configuration", ok=True, detail=detail)


def _engine() -> list[Check]:
    try:
        return call(lambda client: client.doctor())
    except MemtuiError as error:
        return [Check(name="engine", ok=False, detail=str(error))]
