"""Every path memtui uses. All of them lie below $MEMTUI_HOME when that is set.

The one exception is the socket's folder: socket paths are limited to about 100 bytes, so it lies
in $XDG_RUNTIME_DIR or in a `memtui-<uid>` folder of the temporary directory.
"""

import contextlib
import os
import stat
import tempfile
from pathlib import Path

import platformdirs

APP = "memtui"


def _home() -> Path | None:
    """$MEMTUI_HOME, absolute: the engine runs in another working directory."""
    home = os.environ.get("MEMTUI_HOME")
    return Path(home).expanduser().absolute() if home else None


def config_dir() -> Path:
    home = _home()
    return home / "config" if home else Path(platformdirs.user_config_dir(APP)).absolute()


def data_dir() -> Path:
    home = _home()
    return home / "data" if home else Path(platformdirs.user_data_dir(APP)).absolute()


def state_dir() -> Path:
    home = _home()
    return home / "state" if home else Path(platformdirs.user_state_dir(APP)).absolute()


def config_file() -> Path:
    return config_dir() / "config.toml"


def credentials_file() -> Path:
    """API keys and tokens, mode 0600; never in the configuration file."""
    return config_dir() / "credentials.toml"


def tools_dir() -> Path:
    """The user's own tools: Python files."""
    return config_dir() / "tools"


def themes_dir() -> Path:
    """The user's own themes: TOML files."""
    return config_dir() / "themes"


def record_file() -> Path:
    return data_dir() / "record.db"


def log_file() -> Path:
    return state_dir() / "engine.log"


def lock_file() -> Path:
    """Held by the engine for its whole life; contains the path of its socket."""
    return data_dir() / "engine.lock"


def handbook_file() -> Path:
    return Path(__file__).parent / "handbook" / "memtui-handbook.pdf"


def tokenizer_file() -> Path:
    """The vocabulary of the built-in embedding model."""
    return Path(__file__).parent / "embedding" / "minilm" / "tokenizer.json"


def private_dir(path: Path) -> Path:
    """Create `path` with mode 0700 whatever the umask, and return it.

    Folders that exist keep their mode: the user may have chosen it.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    return path


def runtime_dir() -> Path:
    """The folder of this data directory's sockets: 0700, ours, never through a symlink.

    Raises PermissionError when somebody else owns it or it is not a plain folder.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and Path(base).is_dir() and os.access(base, os.W_OK):
        parent = Path(base).absolute() / APP
    else:
        parent = Path(tempfile.gettempdir()).absolute() / f"{APP}-{os.getuid()}"
    import hashlib

    # A client may see the engine only while both resolve the same data directory.
    name = hashlib.sha256(str(data_dir().resolve()).encode()).hexdigest()[:16]
    for folder in (parent, parent / name):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700, parents=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise PermissionError(
                f"{folder} is not a folder of yours. Remove it, or set XDG_RUNTIME_DIR."
            )
        if stat.S_IMODE(status.st_mode) != 0o700:
            folder.chmod(0o700)
    return parent / name


def socket_file() -> Path:
    return runtime_dir() / "engine.sock"


def milvus_socket_file() -> Path:
    return runtime_dir() / "milvus.sock"
