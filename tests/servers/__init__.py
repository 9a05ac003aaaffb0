"""Real Milvus servers in processes of their own, which a test may kill and start again.

Server        a server on a port of its own, and its data
milvus        fixture: Milvus 2.3.5 with users and passwords, one for the whole session
lite_server   fixture: `milvus-lite server`, over TCP, as another program would run it
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEEPER = """
import os, shutil, signal, subprocess, sys
folder, *command = sys.argv[1:]
server = None
def kill():
    if server is not None:
        try:
            os.killpg(server.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        server.wait()
for line in sys.stdin:
    if line == "kill\\n":
        kill()
        server = None
    elif server is None or server.poll() is not None:
        with open(folder + "/output.log", "ab") as log:
            server = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=folder, env={**os.environ, "HOME": folder},
            )
    print("done", flush=True)
kill()
shutil.rmtree(folder, ignore_errors=True)
"""
"""Ends the server and removes its data once we are gone, however that came about."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Server:
    """A server, not started yet. `command` gets the folder of its data and its port."""

    def __init__(self, command: Callable[[str, int], list[str]], token: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="memtui-server-"))
        self.token = token
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER, self.folder, *command(str(self.folder / "data"), port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # ^C is for us; the keeper notices that we are gone
        )

    def start(self, wait: bool = True) -> None:
        self._tell("start")
        if wait:
            self.wait_until_ready()

    def kill(self) -> None:
        """SIGKILL; the data stays for the next `start`."""
        self._tell("kill")

    def stop(self) -> None:
        """End it and remove its data."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        self._keeper.wait(60)

    def client(self) -> Any:
        from pymilvus import MilvusClient

        return MilvusClient(self.uri, token=self.token, timeout=3, dedicated=True)

    def wait_until_ready(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self._tell("start")  # again, when it has died: on a busy machine Milvus trips over etcd
            try:
                client = self.client()
                client.list_collections(timeout=3)
                client.close()
                return
            except Exception as error:
                if time.monotonic() > deadline:
                    log = (self.folder / "output.log").read_text(errors="replace")[-2_000:]
                    raise AssertionError(f"{self.uri} was not ready: {error}\n{log}") from error
                time.sleep(0.2)

    def _tell(self, what: str) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.write(f"{what}\n")
        self._keeper.stdin.flush()
        assert self._keeper.stdout.readline() == "done\n"


def milvus_lite() -> Server:
    program = str(Path(sys.executable).with_name("milvus-lite"))
    return Server(
        lambda folder, port: [
            *(program, "server", "--data-dir", folder, "--host", "127.0.0.1", "--port", str(port))
        ]
    )


PREPARE = """
import sys
from milvus import MilvusServerConfig, _initialize_data_files
config = MilvusServerConfig(data_dir=sys.argv[1])
config.set("authorization_enabled", True)
config.set("proxy_port", int(sys.argv[2]))
config.resolve()
_initialize_data_files(sys.argv[1])
"""
"""What the wheel's `milvus-server` does before it starts the server. It would do so at every start
and, just after a kill, take another port."""


def milvus(version: str = "2.3.5") -> Server:
    """The server in the wheel `milvus` (Linux on x86-64), whose data takes 520 MB."""

    def command(folder: str, port: int) -> list[str]:
        python = str(_installed(version) / "bin" / "python")
        subprocess.run([python, "-c", PREPARE, folder, str(port)], check=True, timeout=120)
        return [
            *("env", "--chdir", folder, "DEPLOY_MODE=STANDALONE", f"METRICS_PORT={free_port()}"),
            *(f"MILVUS_RUN_DIR={folder}/run", f"LD_LIBRARY_PATH={folder}/bin"),
            *(f"{folder}/bin/milvus", "run", "standalone"),
        ]

    return Server(command, token="root:Milvus")


def _installed(version: str) -> Path:
    """The virtual environment with the server, made when it is missing."""
    place = Path(__file__).parents[2] / ".cache" / f"milvus-{version}"
    if not (place / "bin" / "milvus-server").exists():
        place.parent.mkdir(exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent))
        uv = shutil.which("uv", path=f"{os.environ.get('PATH', '')}:{Path.home() / '.local/bin'}")
        assert uv, "uv, which installs the server, is not on the PATH"
        for arguments in (
            ["venv", "--quiet", "--allow-existing", "--relocatable", str(made)],
            ["pip", "install", "--quiet", "--python", str(made / "bin" / "python"),
             f"milvus=={version}"],
        ):  # fmt: skip
            subprocess.run([uv, *arguments], check=True, timeout=300)
        if place.exists():
            shutil.rmtree(place)
        made.rename(place)
    return place
