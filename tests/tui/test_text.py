"""Text as it is shown: Markdown, citations, figures."""

from datetime import UTC, datetime, timedelta

import pytest

from memtui.api.agents import Citation
from memtui.api.search import Hit
from memtui.tui import commands, prose, safe
from memtui.tui import format as fmt
from memtui.tui.mind.hits import draw
from memtui.tui.screens.load import clean_path, proposed_name
from memtui.tui.widgets.mind import readable
from tests.tui.scripted import REPLY, citations


def plain(text: str, width: int = 60, cited: list[Citation] | None = None) -> list[str]:
    return [line.plain.rstrip() for line in prose.lines(text, cited or [], width)]


def test_markdown() -> None:
    text = "# Title\n\nSome *em* and `code`.\n\n- one\n- two\n   - three\n\n1. a\n2. b\n\n> quoted"
    assert plain(text) == [
        "Title", "", "Some em and code.", "", "• one", "• two", "  • three", "",
        "1. a", "2. b", "", "▎ quoted",
    ]  # fmt: skip


def test_a_list_of_tasks_shows_which_are_done() -> None:
    assert plain("- [ ] open\n- [x] done\n- [y] other\n\n1. [ ] first\n\n[ ] no task") == [
        "○ open", "✓ done", "• [y] other", "", "1. [ ] first", "", "[ ] no task",
    ]  # fmt: skip


def test_code_keeps_its_lines_and_tables_fit() -> None:
    assert plain("```\nif x:\n    y\n```") == ["│ if x:", "│     y"]
    assert plain("A\n```py title=x\ny\n```") == ["A", "", "┌ py", "│ y"]
    table = plain("| a | b |\n|---|---|\n| 1 | " + "long " * 30 + "|", 40)
    assert len(table) == 3
    assert max(len(line) for line in table) <= 40


def test_a_table_shares_the_room_and_is_a_list_where_there_is_none() -> None:
    head = "| name | what | why |\n|---|---|---|\n"
    table = f"{head}| a | {'what ' * 9}| {'why ' * 9}|\n| b | c | d |"
    shown = plain(table, 60)
    assert shown[0].split() == ["name", "what", "why"]
    assert shown[2].startswith("a     what what")
    assert shown[2].count("…") == 2
    assert abs(len(shown[2].split("…")[0]) - len(shown[2].split("…")[1])) < 10
    narrow = plain(table, 24)
    assert narrow[0] == "name: a"
    assert " ".join(narrow).count("why ") >= 9
    assert narrow[-4:] == ["────────", "name: b", "what: c", "why: d"]
    assert plain(head, 10)[0] == "name"
    nested = plain("> - " + table.replace("\n", "\n>   "), 60)
    assert max(map(len, nested)) <= 60


def test_columns_stand_as_the_table_says() -> None:
    table = "| name | number | word |\n|---|---:|:-:|\n| an ox | 7 | moo |\n"
    names, _, row = (line.plain for line in prose.lines(table, [], 40))
    assert (names, row) == ("name   number  word", "an ox       7  moo ")


def test_what_is_too_long_says_so() -> None:
    assert plain("x " * 40_000)[-1] == "(20,000 more characters: y copies them)"


def test_no_html_no_links_no_images() -> None:
    assert plain("<b>x</b> [y](http://z) ![w](http://track/er.png)") == ["<b>x</b> y (http://z) w"]


def test_citations_are_marked_where_they_stand() -> None:
    shown = prose.lines(REPLY, citations(REPLY), 200)
    text = "\n".join(line.plain for line in shown)
    assert "[paper p. 99] (unverified)" in text
    assert "[paper p. 2] (unverified)" not in text
    styles = [str(span.style) for line in shown for span in line.spans]
    assert any("passage='p1'" in style for style in styles)
    assert not any("@click" in style or "link=" in style for style in styles)


def test_a_citation_with_markdown_in_its_name_stays_whole() -> None:
    text = "see [my_*odd*_file p. 1] here"
    cited = [Citation(start=4, end=24, passage_id="p")]
    assert plain(text, cited=cited) == [text]


@pytest.mark.parametrize("text", [">" * 5000 + "x", "- " * 3000 + "x", "*[_`" * 3000])
def test_text_made_to_be_nested_is_shown_and_fits(text: str) -> None:
    lines = prose.lines(text, [], 40)
    assert lines
    assert all(line.cell_length <= 40 + 4 for line in lines)


def test_snippets_show_the_first_match() -> None:
    text = "a " * 300 + "needle " + "b " * 300
    at = text.index("needle")
    shown = safe.snippet(text, [(at, at + 6)], 80, "", "bold").plain
    assert "needle" in shown
    assert len(shown) < 100


def test_spans_outside_the_text_are_left_out() -> None:
    assert safe.marked("abc", [(1, 2), (5, 9), (2, 1)], "", "bold").plain == "abc"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.84, "0.8 s"), (12.4, "12 s"), (184, "3:04 min"), (7800, "2:10 h"), (59.9, "60 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert fmt.duration(seconds) == text


def test_figures() -> None:
    assert fmt.count(1044) == "1,044"
    assert fmt.count(1, "page") == "1 page"
    assert fmt.tokens(5120) == "5.1k"
    assert fmt.tokens(128_000) == "128k"
    assert fmt.page(3, 4) == "p. 3–4"
    assert fmt.page(4, 4, "iv") == "p. iv (4)"
    assert "".join(fmt.bar(2.0, 4)) == "━━━━"
    assert fmt.gauge(0.5, 4) == "██  "


def test_commands() -> None:
    assert commands.parse("/attach my paper ") == ("attach", "my paper")
    assert commands.parse("no") is None
    assert commands.parse("//literal") is None
    assert [c.name for c in commands.completions("/sea")] == ["search"]
    assert commands.completions("/search x") == []


def test_paths_as_people_paste_them(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "my paper.pdf"
    file.write_bytes(b"x")
    monkeypatch.setenv("HOME", str(tmp_path))
    for typed in (
        str(file), f"'{file}'", f"  {file} ", "~/my paper.pdf", str(file).replace(" ", "\\ "),
        f"file://{str(file).replace(' ', '%20')}",
    ):  # fmt: skip
        assert clean_path(typed) == file
    assert proposed_name(file) == "my paper"
    assert proposed_name(tmp_path) == tmp_path.name


def test_results_without_their_envelope() -> None:
    assert readable('{"status": "OK", "message": "done", "time": "t"}') == "done"
    assert readable('{"message": {"showing": "hits 1–5 of 37", "hits": []}}') == "hits 1–5 of 37"
    assert readable("not json") == "not json"
    assert readable('{"message": null}') == ""


def test_a_hit_of_the_conversation_says_when_it_was_said() -> None:
    said = datetime.now(UTC) - timedelta(minutes=5)
    hit = Hit(
        rank=1, score=0.5, text="It rains.", passage_id="p1", scope="recall_a1",
        created_at=said.isoformat(), section="user",
    )  # fmt: skip
    first = draw(hit, 40)[0].plain
    assert " you " in first
    assert first.endswith("5 min ago")
