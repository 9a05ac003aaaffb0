"""The pieces that make output: tables, JSON, snippets, progress."""

import io
import json
import sys
from datetime import UTC, datetime

import pytest

from memtui.api.agents import Usage
from memtui.api.errors import NotFoundError
from memtui.api.library import Job, LoadFailure, LoadReport, Progress
from memtui.api.search import Hit
from memtui.cli import load, output, progress, search, session, show

HOSTILE = "a\x1b]52;c;x\x07b\u202ec\x9bd"


def test_tables_are_aligned_whatever_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["name", "count", "text"], [["日本", 7, "x"], ["paper", 1044, HOSTILE + "\nz"]])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head == "name   count  text"
    assert first == "日本       7  x"
    assert second == "paper   1044  a]52;c;xbcd z"


def test_json_keeps_everything_and_stays_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": HOSTILE + "é日\n\U000e0041"}
    output.data(value)
    text = capsys.readouterr().out
    assert json.loads(text) == value
    assert "é日" in text
    assert not set(text) & set("\x1b\x07\u202e\x9b\U000e0041")


def test_numbers_of_things() -> None:
    assert output.count(1, "page") == "1 page"
    assert output.count(1044, "memory", "memories") == "1,044 memories"
    assert progress.duration(11.4) == "11 s"
    assert progress.duration(185) == "3 min 05 s"
    assert progress.duration(7440) == "2 h 04 min"


def _hit(text: str, *terms: tuple[int, int]) -> Hit:
    return Hit(rank=1, score=0.5, text=text, terms=list(terms), passage_id="p")


def test_a_snippet_is_cut_around_the_first_term() -> None:
    text = "word " * 100 + "needle\x1b[31m\nand " + "more " * 100
    start = text.index("needle")
    pieces = search.snippet(_hit(text, (start, start + 6)))
    assert ("needle", True) in pieces
    shown = "".join(piece for piece, _ in pieces)
    assert shown.startswith("… word")
    assert shown.endswith("more …")
    assert "needle[31m and more" in shown
    assert len(shown) < 260


@pytest.mark.parametrize("text", ["", "short", "x" * 1000, "日本語" * 200, " \n "])
def test_a_snippet_of_anything_is_one_line(text: str) -> None:
    shown = "".join(piece for piece, _ in search.snippet(_hit(text, (0, 1), (5, 99999))))
    assert "\n" not in shown
    assert len(shown) <= 250


def _job(**values: object) -> Job:
    return Job(id="j", source="paper", state="running", created_at=datetime.now(UTC), **values)


HALFWAY = Progress(
    files=1, files_total=2, pages=30, passages=100, indexed=50, bytes=10, bytes_total=20,
    rate=31.4, seconds_left=4.8,
)  # fmt: skip


def test_progress_in_words() -> None:
    assert progress.describe(HALFWAY) == "1/2 files, 30 pages, 50/100 passages, 31/s, 5 s left"
    assert progress.fraction(HALFWAY) == 0.25
    assert progress.fraction(Progress()) == 0.0
    assert progress.bar(0.25) == "━━━━━━────────────────── " + " 25%"


def test_progress_rewrites_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        encoding = "ascii"

        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    meter = progress.Meter()
    meter.show(_job(progress=HALFWAY))
    meter.show(_job(progress=HALFWAY))
    meter.clear()
    assert screen.getvalue().count("\r") == 2
    assert "\n" not in screen.getvalue()
    assert "######------------------" in screen.getvalue()


def test_progress_prints_plain_lines_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    meter = progress.Meter()
    for _ in range(5):
        meter.show(_job(progress=HALFWAY))
    meter.clear()
    assert capsys.readouterr().err == f"paper: {progress.describe(HALFWAY)}\n"


DONE = LoadReport(added=1, passages=74, documents_as_pages=13)
FAILED = [LoadFailure(path="/x/a.pdf", reason="a.pdf is encrypted.")]


@pytest.mark.parametrize(
    ("state", "report", "strict", "status", "out", "err"),
    [
        ("done", DONE, False, 0, "Loaded 74 passages and 13 documents from paper\n", ""),
        ("done", DONE.model_copy(update={"failures": FAILED}), False, 0, "Loaded 74", "1 of 2"),
        ("done", DONE.model_copy(update={"failures": FAILED}), True, 1, "Loaded 74", "a.pdf is"),
        ("done", DONE.model_copy(update={"added": 0, "unchanged": 1}), False, 0, "Loaded",
         "already has this file, unchanged. To load it afresh, add --replace."),
        ("done", DONE.model_copy(update={"unchanged": 2}), False, 0, "Loaded", "2 files unchanged"),
        ("failed", LoadReport(failures=FAILED), False, 1, "", "a.pdf is encrypted."),
        ("failed", None, False, 1, "", "Nothing could be loaded"),
        ("interrupted", DONE, False, 1, "", "the same command goes on from there"),
        ("interrupted", None, False, 1, "", "before anything was loaded"),
        ("cancelled", None, False, 1, "", "cancelled"),
    ],
)  # fmt: skip
def test_the_end_of_a_load(
    capsys: pytest.CaptureFixture[str],
    state: str,
    report: LoadReport | None,
    strict: bool,
    status: int,
    out: str,
    err: str,
) -> None:
    job = _job(report=report).model_copy(update={"state": state})
    assert load.report(job, strict=strict) == status
    printed = capsys.readouterr()
    assert printed.out.startswith(out)
    assert bool(printed.out) == bool(out)
    assert err in printed.err


def test_extensions_as_people_write_them() -> None:
    assert load.parse_extensions(".pdf, MD,,.txt") == [".pdf", ".md", ".txt"]
    assert load.parse_extensions("") == []


def test_things_are_found_by_name_id_or_nearly_their_name() -> None:
    class Thing:
        def __init__(self, id: str, name: str) -> None:
            self.id, self.name = id, name

    things = [Thing("1", "paper"), Thing("2", "Paper"), Thing("3", "Notes")]
    assert session.pick(things, "Paper", "source", "").id == "2"
    assert session.pick(things, "3", "source", "").id == "3"
    assert session.pick(things, "notes", "source", "").id == "3"
    with pytest.raises(NotFoundError, match=r"2 sources are called 'PAPER'\. Use an id: 1, 2"):
        session.pick(things, "PAPER", "source", "")
    with pytest.raises(NotFoundError, match=r"'Notse'.*'Notes'.*memtui list sources"):
        session.pick(things, "Notse", "source", "")
    with pytest.raises(NotFoundError, match="Make one"):
        session.pick([], "x", "source", "Make one.")


def test_what_an_agent_has_spent() -> None:
    usage = Usage(prompt_tokens=12_000, completion_tokens=345, steps=40, seconds=61.7)
    assert show._spent(usage) == "12,345 tokens in 40 steps, 62 s"
    assert show._spent(usage + Usage(cost=0.0312)) == "12,345 tokens in 40 steps, 62 s, $0.031"
