"""`memtui load web` against a real HTTP server on this machine, which a setting allows."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from tests.cli.conftest import Memtui
from tests.fakes.site import web_site

PAGE = b"<title>Metals</title><h1>Metals</h1><p>Copper melts at 1085 degrees, and tin at 232.</p>"


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/metals.html"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE if found else b"")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with web_site(Site) as address:
        yield address


@pytest.mark.usefixtures("shared")
def test_a_page_is_loaded_and_found(memtui: Memtui, site: str) -> None:
    assert memtui("load", "web", "metals.html", "--name=m").status == 2
    refused = memtui("load", "web", f"{site}/metals.html", "--name=m")
    assert refused.status == 1
    assert "with the setting tools.allow_private_addresses" in refused.err
    assert json.loads(memtui("list", "sources", "--json").out) == []
    # A change reaches the running engine.
    assert memtui("configure", "--set", "tools.allow_private_addresses=true").status == 0
    done = memtui("load", "web", f"{site}/metals.html", f"{site}/none", "--name=m")
    assert (done.status, done.out) == (0, "Loaded 1 passages and 1 documents from m\n")
    assert f"{site}/none was answered with status 404." in done.err
    (document,) = json.loads(memtui("list", "documents", "--json").out)
    assert (document["name"], document["path"]) == ("Metals", f"{site}/metals.html")
    again = memtui("load", "web", f"{site}/metals.html", "--name=m")
    assert "m already has this file, unchanged." in again.err
    assert "Copper melts" in memtui("search", "melting copper", "--source", "m").out
