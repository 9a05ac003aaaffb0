"""Agents, core memory, attachments; jobs and templates; the record's own health."""

import pytest

from memtui.api.errors import ConflictError, NotFoundError, UsageError
from memtui.api.library import LoadFailure, LoadReport, Progress
from memtui.record import NewMessage, Record
from tests.record.conftest import Library


def test_an_agent(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a", "one", "two")
    agent = library.agent("Otter", source)
    assert record.agents.get(agent.id) == record.agents.by_name("Otter") == agent
    assert (agent.persona, agent.human, agent.model) == ("sam", "basic", None)
    (attached,) = agent.sources
    assert (attached.id, attached.name, attached.passages, attached.documents) == (
        source.id,
        "papers",
        2,
        1,
    )
    assert record.agents.system(agent.id) == "Be kind."
    record.agents.set_system(agent.id, "Be brief.")
    record.agents.set_model(agent.id, "offline")
    assert record.agents.system(agent.id) == "Be brief."
    assert record.agents.get(agent.id).model == "offline"
    assert record.agents.rename(agent.id, "Seal").name == "Seal"
    assert record.agents.by_name("Otter") is None


def test_names_of_agents_are_unique(record: Record, library: Library) -> None:
    otter, seal = library.agent("Otter"), library.agent("Seal")
    with pytest.raises(ConflictError, match="an agent named Otter already"):
        library.agent("Otter")
    with pytest.raises(ConflictError):
        record.agents.rename(seal.id, "Otter")
    assert record.agents.rename(otter.id, "Otter").name == "Otter"


def test_every_call_about_an_agent_that_is_gone(record: Record) -> None:
    source = record.sources.create("papers")
    for call in (
        lambda: record.agents.get("no"),
        lambda: record.agents.delete("no"),
        lambda: record.agents.rename("no", "x"),
        lambda: record.agents.system("no"),
        lambda: record.agents.attach("no", source.id),
        lambda: record.agents.detach("no", source.id),
        lambda: record.agents.reset_context("no"),
        lambda: record.blocks.list("no"),
        lambda: record.blocks.versions("no"),
        lambda: record.messages.append("no", "t", [NewMessage("user", "hi")]),
    ):
        with pytest.raises(NotFoundError, match="There is no agent no"):
            call()


def test_the_one_used_last_comes_first(record: Record, library: Library) -> None:
    assert record.agents.last() is None
    agents = [library.agent(name) for name in ("A", "B", "C")]
    record.agents.create("Passing", "p", "h", temporary=True)
    assert [one.name for one in record.agents.list()] == ["C", "B", "A"]
    record.messages.append(agents[0].id, "t", [NewMessage("user", "Hello.")])
    assert [one.name for one in record.agents.list()] == ["A", "C", "B"]
    last = record.agents.last()
    assert last is not None
    assert last.name == "A"


def test_attaching_twice_and_detaching_twice(record: Record, library: Library) -> None:
    source, agent = record.sources.create("papers"), library.agent()
    assert record.agents.attach(agent.id, source.id) is True
    assert record.agents.attach(agent.id, source.id) is False
    assert record.agents.detach(agent.id, source.id) is True
    assert record.agents.detach(agent.id, source.id) is False
    with pytest.raises(NotFoundError, match="There is no source nope"):
        record.agents.attach(agent.id, "nope")


def test_an_agent_with_a_source_that_is_gone_is_not_made(record: Record) -> None:
    with pytest.raises(NotFoundError):
        record.agents.create("Otter", "p", "h", source_ids=["nope"])
    assert record.agents.list() == []


def test_deleting_an_agent_removes_all_of_it(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    agent, other = library.agent("Otter", source), library.agent("Seal")
    record.passages.add_to_scope(f"agent_{agent.id}", "a secret")
    record.messages.append(agent.id, "t", [NewMessage("user", "hello", recall="hello secret")])
    record.blocks.edit(agent.id, "human", "Ada", "agent")
    record.agents.delete(agent.id)
    assert [one.name for one in record.agents.list()] == ["Seal"]
    assert record.passages.text_search(None, ["secret"], 9) == []
    assert {row[1:] for row in record.removals.pending(9)} == {
        (f"agent_{agent.id}", None),
        (f"recall_{agent.id}", None),
    }
    assert record.messages.count(agent.id) == 0
    assert len(record.blocks.list(other.id)) == 2
    assert record.sources.list() != []
    assert all(check.ok for check in record.integrity())


def test_temporary_agents_that_were_left_over(record: Record, library: Library) -> None:
    kept = library.agent()
    gone = record.agents.create("Passing", "p", "h", temporary=True)
    assert record.agents.delete_temporary() == [gone.id]
    assert record.agents.delete_temporary() == []
    assert [one.id for one in record.agents.list()] == [kept.id]
    assert len(record.removals.pending(9)) == 2


def test_core_memory_keeps_every_edit(record: Record, library: Library) -> None:
    agent = library.agent()
    assert [block.label for block in record.blocks.list(agent.id)] == ["persona", "human"]
    first = record.blocks.edit(agent.id, "human", "Ada", "agent")
    record.blocks.edit(agent.id, "persona", "I am Ann.", "user")
    assert (first.before, first.after, first.author) == ("Chad", "Ada", "agent")
    assert [one.label for one in record.blocks.versions(agent.id)] == ["persona", "human"]
    assert record.blocks.versions(agent.id, "human") == [first]
    assert record.blocks.list(agent.id)[1].value == "Ada"


def test_the_limit_of_a_block_holds(record: Record, library: Library) -> None:
    agent = library.agent()
    record.blocks.edit(agent.id, "human", "é" * 2000, "agent")
    with pytest.raises(UsageError, match="at most 2000 characters, and this would make 2001"):
        record.blocks.edit(agent.id, "human", "é" * 2001, "agent")
    with pytest.raises(NotFoundError, match=r"'notes'\. The blocks are: persona, human\."):
        record.blocks.edit(agent.id, "notes", "x", "agent")
    assert len(record.blocks.versions(agent.id)) == 1


def test_jobs(record: Record) -> None:
    job = record.jobs.create("s1", "papers")
    assert (job.state, job.kind, job.source, job.ended_at) == ("waiting", "load", "papers", None)
    record.jobs.update(job.id, state="running", progress=Progress(files=3, doing="a\udce9.pdf"))
    running = record.jobs.get(job.id)
    assert (running.state, running.progress.files, running.report) == ("running", 3, None)
    report = LoadReport(added=2, failures=[LoadFailure(path="/x\udce9", reason="Truncated.")])
    done = record.jobs.update(job.id, state="done", report=report)
    assert done.ended_at is not None
    assert done.report is not None
    assert (done.report.added, done.report.failures[0].path) == (2, "/x?")
    assert done.progress.files == 3
    later = record.jobs.create(None, "notes")
    record.jobs.update(later.id, state="running", error="")
    waiting = record.jobs.create(None, "more")
    assert [one.id for one in record.jobs.list()] == [waiting.id, later.id, job.id]
    assert len(record.jobs.list(1)) == 1
    assert {one.id for one in record.jobs.interrupt_running()} == {waiting.id, later.id}
    assert [one.state for one in record.jobs.list()] == ["interrupted", "interrupted", "done"]
    assert record.jobs.interrupt_running() == []
    with pytest.raises(NotFoundError, match="There is no job nope"):
        record.jobs.update("nope", state="done")


def test_templates(record: Record) -> None:
    record.templates.put("persona", "pirate", "Arr")
    record.templates.put("human", "pirate", "Likes rum")
    record.templates.put("persona", "pirate", "Arrr")
    (pirate,) = record.templates.list("persona")
    assert (pirate.text, pirate.builtin) == ("Arrr", False)
    assert record.templates.get("human", "nobody") is None
    assert record.templates.delete("persona", "pirate") is True
    assert record.templates.delete("persona", "pirate") is False
    assert len(record.templates.list("human")) == 1


def test_stats_and_integrity(record: Record, library: Library) -> None:
    source = record.sources.create("papers")
    library.load(source, "/a", "one", "two")
    library.agent()
    stats = record.stats()
    assert (stats["passages"], stats["waiting"], stats["agents"]) == (2, 2, 1)
    assert stats["bytes"] > 0
    with record.write() as connection:
        connection.execute("UPDATE documents SET passages = 3")
    (wrong,) = (check for check in record.integrity() if not check.ok)
    assert (wrong.name, wrong.detail) == ("documents", "1 have lost passages: load them again")
