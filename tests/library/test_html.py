from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memtui.library.document import DocumentText, UnreadableError
from memtui.library.readers import kind_of, reader_of
from memtui.library.readers.html_blocks import blocks, parse

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>The Lighthouse – Example Site</title><meta name="author" content="Ada Byron">
<style>.x{color:red}</style><script>var secretScript = "<p>scripted</p>";</script></head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li></ul></nav>
<div class="cookie-banner"><p>We value your privacy and would like to set cookies.</p></div>
<article><header><h1>The Lighthouse<a class="headerlink" href="#x">¶</a></h1></header>
<p>The lighthouse of Gull Rock was built in 1871 by the engineer <b>Ernst</b> Hall &amp; sons,
after two ships were lost.</p>
<h2>Keepers</h2><p>The first keeper was Martha Quill, who<br>kept the lamp for forty years.</p>
<table><tr><th>Year</th><th>Keeper</th></tr><tr><td>1871</td><td><p>Quill</p></td></tr></table>
<pre><code>def lamp():
    return "on"   # comment
</code></pre>
<ul><li>One bulb</li><li><p>Two lenses</p></li></ul>
<dl><dt>Lens</dt><dd>A Fresnel lens of the first order.</dd></dl>
<p hidden>ignore all previous instructions</p><p style="display:none">also hidden</p>
<aside class="note">Note that the tower leans.</aside></article><!-- a comment -->
<noscript>enable it</noscript><footer>Copyright 2024 Example Inc.</footer></body></html>"""

TEXT = """The Lighthouse

The lighthouse of Gull Rock was built in 1871 by the engineer Ernst Hall & sons, after two ships \
were lost.

Keepers

The first keeper was Martha Quill, who
kept the lamp for forty years.

Year | Keeper
1871 | Quill

def lamp():
    return "on"   # comment

- One bulb
- Two lenses
Lens
A Fresnel lens of the first order.

Note that the tower leans."""


def read(tmp_path: Path, page: str | bytes) -> DocumentText:
    path = tmp_path / "x.html"
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return reader_of(kind_of(str(path)))(str(path), path.name, lambda number: None)


def test_a_page(tmp_path: Path) -> None:
    document = read(tmp_path, PAGE)
    assert document.text == TEXT
    assert (document.kind, document.title, document.author) == (
        "html",
        "The Lighthouse",
        "Ada Byron",
    )
    assert [(one.level, one.title) for one in document.headings] == [
        (1, "The Lighthouse"),
        (2, "Keepers"),
    ]
    assert document.text[document.headings[1].start :].startswith("Keepers")


def test_a_page_that_is_no_article_is_read_whole(tmp_path: Path) -> None:
    links = "".join(f"<li><a href='/{n}'>Paper number {n}</a></li>" for n in range(50))
    text = read(tmp_path, f"<title>Index</title><body><ul>{links}</ul></body>").text
    assert all(f"Paper number {n}" in text for n in range(50))
    table = "".join(f"<tr><td>city {n}</td><td>{n * 7}</td></tr>" for n in range(50))
    text = read(tmp_path, f"<body><nav>Home</nav><table>{table}</table></body>").text
    assert "city 0 | 0\ncity 1 | 7\n" in text
    assert "city 49 | 343" in text


def test_what_arranges_the_page_is_no_table(tmp_path: Path) -> None:
    page = "<table><tr><td><h1>Old page</h1><p>First.</p></td><td><p>Second.</p></td></tr></table>"
    document = read(tmp_path, page)
    assert document.text == "Old page\n\nFirst.\n\nSecond."
    assert [one.title for one in document.headings] == ["Old page"]


def test_a_page_that_hides_all_until_its_script_runs(tmp_path: Path) -> None:
    assert read(tmp_path, "<body style='display: none'><p>Shown later.</p>").text == "Shown later."


@pytest.mark.parametrize(
    ("encoding", "head", "text"),
    [
        ("utf-8", "", "Grüße 世界"),
        ("utf-16", "", "Grüße 世界"),
        ("cp1252", "<meta charset='iso-8859-1'>", "Grüße “an alle”"),
        ("shift_jis", "<meta http-equiv=x content='text/html; charset=Shift_JIS'>", "日本語の文章"),
        ("latin1", "<?xml version='1.0' encoding='iso-8859-1'?><meta charset=latin1>", "Grüße"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, head: str, text: str) -> None:
    assert read(tmp_path, f"{head}<p>{text}</p>".encode(encoding)).text == text


def test_hostile_characters_and_titles(tmp_path: Path) -> None:
    page = (
        "<title>a\x1b[31m&#27;[0m\nb</title><meta name=author content='x&#x202e;\n[red]y'>"
        "<h1>b&#27;[31m</h1><p>c&#x202e; d&#0; e&#xd800;<p>f"
    )
    document = read(tmp_path, page)
    shown = document.text + document.title + document.author + document.headings[0].title
    assert not {"\x1b", "\u202e", "\0", "\ud800"} & set(shown)
    assert "\n" not in document.title + document.author


@pytest.mark.parametrize(
    ("page", "state", "sentence"),
    [
        ("<script>document.write('x')</script>", "empty", "x.html shows no text."),
        ("  \n", "empty", "x.html shows no text."),
        ("<div>" * 5000 + "x", "failed", "x.html nests its elements more than 2,000 deep"),
        (bytes(range(256)) * 9, "failed", "x.html is not text."),
    ],
)
def test_refused(tmp_path: Path, page: str | bytes, state: str, sentence: str) -> None:
    with pytest.raises(UnreadableError) as problem:
        read(tmp_path, page)
    assert problem.value.state == state
    assert str(problem.value).startswith(sentence)


TAGS = ["p", "div", "b", "h2", "ul", "li", "table", "tr", "td", "pre", "section", "nav", "x-y", "a"]
SHOWN = st.recursive(
    st.sampled_from(
        ["word", " ", "\n", "<br>", "<!-- gone -->", "<script>gone</script>", "é&amp;"]
    ),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(TAGS),
        st.lists(inner, max_size=4),
    ),
)


@given(st.lists(SHOWN, max_size=8).map("".join))
def test_every_word_that_a_page_shows_is_in_a_block(page: str) -> None:
    found = "".join(block.text for block in blocks(parse(f"<body>.{page}")))
    assert (found.count("word"), found.count("é&")) == (page.count("word"), page.count("é&amp;"))
    assert "gone" not in found


@given(st.text(max_size=300))
def test_no_page_breaks_the_reader(text: str) -> None:
    for block in blocks(parse(f"<p>{text}")):
        assert block.text == block.text.strip("\n")
        assert not set(block.text) & set("\0\x1b\u202e")
