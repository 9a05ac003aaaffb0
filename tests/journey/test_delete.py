"""What is deleted is gone: from search, from the conversation, from both stores, by raw ids too."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from memtui import paths
from memtui.api.client import Client
from memtui.api.search import SearchRequest
from memtui.archive import Archive
from memtui.engine.indexes import Spec
from memtui.record import INDEX, Record
from memtui.search import terms
from tests.engine.helpers import make_pdf, memtui, memtui_json

SECRET = "The vault of Ravenglass opens with the word heliotrope, spoken at midnight."
HARMLESS = "The bakery of Ravenglass opens at seven and sells rye bread."
QUESTION = "With which word does the vault of Ravenglass open?"


pytestmark = pytest.mark.usefixtures("no_traceback", "in_process")


@contextmanager
def stores() -> Iterator[tuple[Record, Archive]]:
    """Both stores, opened as the engine would; it has to be stopped."""
    record = Record(paths.record_file(), terms.index_terms)
    record.open()
    serving = Spec.model_validate_json(record.meta(INDEX) or "")
    archive = Archive(serving.place, socket=paths.milvus_socket_file())
    archive.open(serving.collection, serving.dimension)
    try:
        yield record, archive
    finally:
        archive.close()
        record.close()


def said_about(agent_id: str, query: str) -> str:
    """All that a search of the agent's conversation finds."""

    async def search() -> str:
        async with Client() as client:
            request = SearchRequest(query=query, agent_id=agent_id, conversation=True, k=100)
            return "\n".join(hit.text for hit in (await client.search(request)).hits)

    return asyncio.run(search())


def test_a_deleted_source_is_not_found_again(tmp_path: Path) -> None:
    secret = make_pdf(tmp_path / "secret.pdf", [SECRET, "Its keeper never sleeps."])
    harmless = make_pdf(tmp_path / "harmless.pdf", [HARMLESS])
    memtui("load", "directory", "--name=secret", str(secret))
    memtui("load", "directory", "--name=harmless", str(harmless))
    agent = memtui_json("add", "agent", "--name=A", "--persona=memgpt_doc")
    memtui("attach", "A", "secret")
    memtui("attach", "A", "harmless")
    reply = memtui_json("ask", "--agent=A", QUESTION)
    assert "heliotrope" in reply["reply"]
    assert "heliotrope" in said_about(agent["id"], "heliotrope")
    hits = memtui_json("search", "--source=secret", "vault keeper")["hits"]
    ids = {hit["passage_id"] for hit in hits}
    assert len(ids) == 2
    source = memtui_json("show", "source", "secret")

    # Detached, the agent finds it no more; it is there still.
    memtui("detach", "A", "secret")
    found = memtui_json("search", "--agent=A", "heliotrope vault")["hits"]
    assert {hit["source"] for hit in found} == {"harmless"}
    assert memtui_json("search", "--source=secret", "heliotrope")["hits"]
    memtui("attach", "A", "secret")

    refused = memtui("delete", "source", "secret", check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "add -y" in refused.stderr
    done = memtui("delete", "source", "secret", "-y").stdout
    assert done == "Deleted the source secret with 1 document and 2 passages.\n"

    for mode in ("hybrid", "dense", "text"):
        for where in ([], ["--agent=A"]):
            search = memtui_json("search", *where, f"--mode={mode}", "heliotrope", check=False)
            assert {hit["source"] for hit in search["hits"]} <= {"harmless"}
    for passage in ids:
        assert memtui("show", "passage", passage, check=False).returncode == 1
    assert memtui("search", "--source=secret", "vault", check=False).returncode == 1
    assert "heliotrope" not in said_about(agent["id"], "heliotrope vault of Ravenglass word")
    again = memtui("ask", "--agent=A", "--json", QUESTION, check=False)
    assert "heliotrope" not in again.stdout
    assert {document["name"] for document in memtui_json("list", "documents")} == {"harmless.pdf"}
    memtui("engine", "stop")

    with stores() as (record, archive):
        scope = f"source_{source['id']}"
        assert scope not in archive.scopes()
        assert archive.ids(scope) == set()
        everywhere = {one for known in archive.scopes() for one in archive.ids(known)}
        assert not ids & everywhere
        vectors = archive._client.query(archive._collection, output_fields=["id", "text"])
        assert vectors, "what else there is stays"
        assert not [row for row in vectors if "heliotrope" in row["text"] or row["id"] in ids]
        assert record.passages.many(list(ids)) == {}
        assert record.passages.text_search(None, terms.query_terms("heliotrope"), 10) == []
        assert record.removals.pending(10) == []
        with record.read() as connection:
            dump = "\n".join(connection.iterdump())
        # The agent's history is never erased, but no passage of the source is in it.
        assert dump.count(SECRET) <= dump.count(f"“{SECRET}”")


def test_a_deleted_agent_takes_its_memory_along(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text(HARMLESS)
    memtui("load", "directory", "--name=note", str(note))
    agent = memtui_json("add", "agent", "--name=A", "--persona=memgpt_doc")
    memtui("attach", "A", "note")
    memtui("ask", "--agent=A", "When does the bakery of Ravenglass open?")
    memtui("delete", "agent", "A", "-y")
    memtui("engine", "stop")
    with stores() as (record, archive):
        assert not [scope for scope in archive.scopes() if agent["id"] in scope]
        assert record.passages.ids(f"recall_{agent['id']}") == []
        (source,) = record.sources.list()
        assert archive.ids(f"source_{source.id}") == set(record.passages.ids(f"source_{source.id}"))
