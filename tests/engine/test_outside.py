"""Tools that reach outside of memtui: what they may do, each in a process of its own."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from memtui import config, paths, web
from memtui.agent.tools.base import Result, ToolContext, ToolError
from memtui.engine.outside import OutsideError, runner
from memtui.engine.outside.discovery import find
from memtui.engine.outside.files import Files
from memtui.engine.outside.toolbox import EXTRAS
from memtui.engine.outside.web import MOST, Web
from memtui.web import is_public
from tests.fakes.site import web_site


async def no_run(context: ToolContext) -> Result:
    raise NotImplementedError


# --- signatures


def test_the_extras_have_the_originals_signatures() -> None:
    assert {tool.name: (list(tool.parameters), list(tool.required)) for tool in EXTRAS} == {
        "message_chatgpt": (["message"], ["message"]),
        "read_from_text_file": (
            ["filename", "line_start", "num_lines"],
            ["filename", "line_start"],
        ),
        "append_to_text_file": (["filename", "content"], ["filename", "content"]),
        "http_request": (["method", "url", "payload_json"], ["method", "url"]),
    }
    assert all(tool.heartbeat for tool in EXTRAS)


def test_a_typed_function_with_a_docstring_is_a_tool(tmp_path: Path) -> None:
    (tmp_path / "dice.py").write_text('''
from typing import Optional
import random
raise SystemExit("a file is read, never run, to learn what it offers")

def roll_dice(sides: int, label: Optional[str] = None, *, loud: bool = False) -> str:
    """Rolls a die.

    It is fair.

    Args:
        sides (int): How many sides it has,
            at least two.
        label: What to call it.
        loud: Whether to shout.

    Returns:
        str: The number.
    """
    return str(random.randint(1, sides))

async def ask_weather(city: "str", days: float | None = None):
    """Asks for the weather.

    Args:
        city: Where.
        days: How many.
    """

def _helper(x): ...
def untyped(x):
    """Does.

    Args:
        x: What.
    """
def silent(x: int): ...
def undescribed(x: int):
    """Does."""
def listed(x: list[int]):
    """Does.

    Args:
        x: What.
    """
def many(*args: int):
    """Does."""
def send_message(message: str):
    """Pretends.

    Args:
        message: What.
    """
''')
    (tmp_path / "broken.py").write_text("def oops(:\n")
    (tmp_path / "empty.py").write_text("X = 1\n")
    (tmp_path / "_private.py").write_text("def f(): ...\n")
    found = {one.name: one for one in find(tmp_path, {"send_message"}, no_run)}
    assert {name for name, one in found.items() if one.tool} == {"roll_dice", "ask_weather"}
    tool = found["roll_dice"].tool
    assert tool is not None
    assert tool.schema["function"]["description"] == "Rolls a die. It is fair."
    assert tool.parameters == {
        "sides": {"type": "integer", "description": "How many sides it has, at least two."},
        "label": {"type": "string", "description": "What to call it."},
        "loud": {"type": "boolean", "description": "Whether to shout."},
    }
    assert tool.required == ("sides",)
    assert found["ask_weather"].tool.parameters["days"]["type"] == "number"  # type: ignore[union-attr]
    problems = {name: one.problem for name, one in found.items() if not one.tool}
    assert set(problems) == {
        "broken.py", "empty.py", "untyped", "silent", "undescribed", "listed", "many",
        "send_message",
    }  # fmt: skip
    assert "in line 1" in problems["broken.py"]
    assert problems["untyped"] == "x needs a type: str, int, float or bool."
    assert "docstring" in problems["silent"]
    assert "describe x" in problems["undescribed"]
    assert "Another tool has that name" in problems["send_message"]
    assert find(tmp_path / "absent", set(), no_run) == []


# --- files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    (folder / "poem.txt").write_text("one\ntwo\nthree\n")
    (folder / "long.txt").write_text("x" * 300 + "\n" + "y" * 300 + "\nz\n")
    (folder / "inside").symlink_to(folder / "poem.txt")
    (folder / "out").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "null").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe")
    return folder


def test_text_files_are_read_by_lines_and_appended_to(folder: Path) -> None:
    files = Files(folder)
    assert files.read_from_text_file("poem.txt", 2) == "two"
    assert files.read_from_text_file("inside", 1, 9) == "one\ntwo\nthree"
    cut = files.read_from_text_file("long.txt", 1, 3)
    assert cut.startswith("x" * 300 + "\n" + "y" * 200 + "\n[cut in line 2")
    with pytest.raises(OutsideError, match="has 3 lines"):
        files.read_from_text_file("poem.txt", 4)
    with pytest.raises(OutsideError, match="1 or more"):
        files.read_from_text_file("poem.txt", 0)
    files.append_to_text_file("sub/new.txt", "Grüße")
    files.append_to_text_file(str(folder / "sub" / "new.txt"), "again")
    assert (folder / "sub" / "new.txt").read_text() == "Grüße\nagain\n"


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "/etc/passwd", "out", "up/secret.txt", "sub/../../secret.txt", "null", "",
     ".", "/dev/zero", "/proc/self/environ"],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_touched(folder: Path, name: str) -> None:
    files = Files(folder)
    with pytest.raises(OutsideError, match="outside of the folder"):
        files.read_from_text_file(name, 1)
    with pytest.raises(OutsideError, match="outside of the folder"):
        files.append_to_text_file(name, "x")
    assert (folder.parent / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("name", ["pipe", "sub", "loop", "nowhere/x", "a\0b"])
def test_only_regular_files_are_opened(folder: Path, name: str) -> None:
    for work in (Files(folder).read_from_text_file, Files(folder).append_to_text_file):
        with pytest.raises(OutsideError):
            work(name, 1 if work.__name__.startswith("read") else "x")  # type: ignore[arg-type]


def test_memtuis_own_files_are_closed_even_when_the_folder_is_above_them(tmp_path: Path) -> None:
    own = paths.config_dir()
    paths.private_dir(own)
    (own / "config.toml").write_text("[llm]\n")
    name = str((own / "config.toml").relative_to(tmp_path))
    with pytest.raises(OutsideError, match="outside"):
        Files(tmp_path, [own]).append_to_text_file(name, "x = 1")
    assert Files(own / "files", [own])._closed == []


# --- the web


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
     "100.64.0.1", "0.0.0.0", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
     "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1",
     "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:0:1:1:1:1:f5ff:fffe"],
)  # fmt: skip
def test_addresses_that_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


class Site(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        self.seen.append((self.command, self.path, self.headers["host"], body))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        if self.path == "/round":
            self.send_response(307)
            self.send_header("Location", "/round")
            self.end_headers()
            return
        text = ("é" * 20_000 if self.path == "/long" else "hello").encode("latin-1")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=latin-1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    Site.seen.clear()
    with web_site(Site) as address:
        yield address


def test_requests_are_made_and_answers_cut(site: str) -> None:
    allowed = Web(private=True)
    told = json.loads(allowed.http_request("get", f"{site}/ä?q=ü b"))
    assert told == {
        "status_code": 200,
        "url": f"{site}/%C3%A4?q=%C3%BC%20b",
        "content_type": "text/plain; charset=latin-1",
        "body": "hello",
    }
    allowed.http_request("POST", f"{site}/in", '{"a": [1, 2]}')
    host = site.removeprefix("http://")
    assert Site.seen == [
        ("GET", "/%C3%A4?q=%C3%BC%20b", host, ""),
        ("POST", "/in", host, '{"a": [1, 2]}'),
    ]
    long = json.loads(allowed.http_request("GET", f"{site}/long"))
    assert long["body"] == "é" * MOST
    assert long["shown"] == "the first 16,000 of 20,000 characters"
    with pytest.raises(OutsideError, match="more than 5 times"):
        allowed.http_request("GET", f"{site}/round")
    assert json.loads(allowed.http_request("POST", f"{site}/to//x", "1"))["status_code"] == 200
    assert Site.seen[-1][:2] == ("GET", "/x")


@pytest.mark.parametrize(
    ("method", "url", "payload", "why"),
    [
        ("GET", "file:///etc/passwd", None, "whole address"),
        ("GET", "gopher://x/", None, "whole address"),
        ("GET", "//x/", None, "whole address"),
        ("GET", "http://[::1", None, "whole address"),
        ("GET", "http://x:99999/", None, "whole address"),
        ("BREW", "http://x/", None, "one of GET"),
        ("POST", "http://x/", "{", "not valid JSON"),
        ("GET", "http://nowhere.invalid/", None, "failed"),
    ],
)
def test_impossible_requests(method: str, url: str, payload: str | None, why: str) -> None:
    with pytest.raises(OutsideError, match=why):
        Web(private=True).http_request(method, url, payload)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "0"])
def test_this_machine_is_refused_by_any_name(site: str, host: str) -> None:
    port = site.rpartition(":")[2]
    with pytest.raises(OutsideError, match=r"not on the public internet|failed"):
        Web().http_request("GET", f"http://{host}:{port}/")
    assert Site.seen == []


def test_a_redirect_is_checked_like_the_first_address(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = site.rpartition(":")[2]
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(OutsideError, match=r"127\.0\.0\.2, which is not on the public"):
        Web().http_request("GET", f"{site}/to/http://127.0.0.2:{port}/inside")
    assert [path for _, path, _, _ in Site.seen] == [f"/to/http://127.0.0.2:{port}/inside"]


def test_the_address_that_was_checked_is_the_one_connected_to(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers differently the second time gains nothing."""
    answers = iter(["127.0.0.1", "127.0.0.2"])

    def resolve(host: str, port: int, *more: Any, **named: Any) -> Any:
        if host == "rebind.example":
            return real(next(answers), port, *more, **named)
        return real(host, port, *more, **named)

    real = web.socket.getaddrinfo
    monkeypatch.setattr(web.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")
    url = site.replace("127.0.0.1", "rebind.example")
    assert json.loads(Web().http_request("GET", url))["body"] == "hello"
    assert next(answers) == "127.0.0.2", "it was asked once"


# --- processes


OWN = """
import os, subprocess, sys, time
import helper

def double(number: int) -> dict:
    print("noise on standard output")
    return {"twice": helper.twice(number)}

async def later(text: str) -> str:
    return text[::-1]

def raises() -> str:
    raise KeyError("no \\ud800 such")

def leaves() -> None:
    sys.exit(3)

def dies() -> None:
    os._exit(3)

def sleeps(path: str) -> None:
    child = subprocess.Popen(["sleep", "600"])
    open(path, "w").write(f"{os.getpid()} {child.pid}")
    time.sleep(600)

def leaves_a_child(path: str) -> str:
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    open(path, "w").write(f"{os.getpid()} {child.pid}")
    return os.environ.get("SOME_API_KEY", "no key")

def grows() -> int:
    return len(bytearray(2_000_000_000))

def talks() -> str:
    return "x" * 1_000_000

def floods() -> None:
    while True:
        os.write(3, b"x" * 65536)

def nothing() -> None: ...

def fills(path: str) -> None:
    with open(path, "wb") as file:
        file.truncate(60_000_000)
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "helper.py").write_text("def twice(n): return 2 * n\n")
    (folder / "mine.py").write_text(OWN)
    return folder


async def call(own: Path, tool: str, limits: runner.Limits | None = None, **arguments: Any) -> str:
    request = {
        "tool": tool, "arguments": arguments, "path": str(own / "mine.py"), "folder": str(own),
        "closed": [], "private": False,
    }  # fmt: skip
    return await runner.run(request, own, limits or runner.Limits())


async def test_a_users_tool_runs_in_a_process_of_its_own(own: Path) -> None:
    assert await call(own, "double", number=21) == '{"twice": 42}'
    assert await call(own, "later", text="abc") == "cba"
    assert await call(own, "nothing") == "null"
    said = await call(own, "talks")
    assert len(said) < 21_000
    assert "cut: 20,000 of 1,000,000" in said


async def test_what_a_tool_starts_ends_with_it_and_it_knows_no_key(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-secret")
    assert await call(own, "leaves_a_child", path=str(tmp_path / "pids")) == "no key"
    assert all_gone(tmp_path / "pids")


@pytest.mark.parametrize(
    ("tool", "arguments", "why"),
    [
        ("raises", {}, "KeyError"),
        ("leaves", {}, "SystemExit"),
        ("dies", {}, "broke off"),
        ("grows", {}, "more than the 512 MB"),
        ("fills", {"path": "big"}, "File too large"),
    ],
)
async def test_a_users_tool_may_fail_in_any_way(
    own: Path, tool: str, arguments: dict[str, str], why: str
) -> None:
    with pytest.raises(ToolError, match=why):
        await call(own, tool, **arguments)


async def test_a_tool_that_floods_or_sleeps_is_ended(own: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"broke off|took more"):
        await call(own, "floods", runner.Limits(seconds=3))
    with pytest.raises(ToolError, match=r"took more than 1 seconds, so it was ended"):
        await call(own, "sleeps", runner.Limits(seconds=1), path=str(tmp_path / "pids"))
    assert all_gone(tmp_path / "pids")


async def test_a_cancelled_call_ends_at_once_with_all_it_started(own: Path, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    task = asyncio.create_task(call(own, "sleeps", path=str(pids)))
    while not (task.done() or (pids.exists() and len(pids.read_text().split()) == 2)):
        await asyncio.sleep(0.01)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.2
    assert all_gone(pids)


def all_gone(pids: Path) -> bool:
    """Whether the processes have ended; a zombie that waits for its new parent has."""
    deadline = time.monotonic() + 10
    waiting = pids.read_text().split()
    while waiting and time.monotonic() < deadline:
        waiting = [pid for pid in waiting if _lives(pid)]
        time.sleep(0.01)
    return not waiting


def _lives(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_folder_of_files_is_a_setting(home: Path) -> None:
    assert config.load().tools_folder() == paths.data_dir() / "files"
    config.save({"tools.folder": "~/drop"})
    assert config.load().tools_folder() == Path("~/drop").expanduser()
