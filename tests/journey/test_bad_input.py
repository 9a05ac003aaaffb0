"""Bad input, through the real commands: one sentence that says what to do, the right exit status,
no traceback anywhere, nothing lost. What is bad here is what the user gives."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfWriter

from tests.engine.helpers import make_pdf, memtui, memtui_json
from tests.journey.refusals import COPPER, PROGRESS, load, refused, told

pytestmark = pytest.mark.usefixtures("no_traceback")

QUESTION = "At how many degrees does copper melt?"
LONG = "x" * 300


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
        "locked.pdf": "locked.pdf is encrypted. Load it again with --password",
        "pageless.pdf": "pageless.pdf has no pages.",  # after an encrypted one, on purpose
        "blank.pdf": "blank.pdf has only blank pages.",
        "text.pdf": "text.pdf is not a PDF. If it is text, rename it to end in .txt",
        "scan.pdf": "scan.pdf has no text layer. Run OCR on it",
        "cut.pdf": "cut.pdf is too damaged to be read. Repair it",
        "zero.pdf": "zero.pdf is empty (0 bytes). Get it anew.",
        "zero.txt": "zero.txt is empty (0 bytes). Get it anew.",
        "binary.txt": "binary.txt is not text. Load documents, or files of text.",
    }


def locked(path: Path, password: str) -> Path:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.set_encryption(owner_password="owner", user_password=password or None)
    pdf.add_page()
    pdf.multi_cell(0, 6, COPPER)
    pdf.output(str(path))
    return path


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
        "bare": "holds no file that ends in .docx, .epub, .htm,",
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


@pytest.mark.usefixtures("in_process")
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
