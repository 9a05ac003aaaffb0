"""The commands over a real engine: load, attach, ask, search, list, show, delete."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from memtui.api import launch
from tests.cli.conftest import Memtui

pytestmark = pytest.mark.usefixtures("shared")

HIT = {
    "rank", "score", "dense_score", "dense_rank", "text_score", "text_rank", "terms", "text",
    "source", "document", "document_path", "page", "page_end", "page_label", "passage_id",
}  # fmt: skip


def load(memtui: Memtui, name: str, *files: Path) -> None:
    result = memtui("load", "directory", "--name", name, *(f"--input-files={f}" for f in files))
    assert result.status == 0, result.err


def parsed(memtui: Memtui, *arguments: str, status: int = 0) -> Any:
    result = memtui(*arguments, "--json")
    assert result.status == status, result.err
    return json.loads(result.out)


def test_the_tutorial_without_the_app(memtui: Memtui, pdf: Path) -> None:
    loaded = memtui("load", "directory", "--name", "paper", f"--input-files={pdf}")
    assert loaded.status == 0, loaded.err
    assert re.fullmatch(r"Loaded [1-9]\d* passages and 3 documents from paper\n", loaded.out)

    assert memtui("add", "agent", "--name", "Reader", "--persona", "memgpt_doc").status == 0
    assert "Attached paper" in memtui("attach", "Reader", "paper").out
    again = memtui("attach", "Reader", "paper")
    assert (again.status, again.err) == (0, "")
    assert "already" in again.out

    question = "How tall is the lighthouse of Borkum?"
    answer = memtui("ask", "--agent", "Reader", question)
    assert answer.status == 0, answer.err
    assert "sixty metres" in answer.out
    assert "[paper p. 1]" in answer.out
    told = memtui("ask", question, "--verbose")
    assert "sixty metres" in told.out, "the agent used last is meant"
    assert "archival_memory_search" in told.err

    reply = parsed(memtui, "ask", "--agent", "Reader", question)
    assert {"agent", "reply", "steps", "citations", "usage"} <= set(reply)
    assert reply["agent"] == "Reader"
    assert any(step["hits"] for step in reply["steps"])
    assert {"thought", "tool", "arguments", "result", "hits"} <= set(reply["steps"][0])
    cited = reply["citations"][0]
    assert (cited["source"], cited["document"], cited["page"]) == ("paper", pdf.name, 1)
    assert cited["verified"]

    passage = parsed(memtui, "show", "passage", cited["passage_id"], "--context", "1")["passage"]
    assert "sixty metres" in passage["text"]

    assert "Detached paper" in memtui("detach", "Reader", "paper").out
    assert "not attached" in memtui("detach", "Reader", "paper").out
    nothing = memtui("ask", "--agent", "Reader", question)
    assert nothing.status == 3
    assert "sixty" not in nothing.out


def test_searching(memtui: Memtui, pdf: Path, tmp_path: Path) -> None:
    empty = memtui("search", "lighthouse")
    assert empty.status == 3
    assert "nothing to search" in empty.err
    note = tmp_path / "boats.md"
    note.write_text("# Boats\n\nThe ferry *Ostfriesland* leaves the harbour at noon.\n")
    load(memtui, "paper", pdf)
    load(memtui, "notes", note)

    found = memtui("search", "petroleum lamp", "--source", "paper")
    assert found.status == 0, found.err
    # neighbours in one document: a line for each, the best first, and what they say as one
    each = (
        r"  1  1\.00  \[paper p\. \d\]  [a-z0-9]+\n(  \d  \d\.\d\d  \[paper p\. \d\]  [a-z0-9]+\n)*"
    )
    assert re.match(each + r"     .*petroleum", found.out)

    reply = parsed(memtui, "search", "when does the ferry leave", "-k", "2")
    assert (reply["query"], reply["mode"]) == ("when does the ferry leave", "hybrid")
    first = reply["hits"][0]
    assert set(first) >= HIT
    assert (first["rank"], first["source"], first["document"]) == (1, "notes", "boats.md")
    assert first["page"] is None
    assert first["document_path"] == str(note)
    start, end = first["terms"][0]
    assert first["text"][start:end].lower() in {"ferry", "leaves"}
    assert len(reply["hits"]) <= 2

    words = parsed(memtui, "search", "ferry", "--mode", "text")["hits"]
    assert words[0]["text_rank"] == 1
    assert words[0]["dense_score"] is None
    meaning = parsed(memtui, "search", "ferry", "--mode", "dense")["hits"]
    assert meaning[0]["dense_rank"] == 1
    assert meaning[0]["text_score"] is None

    missing = memtui("search", "zyzzyva", "--mode", "text")
    assert (missing.status, missing.out) == (3, "")
    assert parsed(memtui, "search", "zyzzyva", "--mode", "text", status=3)["hits"] == []


def test_asking_sources_leaves_no_agent_behind(memtui: Memtui, pdf: Path) -> None:
    assert memtui("ask", "anything?").status == 1, "there is no agent yet"
    load(memtui, "paper", pdf)
    answer = memtui("ask", "--source", "paper", "What is the keeper's house today?")
    assert answer.status == 0, answer.err
    assert "museum" in answer.out
    assert "[paper p. 3]" in answer.out
    absent = memtui("ask", "--source", "paper", "Who won the chess championship of Peru?")
    assert absent.status == 3
    assert parsed(memtui, "list", "agents") == []


def test_loading_again(memtui: Memtui, pdf: Path, tmp_path: Path) -> None:
    load(memtui, "paper", pdf)
    same = memtui("load", "directory", "--name", "paper", str(pdf))
    assert same.status == 0
    assert "--replace" in same.err
    assert "3 documents from paper" in same.out

    more = tmp_path / "more.txt"
    more.write_text("The island has seven villages.")
    added = memtui("load", "directory", "--name", "paper", str(pdf), str(more))
    assert "4 documents from paper" in added.out
    assert "1 file unchanged" in added.err

    fresh = memtui("load", "directory", "--name", "paper", str(more), "--replace")
    assert "1 documents from paper" in fresh.out
    assert [source["documents"] for source in parsed(memtui, "list", "sources")] == [1]
    job = parsed(memtui, "load", "directory", "--name", "paper", str(more))
    assert job["state"] == "done"
    assert job["report"]["unchanged"] == 1


def test_what_cannot_be_loaded_is_told(memtui: Memtui, pdf: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake.pdf"
    fake.write_text("not a pdf")
    missing = tmp_path / "missing.pdf"
    nothing = memtui("load", "directory", "--name", "x", str(fake), str(missing), str(tmp_path))
    assert (nothing.status, nothing.out) == (1, "")
    assert "fake.pdf" in nothing.err
    assert "missing.pdf" in nothing.err
    assert "3 of 3 files could not be loaded" in nothing.err

    some = memtui("load", "directory", "--name", "y", str(pdf), str(fake))
    assert some.status == 0
    assert "1 of 2 files could not be loaded" in some.err
    strict = memtui("load", "directory", "--name", "y", str(pdf), str(fake), "--strict")
    assert strict.status == 1
    listed = parsed(memtui, "list", "documents", "--source", "y")
    assert {item["name"]: bool(item["error"]) for item in listed} == {
        "lighthouse.pdf": False,
        "fake.pdf": True,
    }


def test_a_folder(memtui: Memtui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "notes"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("Alpha is the first letter.")
    (folder / "b.txt").write_text("Beta is the second letter.")
    (folder / "deep" / "c.md").write_text("Gamma is the third letter.")
    monkeypatch.chdir(tmp_path)
    flat = memtui("load", "directory", "--name", "flat", "--input-dir", "notes")
    assert "2 documents from flat" in flat.out
    deep = memtui(
        "load", "directory", "--name", "deep", "--input-dir", "../" + tmp_path.name + "/notes",
        "--recursive", "--extensions", "md",
    )  # fmt: skip
    assert "2 documents from deep" in deep.out
    paths = {item["path"] for item in parsed(memtui, "list", "documents", "--source", "deep")}
    assert paths == {str(folder / "a.md"), str(folder / "deep" / "c.md")}


def test_unknown_names_are_sentences(memtui: Memtui, pdf: Path) -> None:
    for arguments in (
        ["attach", "nobody", "nothing"],
        ["ask", "--agent", "nobody", "x"],
        ["ask", "--source", "nothing", "x"],
        ["search", "x", "--source", "nothing"],
        ["search", "x", "--agent", "nobody"],
        ["show", "agent", "nobody"],
        ["show", "source", "nothing"],
        ["show", "document", "nothing"],
        ["show", "passage", "nothing"],
        ["list", "documents", "--source", "nothing"],
        ["delete", "agent", "nobody", "-y"],
        ["delete", "persona", "nobody", "-y"],
        ["add", "agent", "--name", "A", "--persona", "nobody"],
        ["add", "agent", "--name", "A", "--human", "nobody"],
        ["add", "human", "--name", "me", "-f", "/nonexistent"],
    ):
        result = memtui(*arguments)
        assert result.status == 1, arguments
        assert result.out == ""
        assert result.err.count("\n") == 1, result.err
        assert "no" in result.err


def test_any_printable_name_will_do(memtui: Memtui, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The password of the gate is swordfish.")
    for name in ('my "doc"', "a/../b", "it's [x] p. 3", "日本 🦊", "--name"):
        load(memtui, name, note)
        assert memtui("show", "source", "--", name).status == 0
        hits = parsed(memtui, "search", "swordfish", f"--source={name}")["hits"]
        assert {hit["source"] for hit in hits} == {name}
        assert memtui("add", "agent", f"--name={name}").status == 0
        assert memtui("attach", "--", name, name).status == 0
    taken = memtui("add", "agent", "--name", "a/../b")
    assert taken.status == 1
    assert "already" in taken.err


def test_lists_and_what_they_show(memtui: Memtui, pdf: Path) -> None:
    for kind in ("agents", "sources", "documents"):
        nothing = memtui("list", kind)
        assert (nothing.status, nothing.out) == (0, "")
        assert parsed(memtui, "list", kind) == []
    load(memtui, "paper", pdf)
    made = parsed(memtui, "add", "agent", "--name", "Reader", "--persona", "memgpt_doc")
    memtui("attach", "Reader", "paper")

    (source,) = parsed(memtui, "list", "sources")
    assert source["passages"] == source["indexed"] > 0
    assert {k: source[k] for k in ("name", "documents", "pages", "state")} == {
        "name": "paper", "documents": 1, "pages": 3, "state": "ready",
    }  # fmt: skip
    assert source["embedding_model"]
    for kind, words in {
        "agents": ("Reader", "memgpt_doc", "paper"),
        "sources": ("paper", "ready"),
        "documents": ("paper", "lighthouse.pdf", "indexed"),
        "personas": ("memgpt_doc", "sam_pov", "built in"),
        "humans": ("basic", "cs_phd"),
        "jobs": ("paper", "done", "1 added"),
    }.items():
        result = memtui("list", kind)
        assert result.status == 0, result.err
        assert all(word in result.out for word in words), result.out
    (document,) = parsed(memtui, "list", "documents")
    assert document["path"] == str(pdf)
    assert "lighthouse.pdf" in memtui("show", "document", document["id"]).out
    assert document["sha256"] in memtui("show", "document", "lighthouse.pdf").out
    shown = memtui("show", "agent", made["id"]).out
    assert "persona (" in shown
    assert "paper" in shown
    assert "lighthouse.pdf" in memtui("show", "source", "paper").out


def test_deleting(memtui: Memtui, pdf: Path) -> None:
    load(memtui, "paper", pdf)
    passage = parsed(memtui, "search", "lighthouse")["hits"][0]["passage_id"]
    memtui("add", "agent", "--name", "Reader")
    assert memtui("delete", "source", "paper").status == 2
    assert "1 document and" in memtui("delete", "source", "paper", "-y").out
    assert memtui("search", "lighthouse").status == 3
    assert memtui("show", "passage", passage).status == 1
    assert memtui("delete", "agent", "Reader", "--yes").status == 0
    assert parsed(memtui, "list", "agents") == parsed(memtui, "list", "sources") == []
    assert pdf.exists()


def test_personas_and_humans_of_ones_own(memtui: Memtui, tmp_path: Path) -> None:
    text = tmp_path / "critic.txt"
    text.write_text("I review papers severely.\n", "utf-8-sig")
    assert memtui("add", "persona", "--name", "critic", "-f", str(text)).status == 0
    assert memtui("add", "human", "--name", "me", "--text", "First name: Ada").status == 0
    again = memtui("add", "human", "--name", "me", "--text", "First name: Bob")
    assert again.status == 1
    assert "--replace" in again.err
    assert memtui("add", "human", "--name", "me", "--text", "x", "--replace").status == 0
    assert memtui("add", "persona", "--name", "sam", "--text", "x").status == 1
    assert memtui("add", "persona", "--name", "long", "--text", "x" * 3000).status == 2
    made = parsed(memtui, "add", "agent", "--name", "A", "--persona", "critic", "--human", "me")
    assert {block["label"]: block["value"] for block in made["blocks"]} == {
        "persona": "I review papers severely.",
        "human": "x",
    }
    assert memtui("delete", "persona", "critic", "-y").status == 0
    assert memtui("delete", "persona", "sam", "-y").status == 1
    own = [item for item in parsed(memtui, "list", "humans") if not item["builtin"]]
    assert own == [{"name": "me", "text": "x", "builtin": False}]


def test_the_engine_and_the_doctor(memtui: Memtui) -> None:
    doctor = memtui("doctor")
    assert doctor.status == 0, doctor.out
    assert all(line.startswith("ok  ") for line in doctor.out.splitlines())
    status = parsed(memtui, "engine", "status")
    assert status["running"] is True
    assert status["pid"] != os.getpid()
    assert {"socket", "version", "clients", "jobs", "linger"} <= set(status)
    assert str(status["pid"]) in memtui("engine", "status").out
    assert memtui("configure", "--set", "agent.persona=sam").status == 0
    assert parsed(memtui, "add", "agent", "--name", "A")["persona"] == "sam"
    assert memtui("engine", "stop") == (0, "The engine has ended.\n", "")
    assert launch.running_socket() is None


def test_other_settings_than_the_engines_are_noticed(
    memtui: Memtui, monkeypatch: pytest.MonkeyPatch
) -> None:
    memtui("list", "sources")
    monkeypatch.setenv("MEMTUI_LLM__MODEL", "openai/x")
    assert "engine stop" in memtui("list", "sources").err


def test_a_data_folder_that_cannot_be_written(
    memtui: Memtui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMTUI_HOME", str(tmp_path / "file"))
    result = memtui("list", "sources")
    assert result.status == 1
    assert result.err.count("\n") == 1
    assert "MEMTUI_HOME" in result.err
    doctor = memtui("doctor")
    assert doctor.status == 1
    assert "FAIL  engine" in doctor.out
