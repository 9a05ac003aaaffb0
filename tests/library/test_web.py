"""Pages of a real HTTP server on this machine, which only a setting allows."""

import gzip
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from memtui import web
from memtui.api.library import Document, LoadReport, LoadRequest
from memtui.engine.shelf import RecordShelf
from memtui.library import web as pages_of_the_web
from memtui.library.document import UnreadableError
from memtui.library.load import load
from memtui.library.reader_pool import ReaderPool
from memtui.record import Record
from tests.fakes.site import web_site
from tests.library.helpers import make_pdf

ARTICLE = """<html><head><title>The Lighthouse</title><meta name="author" content="Ada"></head>
<body><nav><a href="/">Home</a></nav><article><h1>The Lighthouse</h1><p>{} The tower of Gull Rock
was built in 1871 by the engineer Hall, after two ships were lost on it.</p></article></body></html>
"""
HTML = "text/html; charset=utf-8"


class Site(BaseHTTPRequestHandler):
    """Answers with `pages`: (status, headers, body) by path."""

    pages: dict[str, tuple[int, dict[str, str], bytes]] = {}  # noqa: RUF012
    seen: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.seen.append(self.path)
        status, headers, body = self.pages.get(self.path, (404, {}, b"no"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/silent":
            self.rfile.read(1)  # until the other side gives up
        with suppress(OSError):
            while self.path == "/endless":
                self.wfile.write(b"x")
                time.sleep(0.02)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Site.pages, Site.seen = {}, []
    with web_site(Site) as address:
        yield address


def put(path: str, body: str | bytes, kind: str = HTML, status: int = 200, **more: str) -> None:
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    content = body if isinstance(body, bytes) else body.encode()
    Site.pages[path] = (status, {"Content-Type": kind, **headers}, content)


@pytest.fixture
async def reader() -> AsyncIterator[ReaderPool]:
    made = ReaderPool(size=1, private=lambda: True)
    yield made
    await made.close()


async def load_pages(
    record: Record, reader: ReaderPool, *urls: str, **request: Any
) -> tuple[LoadReport, list[Document]]:
    source = record.sources.by_name("web") or record.sources.create("web", "")
    asked = LoadRequest(name="web", urls=list(urls), **request)
    report = await load(asked, source.id, RecordShelf(record), reader, lambda progress: None)
    return report, record.documents.list(source.id)


async def test_pages_of_every_kind(
    record: Record, reader: ReaderPool, site: str, tmp_path: Path
) -> None:
    put("/a?q=ü", ARTICLE.format("Café!").encode("latin-1"), "text/html; charset=iso-8859-1")
    Site.pages["/a?q=%C3%BC"] = Site.pages.pop("/a?q=ü")
    put("/notes.md", "# Notes\n\nTin melts at 232 degrees.", "text/plain")
    put("/plain", "Copper melts at 1085 degrees.", "text/plain; charset=utf-8")
    pdf = make_pdf(tmp_path / "x.pdf", ["Lead melts at 327 degrees."], title="On lead")
    put("/download", pdf.read_bytes(), "application/octet-stream")
    put("/packed", gzip.compress(ARTICLE.format("Packed!").encode()), Content_Encoding="gzip")
    put("/moved", "", status=302, Location="/plain#there")
    report, documents = await load_pages(
        record,
        reader,
        *(f"{site}{path}" for path in ("/a?q=ü#top", "/notes.md", "/download", "/packed")),
        f"{site}/moved",
        f"{site}/plain",
    )
    assert report.failures == []
    assert report.added == 5
    found = {one.path.removeprefix(site): (one.name, one.title, one.kind) for one in documents}
    assert found == {
        "/a?q=%C3%BC": ("The Lighthouse", "The Lighthouse", "html"),
        "/download": ("On lead", "On lead", "pdf"),
        "/notes.md": ("Notes", "Notes", "markdown"),
        "/packed": ("The Lighthouse", "The Lighthouse", "html"),
        "/plain": ("plain", "", "text"),
    }
    passages = record.passages.many(record.passages.ids(f"source_{documents[0].source_id}"))
    texts = " ".join(passage.text for passage in passages.values())
    for words in ("Café!", "Packed!", "Tin melts", "Lead melts", "Copper melts"):
        assert words in texts
    assert "Home" not in texts


async def test_loading_again_reads_what_has_changed(
    record: Record, reader: ReaderPool, site: str
) -> None:
    put("/a", ARTICLE.format("First."))
    put("/b", ARTICLE.format("Other."))
    urls = [f"{site}/b", f"{site}/a"]
    report, before = await load_pages(record, reader, *urls)
    assert (report.added, [one.path for one in before]) == (2, sorted(urls))
    report, _ = await load_pages(record, reader, *reversed(urls))
    assert (report.added, report.replaced, report.unchanged) == (0, 0, 2)
    put("/a", ARTICLE.format("Second."))
    del Site.pages["/b"]
    report, after = await load_pages(record, reader, *urls)
    assert (report.replaced, report.unchanged, len(after)) == (1, 0, 2)
    assert [failure.reason for failure in report.failures] == [
        f"{site}/b was answered with status 404. Check the address in a browser."
    ]
    assert {one.id for one in before} & {one.id for one in after if one.path.endswith("/b")}


@pytest.mark.parametrize(
    ("path", "page", "reason"),
    [
        ("/x", {"body": b"\x89PNG\0", "kind": "image/png"}, "is of the type image/png, which"),
        ("/x", {"body": b"\0\1", "kind": ""}, "is of the type unknown, which"),
        ("/x", {"body": " \n"}, "gave an empty answer."),
        ("/x", {"body": "x", "status": 500}, "was answered with status 500."),
        ("/x", {"body": b"\x1f\x8bno", "Content_Encoding": "gzip"}, "was sent damaged."),
        ("/x", {"body": b"x", "Content_Encoding": "br\x1b"}, "is sent packed as br, which"),
        ("/x", {"body": "x", "Content_Length": "99"}, "could not be fetched: The request to"),
        ("/x", {"body": "", "status": 302, "Location": "/x"}, "redirected more than 5 times."),
        ("/x", {"body": "", "status": 302, "Location": "file:///etc/passwd"}, "begins with http"),
        ("/x", {"body": gzip.compress(b"<p>" + b"x" * 51_000_000), "Content_Encoding": "gzip"},
         "is larger than 50 MB"),
    ],
)  # fmt: skip
def test_pages_that_are_refused(
    site: str, tmp_path: Path, path: str, page: dict[str, Any], reason: str
) -> None:
    put(path, **page)
    with pytest.raises(UnreadableError) as problem:
        pages_of_the_web.fetch(f"{site}{path}", str(tmp_path), private=True)
    assert str(problem.value).startswith(f"{site}{path} ")
    assert reason in str(problem.value)
    assert not {"\x1b", "\n"} & set(str(problem.value))


def test_an_endless_page_is_given_up(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("/x", b"x" * 200_000)
    monkeypatch.setattr(pages_of_the_web, "MOST_BYTES", 100_000)
    with pytest.raises(UnreadableError, match="larger than"):
        pages_of_the_web.fetch(f"{site}/x", str(tmp_path), private=True)
    put("/endless", b"x", Content_Length="100000")
    monkeypatch.setattr(pages_of_the_web, "SECONDS", 0.2)
    with pytest.raises(UnreadableError, match="did not end its answer in time"):
        pages_of_the_web.fetch(f"{site}/endless", str(tmp_path), private=True)
    put("/silent", b"x", Content_Length="100000")
    monkeypatch.setattr(web, "SILENCE", 0.2)
    monkeypatch.setattr(pages_of_the_web, "SECONDS", 60.0)
    with pytest.raises(UnreadableError, match=r"did not answer within 0\.2 seconds"):
        pages_of_the_web.fetch(f"{site}/silent", str(tmp_path), private=True)


async def test_private_addresses_need_the_setting(record: Record, site: str) -> None:
    put("/a", ARTICLE.format(""))
    made = ReaderPool(size=1)
    try:
        report, documents = await load_pages(record, made, f"{site}/a", "http://[::1]/", "ftp://x/")
    finally:
        await made.close()
    assert documents == []
    assert Site.seen == []
    assert [failure.path for failure in report.failures] == [
        f"{site}/a",
        "http://[::1]/",
        "ftp://x/",
    ]
    assert "tools.allow_private_addresses" in report.failures[0].reason


def test_a_redirect_to_a_private_address_is_refused(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = site.rpartition(":")[2]
    put("/x", "", status=302, Location=f"http://127.0.0.2:{port}/inside")
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(UnreadableError, match=r"127\.0\.0\.2, which is not on the public"):
        pages_of_the_web.fetch(f"{site}/x", str(tmp_path), private=False)
    assert Site.seen == ["/x"]


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        (
            "HTTPS://Bücher.Example/ä b?q=ü#part",
            "https://xn--bcher-kva.example/%C3%A4%20b?q=%C3%BC",
        ),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://x\n/", "http://x/"),
    ],
)
def test_addresses_are_made_plain(url: str, whole: str) -> None:
    assert web.whole(url) == whole


@pytest.mark.parametrize(
    "url",
    ["http://u:p@x/", "http://", "x.example", "http://x:99999/", "http://a..b/", "javascript:1"],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(web.WebError):
        web.whole(url)
