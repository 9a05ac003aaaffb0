"""Bad input, through the real commands: one sentence that says what to do, the right exit status,
no traceback anywhere, nothing lost."""

import contextlib
import ctypes
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from pypdf import PdfWriter

from memtui import paths
from memtui.api import launch
from memtui.cli.start import run
from tests.engine import helpers
from tests.engine.helpers import make_pdf, memtui, memtui_json
from tests.fakes import ScriptedServer, fail, garbage, plain, say, stall
from tests.journey.terminal import Terminal

PROGRESS = re.compile(r".*: \d+/\d+ files?(, .*)?")
COPPER = "Copper melts at 1085 degrees Celsius, in every furnace of the old foundry."
QUESTION = "At how many degrees does copper melt?"
LONG = "x" * 300


@pytest.fixture(autouse=True)
def no_traceback(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One engine a test; whatever happened, no log of it contains a traceback."""
    monkeypatch.setenv("MEMTUI_ENGINE__LINGER", "600")
    yield
    for log in paths.state_dir().glob("*") if paths.state_dir().exists() else ():
        assert "Traceback" not in log.read_text(errors="replace"), log


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What a command said on stderr, but for the progress of a load."""
    assert "Traceback" not in done.stdout + done.stderr
    return [line for line in done.stderr.splitlines() if not PROGRESS.fullmatch(line)]


def refused(*arguments: str, says: str, status: int = 1, **options: Any) -> str:
    """`memtui ARGUMENTS` ends with `status` and one sentence, which contains `says`."""
    done = memtui(*arguments, check=False, **options)
    lines = told(done)
    assert (done.returncode, done.stdout, len(lines)) == (status, "", 1), (arguments, done)
    assert says in lines[0]
    assert lines[0].endswith((".", "shows how."))
    return lines[0]


def load(name: str, *files: Path, options: tuple[str, ...] = ()) -> list[str]:
    """Load the files and return what was said on stderr."""
    arguments = [f"--input-files={file}" for file in files]
    return told(memtui("load", "directory", f"--name={name}", *arguments, *options))


def bad_files(folder: Path) -> dict[str, str]:
    """Files that cannot be loaded, each with a piece of the sentence about it."""
    good = make_pdf(folder / "good.pdf", [COPPER]).read_bytes()
    (folder / "good.pdf").unlink()
    (folder / "cut.pdf").write_bytes(good[:200])
    (folder / "text.pdf").write_text(f"{COPPER}\n" * 9)
    (folder / "zero.pdf").touch()
    (folder / "zero.txt").touch()
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "folder").mkdir()
    PdfWriter().write(folder / "pageless.pdf")
    make_pdf(folder / "blank.pdf", ["", ""])
    locked(folder / "locked.pdf", "word")
    scan = FPDF()
    scan.add_page()
    scan.rect(10, 10, 100, 50, "F")
    scan.output(str(folder / "scan.pdf"))
    return {
        "missing.pdf": "missing.pdf does not exist. Check the path.",
        f"{LONG}.pdf": "too long",
        "folder": "folder is a folder. Load a folder with --input-dir.",
        "locked.pdf": "locked.pdf is encrypted. Remove its password",
        "pageless.pdf": "pageless.pdf has no pages.",  # after an encrypted one, on purpose
        "blank.pdf": "blank.pdf has only blank pages.",
        "text.pdf": "text.pdf is not a PDF. If it is text, rename it to end in .txt",
        "scan.pdf": "scan.pdf has no text layer. Run OCR on it",
        "cut.pdf": "cut.pdf is too damaged to be read. Repair it",
        "zero.pdf": "zero.pdf is empty (0 bytes). Get it anew.",
        "zero.txt": "zero.txt is empty (0 bytes). Get it anew.",
        "binary.txt": "binary.txt is not text. Load PDF, text or Markdown files.",
    }


def locked(path: Path, password: str) -> Path:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.set_encryption(owner_password="owner", user_password=password or None)
    pdf.add_page()
    pdf.multi_cell(0, 6, COPPER)
    pdf.output(str(path))
    return path


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in this process, which is quick; their engine is a real one as ever."""

    def command(
        *arguments: str, check: bool = True, input: str = ""
    ) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(input.encode())))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(list(arguments))
        done = subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())
        assert not (check and status), done
        return done

    monkeypatch.setitem(globals(), "memtui", command)
    monkeypatch.setattr(helpers, "memtui", command)


@pytest.mark.usefixtures("in_process")
def test_files_that_cannot_be_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    bad = bad_files(folder)
    for name, sentence in bad.items():
        refused("load", "directory", "--name=x", f"--input-files={folder / name}", says=sentence)
    (folder / "bare").mkdir()
    for name, sentence in {
        "nowhere": "nowhere does not exist. Check the path.",
        "text.pdf": "is not a folder. Load files with --input-files.",
        "bare": "holds no file that ends in .md, .pdf, .txt.",
    }.items():
        refused("load", "directory", "--name=x", f"--input-dir={folder / name}", says=sentence)
    assert memtui_json("list", "sources") == [], "no source is left behind"
    assert {job["state"] for job in memtui_json("list", "jobs")} == {"failed"}

    # Several at once: a line for each, and their count; still no source.
    files = [folder / name for name in bad]
    done = memtui("load", "directory", "--name=x", *map(str, files), check=False)
    *lines, total = told(done)
    assert (done.returncode, done.stdout) == (1, "")
    assert total == f"{len(bad)} of {len(bad)} files could not be loaded."
    assert all(sum(sentence in line for line in lines) == 1 for sentence in bad.values())
    assert memtui_json("list", "sources") == []

    # Among good ones they cost a line each, and the load succeeds.
    opens = locked(folder / "opens.pdf", "")
    damaged = make_pdf(folder / "damaged.pdf", [COPPER, "Tin melts at 232 degrees.", "Lead."])
    damaged.write_bytes(damaged.read_bytes()[:-250])
    everything = ["load", "directory", "--name=x", *map(str, [*files, opens, damaged])]
    done = memtui(*everything)
    lines = told(done)
    assert f"{len(bad)} of {len(bad) + 2} files could not be loaded." in lines
    (note,) = (line for line in lines if line.startswith("damaged.pdf"))
    assert re.fullmatch(r"damaged\.pdf is cut off .*; [23] pages could be read\. Get .*", note)
    loaded = re.fullmatch(r"Loaded (\d+) passages and 4 documents from x\n", done.stdout)
    assert loaded
    assert memtui(*everything, "--strict", check=False).returncode == 1
    states = {item["name"]: item["state"] for item in memtui_json("list", "documents")}
    assert states == {
        "locked.pdf": "failed", "pageless.pdf": "empty", "blank.pdf": "empty",
        "text.pdf": "failed", "scan.pdf": "scanned", "cut.pdf": "failed", "zero.pdf": "empty",
        "zero.txt": "empty", "binary.txt": "failed", "opens.pdf": "indexed",
        "damaged.pdf": "indexed",
    }  # fmt: skip

    # A source that exists keeps what it has, whatever is loaded in its stead.
    again = load("x", folder / "text.pdf", folder / "zero.txt", options=("--replace",))
    assert "Nothing new could be read, so x keeps what it had." in again
    (source,) = memtui_json("list", "sources")
    assert source["passages"] == source["indexed"] == int(loaded[1])


@pytest.mark.usefixtures("in_process")
def test_names(tmp_path: Path) -> None:
    strange = tmp_path / 'it\'s "q"\n🦊 [p. 3].txt'
    strange.write_text(COPPER)
    other = tmp_path / "other.txt"
    other.write_text(f"In another source: {COPPER}")
    load("other", other)
    for name in ('it\'s "a/../b\\c" 100% [p. 3]', "🦊 日本 ') or 1==1 or scope in ('"):
        load(name, strange)
        memtui("add", "agent", f"--name={name}", "--persona=memgpt_doc")
        memtui("attach", "--", name, name)
        reply = memtui_json("ask", f"--agent={name}", QUESTION)
        assert "1085 degrees" in reply["reply"]
        cited = reply["citations"][0]
        assert (cited["source"], cited["verified"]) == (name, True)
        for mode in ("dense", "text"):
            found = memtui_json("search", f"--source={name}", f"--mode={mode}", QUESTION)
            assert {hit["source"] for hit in found["hits"]} == {name}
        (document,) = memtui_json("list", "documents", f"--source={name}")
        assert document["path"] == str(strange)
        table = memtui("list", "documents", f"--source={name}").stdout
        assert table.count("\n") == 2, "a line break in a name does not break the table"
        memtui("delete", "source", "-y", "--", name)
        memtui("delete", "agent", "-y", "--", name)
    assert [source["name"] for source in memtui_json("list", "sources")] == ["other"]
    assert memtui_json("search", QUESTION)["hits"][0]["source"] == "other"

    for bad, word in (("a\nb", "line break"), (LONG, "300 characters")):
        for arguments in (
            ["load", "directory", f"--name={bad}", f"--input-files={other}"],
            ["add", "agent", f"--name={bad}"],
            ["attach", bad, "other"],
            ["ask", f"--source={bad}", QUESTION],
            ["search", f"--source={bad}", "copper"],
            ["delete", "source", bad, "-y"],
        ):
            refused(*arguments, status=2, says=word)
    assert len(memtui_json("list", "sources")) == 1


@pytest.mark.usefixtures("in_process")
def test_what_is_unknown() -> None:
    for arguments, word in (
        (["attach", "nobody", "nothing"], "There is no agent called 'nobody'"),
        (["ask", "--agent=nobody", "x"], "`memtui add agent"),
        (["ask", "--source=nothing", "x"], "There is no source called 'nothing'"),
        (["ask", "x"], "There is no agent yet"),
        (["search", "--source=nothing", "x"], "`memtui load directory`"),
        (["delete", "source", "nothing", "-y"], "There is no source"),
        (["show", "passage", "0123456789ab"], "There is no passage"),
        (["show", "passage", "../../etc\n"], "There is no passage"),
        (["add", "agent", "--name=A", "--persona=nobody"], "`memtui add persona` makes"),
        (["add", "agent", "--name=A", "--human=nobody"], "nobody"),
    ):
        refused(*arguments, says=word)
    refused("search", "x", status=3, says="There is nothing to search yet.")
    refused("delete", "source", "nothing", status=2, says="add -y")
    for arguments in ([], ["run"], ["run", "--persona=memgpt_doc"]):
        refused(*arguments, says="needs a terminal. Without one, use `memtui ask`")
    assert memtui_json("list", "agents") == []


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.mark.usefixtures("in_process")
def test_models_that_do_not_answer() -> None:
    replies = {
        "key": fail(401, "Incorrect API key provided", code="invalid_api_key"),
        "unknown": fail(404, "The model does not exist", code="model_not_found"),
        "garbage": garbage(),
        "broken": garbage(b'data: {"choices": 7}\n\ndata: [DONE]\n\n', "text/event-stream"),
        "silent": stall(),
        "mute": plain(""),
    }
    well = [False]

    def script(body: dict[str, Any]) -> Any:
        return say("All is well.") if well[0] else replies[body["model"]]

    with ScriptedServer(script) as server:
        bases = dict.fromkeys(replies, server.api_base)
        bases["nowhere"] = f"http://127.0.0.1:{closed_port()}/v1"
        settings = []
        for name, base in bases.items():
            settings += [
                f"--set=models.{name}.model=openai/{name}",
                f"--set=models.{name}.api_base={base}",
                f"--set=models.{name}.api_key=sk-wrong-1234567890",
                f"--set=models.{name}.max_wait=2",
                f"--set=models.{name}.idle_timeout=2",
            ]
        memtui("configure", *settings)
        for name in (*bases, "strange"):
            model = name if name in bases else "nosuchprovider/model"
            memtui("add", "agent", f"--name={name}", f"--model={model}")
        said = {}
        for name in (*bases, "strange"):
            done = memtui("ask", f"--agent={name}", "Hello?", check=False)
            lines = told(done)
            assert (done.returncode, done.stdout, len(lines)) == (1, "", 1), (name, done)
            assert "sk-wrong" not in done.stderr
            said[name] = lines[0]
        for name, word in {
            "key": "llm.api_key",
            "unknown": "unknown",
            "nowhere": "connection refused",
            "silent": "2",
            "strange": "nosuchprovider",
        }.items():
            assert word in said[name], said
        failed = memtui("ask", "--agent=key", "Hello?", "--json", check=False)
        reply = json.loads(failed.stdout)
        assert (failed.returncode, reply["status"], reply["problem"]) == (1, "failed", said["key"])
        # Nothing is lost: with a server that works, the same agent goes on.
        well[0] = True
        assert memtui("ask", "--agent=garbage", "Hello?").stdout == "All is well.\n"


def test_loading_again_and_two_at_once(tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER, "Tin melts at 232 degrees."])
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "memtui", "load", "directory", "--name=paper", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for file in (tmp_path / "missing.pdf", paper, paper)
    ]
    outcomes = [(*command.communicate(timeout=120), command.returncode) for command in commands]
    assert all("Traceback" not in out + err for out, err, _ in outcomes)
    totals = "Loaded 2 passages and 2 documents from paper\n"
    assert [outcome[::2] for outcome in outcomes[1:]] == [(totals, 0)] * 2, outcomes
    # The one with nothing to load came first, or found what the others had loaded.
    assert outcomes[0][::2] in [("", 1), (totals, 0)]
    assert "missing.pdf does not exist" in outcomes[0][1]
    (source,) = memtui_json("list", "sources")
    assert (source["documents"], source["passages"], source["indexed"]) == (1, 2, 2)

    (unchanged,) = load("paper", paper)
    assert unchanged == (
        "paper already has this file, unchanged. To load it afresh, add --replace."
    )
    more = tmp_path / "more.md"
    more.write_text("# Lead\n\nLead melts at 327 degrees.")
    assert load("paper", paper, more) == ["1 file unchanged, not read again."]
    assert memtui_json("list", "sources")[0]["documents"] == 2
    assert load("paper", more, options=("--replace",)) == []
    (document,) = memtui_json("list", "documents")
    assert document["name"] == "more.md"
    assert memtui("search", "--mode=text", "tin", check=False).returncode == 3


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    small = tmp_path / "a.txt"
    small.write_text(COPPER)
    large = tmp_path / "b.txt"
    large.write_text(
        "\n\n".join(f"Sentence {number} is about {number * 7919}. " * 12 for number in range(1500))
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "memtui", "load", "directory", "--name=x", str(small), str(large)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while "passages" not in (line := process.stderr.readline()):
        assert PROGRESS.fullmatch(line.rstrip()), "plain lines when piped"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == (
        "Stopped. x keeps what is loaded so far; the same command goes on from there."
    )
    assert memtui_json("list", "jobs")[0]["state"] == "cancelled"
    assert COPPER in memtui_json("search", "--mode=text", "copper")["hits"][0]["text"]


@pytest.fixture
def disk(home: Path) -> Iterator[Callable[[bool], None]]:
    """The home on a small disk of its own; `disk(True)` fills it, `disk(False)` frees it."""
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", str(home)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk takes root")
    filling = home / "filling"

    def fill(full: bool) -> None:
        filling.unlink(missing_ok=True)
        with filling.open("wb") as file:
            while full:
                try:
                    os.write(file.fileno(), bytes(4096))
                except OSError:
                    return

    try:
        yield fill
    finally:
        if launch.running_socket() is not None:
            memtui("engine", "stop")
        subprocess.run(["umount", "-l", str(home)], check=True)


def test_a_full_disk(disk: Callable[[bool], None], tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    more = tmp_path / "more.txt"
    more.write_text(f"Tin melts at 232 degrees. {COPPER}")
    load("paper", paper)
    disk(True)
    full = {"says": "is full. Nothing was changed. Free some space and try again."}
    refused("load", "directory", "--name=more", str(more), **full)
    refused("load", "directory", "--name=paper", str(more), "--replace", **full)
    refused("add", "agent", "--name=A", **full)
    refused("delete", "source", "paper", "-y", **full)
    assert memtui_json("search", "copper")["hits"], "what is there is still found"
    memtui("engine", "stop")
    started = memtui("list", "sources", check=False)  # works, or says why not
    assert started.returncode == 0 or "Free some space" in told(started)[0]
    disk(False)
    load("more", more)
    assert load("paper", more, options=("--replace",)) == []
    assert {source["indexed"] for source in memtui_json("list", "sources")} == {1}


def obey_permissions() -> None:
    """In a child before it starts: root, too, is bound by the permissions of files (Linux)."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@pytest.mark.skipif(sys.platform != "linux", reason="root ignores permissions elsewhere")
def test_a_data_directory_that_cannot_be_written(home: Path, tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    home.mkdir(mode=0o500)
    says = "memtui cannot write to"
    for arguments in (["list", "sources"], ["load", "directory", "--name=x", str(paper)]):
        assert "set MEMTUI_HOME" in refused(*arguments, says=says, preexec_fn=obey_permissions)
    assert list(home.iterdir()) == []
    home.chmod(0o700)
    load("x", paper)
    memtui("engine", "stop")

    record = paths.record_file()
    record.chmod(0o400)
    paths.data_dir().chmod(0o500)
    for _ in range(2):
        refused("list", "sources", says="cannot be", preexec_fn=obey_permissions)
    paths.data_dir().chmod(0o700)
    record.chmod(0o600)
    assert memtui_json("search", "copper", preexec_fn=obey_permissions)["hits"]


def test_a_data_directory_of_a_newer_memtui(home: Path, tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER])
    load("x", paper)
    memtui("engine", "stop")
    with sqlite3.connect(paths.record_file()) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = paths.record_file().read_bytes()
    for arguments in (["list", "sources"], ["load", "directory", "--name=x", str(paper)]):
        refused(*arguments, says="was written by a newer memtui")
    assert paths.record_file().read_bytes() == before
    with sqlite3.connect(paths.record_file()) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    assert memtui_json("search", "copper")["hits"]


def test_a_tiny_terminal() -> None:
    app = [sys.executable, "-m", "memtui", "run", "--persona=memgpt_doc"]
    with Terminal(app, columns=40, lines=10) as terminal:
        terminal.wait_for("Nothing is attached yet.", "❯")  # the agent's greeting
        terminal.type("What is memtui?")
        terminal.wait_for("❯ What is memtui?")
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.raw
    assert len(memtui_json("list", "agents")) == 1


SHAPES = {
    "search": {"query", "mode", "hits"},
    "hit": {
        "rank", "score", "dense_score", "dense_rank", "text_score", "text_rank", "terms", "text",
        "source", "document", "document_path", "page", "page_end", "page_label", "passage_id",
    },
    "ask": {"agent", "reply", "steps", "citations", "usage"},
    "step": {"thought", "tool", "arguments", "result", "hits"},
    "citation": {"source", "document", "page", "passage_id"},
    "source": {
        "name", "documents", "pages", "passages", "indexed", "embedding_model", "state",
    },
    "status": {"running", "pid", "socket", "version", "clients", "jobs", "linger"},
}  # fmt: skip


def test_json_and_exit_statuses(tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "paper.pdf", [COPPER, "Tin melts at 232 degrees."])
    job = memtui_json("load", "directory", "--name=paper", str(paper))
    assert (job["state"], job["report"]["added"]) == ("done", 1)
    agent = memtui_json("add", "agent", "--name=A", "--persona=memgpt_doc")
    assert memtui_json("attach", "A", "paper")["sources"][0]["name"] == "paper"
    (source,) = memtui_json("list", "sources")
    assert set(source) >= SHAPES["source"]
    assert (source["documents"], source["pages"], source["state"]) == (1, 2, "ready")

    found = memtui_json("search", QUESTION)
    assert set(found) >= SHAPES["search"]
    hit = found["hits"][0]
    assert set(hit) >= SHAPES["hit"]
    assert (hit["rank"], hit["source"], hit["document"]) == (1, "paper", "paper.pdf")
    assert (hit["page"], hit["document_path"]) == (1, str(paper))
    assert all(len(span) == 2 for span in hit["terms"])

    asked = memtui("ask", "--agent=A", "--json", "-", input=f"{QUESTION}\n")
    reply = json.loads(asked.stdout)
    assert set(reply) >= SHAPES["ask"]
    assert all(set(step) >= SHAPES["step"] for step in reply["steps"])
    cited = reply["citations"][0]
    assert set(cited) >= SHAPES["citation"]
    assert (cited["source"], cited["document"], cited["page"]) == ("paper", "paper.pdf", 1)
    assert set(memtui_json("engine", "status")) >= SHAPES["status"]

    for kind in ("agents", "documents", "personas", "humans", "jobs"):
        assert isinstance(memtui_json("list", kind), list)
    for arguments in (
        ["show", "agent", agent["id"]],
        ["show", "source", "paper"],
        ["show", "document", "paper.pdf"],
        ["show", "passage", hit["passage_id"]],
        ["detach", "A", "paper"],
    ):
        assert isinstance(memtui_json(*arguments), dict)

    nothing = memtui("search", "--mode=text", "--json", "zyzzyva", check=False)
    assert (nothing.returncode, json.loads(nothing.stdout)["hits"]) == (3, [])
    nothing = memtui("ask", "--agent=A", "--json", QUESTION, check=False)  # detached by now
    assert (nothing.returncode, json.loads(nothing.stdout)["citations"]) == (3, [])
    refused("ask", "-", status=2, says="The question is empty.", input=" \n")
