"""Settings: file < environment < flags, and where each value came from.

Every setting is declared once, in SETTINGS; `configure --show`, `--set`, the wizard and the
settings screen are made from these declarations. Secrets are in the system's keyring, or else in a
0600 file of their own; that file then only says that they are.
Standard library only: the app reads its theme before its first frame.
"""

import contextlib
import errno
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from memtui import paths

Value = str | int | float | bool


@dataclass(frozen=True)
class Setting:
    """One declared setting. `key` is `table.name`; `secret` ones go to the credentials file."""

    key: str
    default: Value
    help: str
    secret: bool = False
    minimum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        return "MEMTUI_" + self.key.upper().replace(".", "__")


_MODEL = (
    Setting("model", "offline", "`offline` (no language model), or a litellm model name"),
    Setting("api_base", "", "address of an OpenAI-compatible server, when not the provider's own"),
    Setting("api_key", "", "key for the provider", secret=True),
    Setting("context_window", 0, "tokens; 0 asks the provider, else 8192", minimum=0),
    Setting("idle_timeout", 60.0, "seconds without a token before a call is given up", minimum=0.1),
    Setting("max_wait", 120.0, "seconds for an answer, further attempts included", minimum=0.1),
    Setting(
        "tools",
        "auto",
        "how tools are offered: by the provider (native), in the prompt, or what works (auto)",
        choices=("auto", "native", "prompt"),
    ),
)

SETTINGS: dict[str, Setting] = {
    setting.key: setting
    for setting in (
        *(
            replace(s, key=f"llm.{s.key}")
            for s in _MODEL
        ),
        Setting("embedding.model", "builtin",
                "`builtin` (MiniLM, offline), a litellm name, or the folder of an ONNX model"),
        Setting("embedding.api_base", "", "address of the embedding provider, when not its own"),
        Setting("embedding.api_key", "", "key for the embedding provider", secret=True),
        Setting("embedding.threads", 0, "cores that embedding here may use; 0: all", minimum=0),
        Setting("embedding.concurrency", 4, "requests to a provider at the same time", minimum=1),
        Setting("embedding.ask_above", 1.0, "dollars above which a load asks first", minimum=0),
        Setting("archive.uri", "", "Milvus: a folder (Lite) or http(s)://…"),
        Setting("archive.token", "", "token of a Milvus server or Zilliz Cloud", secret=True),
        Setting("archive.database", "", "database on a Milvus server"),
        Setting("load.max_seconds", 120.0, "seconds that reading a file may take", minimum=1),
        Setting("load.max_memory_mb", 1500, "megabytes of memory that reading a file may take",
                minimum=300),
        Setting("load.max_text_mb", 100, "megabytes of text that a file may hold", minimum=1),
        Setting("agent.persona", "sam_pov", "persona of a new agent"),
        Setting("agent.human", "basic", "human of a new agent"),
        Setting("agent.pressure", 0.75, "share of the context window at which an agent is warned",
                minimum=0.1),
        Setting("agent.max_steps", 12, "steps of a turn, after which it ends", minimum=1),
        Setting("agent.max_failures", 3, "failures in a row that end a turn", minimum=1),
        Setting("agent.max_identical", 3, "identical calls that end a turn", minimum=1),
        Setting("tools.folder", "", "the folder of the agents' files; default: files in the data"),
        Setting("tools.seconds", 30.0, "seconds that a tool of an agent may take", minimum=0.1),
        Setting("tools.memory", 512, "megabytes of memory that a tool may take", minimum=64),
        Setting("tools.allow_private_addresses", False,
                "let http_request and load web reach this network"),
        Setting("engine.linger", 600.0, "seconds the engine outlives its last client", minimum=0),
        Setting("ui.theme", "memtui-dark", "theme of the app; ctrl+t there shows them"),
        Setting("ui.keymap", "", "keys to change: `binding=key, binding=key`"),
        Setting("ui.ascii", False, "draw with plain ASCII, as is done anyway with LANG=C"),
        Setting("ui.pdf_viewer", "", "command that opens a PDF at a page, with {path} and {page}"),
        Setting("ui.notify", "auto", "how the terminal says that a long turn or load has ended",
                choices=("auto", "osc9", "osc777", "bell", "off")),
    )
}  # fmt: skip

MODEL_KEYS = tuple(s.key for s in _MODEL)
"""The keys of `[llm]` and of every `[models.NAME]`."""


_FOLDERS = ("archive.uri", "tools.folder")

IN_KEYRING = "(in the keyring)"
"""What the credentials file has in place of a secret that the system's keyring keeps."""


SAVED = "(saved)"
"""What is shown instead of a secret."""


class ConfigError(ValueError):
    """A setting cannot be read or has an impossible value; the sentence says what to do."""

    exit_status = 2


class ConfigFileError(ConfigError):
    """What is stored in a file or in the environment is wrong, or cannot be read or written."""

    exit_status = 1


@dataclass(frozen=True)
class Entry:
    value: Value
    origin: str  # "default", "environment MEMTUI_…", "flag", or a file's path


def declared(key: str) -> Setting:
    """The declaration behind `key`; `models.NAME.model` has that of `llm.model`.

    Raises ConfigError with the nearest known keys when there is none.
    """
    if key in SETTINGS:
        return SETTINGS[key]
    table, _, name = key.rpartition(".")
    if table.startswith("models.") and name in MODEL_KEYS:
        return replace(SETTINGS[f"llm.{name}"], key=key)
    raise ConfigError(f"There is no setting {key!r}. `memtui configure --show` lists them all.")


def parse(setting: Setting, text: Value) -> Value:
    """`text` as the setting's type. Raises ConfigError."""
    kind = type(setting.default)
    if isinstance(text, bool) and kind is not bool:
        raise ConfigError(f"{setting.key} takes {_KINDS[kind]}, not {str(text).lower()}.")
    try:
        value: Value = kind(text) if not isinstance(text, str) else _from_text(kind, text)
    except ValueError:
        raise ConfigError(f"{setting.key} takes {_KINDS[kind]}, not {text!r}.") from None
    if (
        setting.minimum is not None
        and isinstance(value, int | float)
        and not value >= setting.minimum
    ):
        raise ConfigError(f"{setting.key} must be at least {setting.minimum:g}, not {value:g}.")
    if setting.choices and value not in setting.choices:
        raise ConfigError(
            f"{setting.key} is one of {', '.join(setting.choices)}, not {str(value)!r}."
        )
    if isinstance(value, str) and value:
        if setting.key in _FOLDERS and "://" not in value:
            _expanded(setting.key, value)
        if setting.key.endswith(".api_base") and not value.startswith(("http://", "https://")):
            raise ConfigError(f"{setting.key}: an address begins with http:// or https://.")
        if setting.key == "ui.pdf_viewer":
            command_words(setting.key, value)
    return value


def command_words(key: str, text: str) -> list[str]:
    """The words of a command that is to open `{path}`. Raises ConfigError."""
    import shlex

    try:
        words = shlex.split(text)
    except ValueError:
        raise ConfigError(f"{key}: a quotation mark is missing in {text!r}.") from None
    if not any("{path}" in word for word in words[1:]):
        raise ConfigError(
            f"{key} is a command with {{path}} where the file's path is to stand, and {{page}} "
            "where its page is: zathura -P {page} {path}."
        )
    return words


def _expanded(key: str, text: str) -> Path:
    """A path with its `~` and its variables written out. Raises ConfigError."""
    try:
        return Path(os.path.expandvars(text)).expanduser()
    except RuntimeError:
        name = text.partition("/")[0]
        raise ConfigError(
            f"{key}: there is no home folder of {name!r} here. Write the whole path."
        ) from None


_KINDS: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


def _from_text(kind: type, text: str) -> Value:
    if kind is bool:
        if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise ValueError(text)
        return text.lower() in {"true", "1", "yes"}
    result: Value = kind(text)
    return result


class Config:
    """All settings as they hold now. Build it with `load`."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.entries = dict(entries)
        self._secrets: dict[str, str] = {}  # what the keyring has said

    def __getitem__(self, key: str) -> Value:
        if key not in self.entries:
            return declared(key).default
        value = self.entries[key].value
        if value != IN_KEYRING:
            return value
        if key not in self._secrets:
            from memtui import keys

            self._secrets[key] = keys.get(key)
        return self._secrets[key]

    def has(self, key: str) -> bool:
        """Whether there is a value. The keyring is not asked for it."""
        return bool(self.entries[key].value) if key in self.entries else False

    def text(self, key: str) -> str:
        return str(self[key])

    def number(self, key: str) -> float:
        return float(self[key])

    def models(self) -> list[str]:
        """The names of the further models: the NAME of each `[models.NAME]`."""
        return sorted({key.split(".")[1] for key in self.entries if key.startswith("models.")})

    def archive_uri(self) -> str:
        """Where Milvus is: a URL, or the absolute path of a Milvus Lite folder."""
        uri = self.text("archive.uri")
        if not uri:
            return str(paths.data_dir() / "milvus.db")
        if "://" in uri:
            return os.path.expandvars(uri)
        path = _expanded("archive.uri", uri)
        return str(path if path.is_absolute() else paths.data_dir() / path)

    def tools_folder(self) -> Path:
        """Where the file tools of agents work."""
        folder = self.text("tools.folder")
        return paths.data_dir() / (_expanded("tools.folder", folder) if folder else "files")

    def masked(self, key: str) -> str:
        """The value for a person's eyes: of a secret only that there is one."""
        value = self.entries[key].value if key in self.entries else self[key]
        if value == IN_KEYRING:
            return IN_KEYRING
        if declared(key).secret and value:
            return SAVED
        return str(value).lower() if isinstance(value, bool) else str(value)


def _flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return _flatten(tomllib.load(file))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFileError(
            f"{path} is not valid TOML: {error}. Mend it or move it away."
        ) from None
    except OSError as error:
        raise _refused(path, "read", error) from None


def load(flags: Mapping[str, Value] | None = None) -> Config:
    """Read the settings. Raises ConfigError for an unreadable file or an impossible value."""
    entries = {key: Entry(setting.default, "default") for key, setting in SETTINGS.items()}
    for path in (paths.config_file(), paths.credentials_file()):
        for key, value in _read_file(path).items():
            if not isinstance(value, str | int | float | bool):
                raise ConfigFileError(f"{path}: {key} must be a single value.")
            entries[key] = _stored(key, value, str(path))
    for name, text in os.environ.items():
        key = name.removeprefix("MEMTUI_").replace("__", ".").lower()
        if name.startswith("MEMTUI_") and "." in key:
            entries[key] = _stored(key, text, f"environment {name}")
    for key, value in (flags or {}).items():
        entries[key] = Entry(parse(declared(key), value), "flag")
    return Config(entries)


def _stored(key: str, value: Value, origin: str) -> Entry:
    try:
        return Entry(parse(declared(key), value), origin)
    except ConfigError as error:
        raise ConfigFileError(f"{origin}: {error}") from None


def is_configured() -> bool:
    """Whether the user ever saved a configuration: nothing saved means the welcome is shown."""
    return paths.config_file().exists()


def save(changes: Mapping[str, Value]) -> None:
    """Write `changes` into the configuration and credentials files, keeping what else is there.

    Secrets go to the system's keyring where there is one. Both files are replaced atomically; the
    credentials are 0600. Raises ConfigError, and then nothing was written.
    """
    parsed = {key: parse(declared(key), value) for key, value in changes.items()}
    for path, secret in ((paths.config_file(), False), (paths.credentials_file(), True)):
        mine = {key: value for key, value in parsed.items() if declared(key).secret is secret}
        if not mine and (secret or path.exists()):
            continue
        before = _read_file(path)
        _write_file(path, {**before, **(_into_keyring(mine, before) if secret else mine)})


def _into_keyring(secrets: Mapping[str, Value], before: Mapping[str, Value]) -> dict[str, Value]:
    """What the credentials file is to have for `secrets`: a mark, or those no keyring keeps."""
    from memtui import keys

    for key, value in secrets.items():
        if not value and before.get(key) == IN_KEYRING:
            keys.forget(key)
    return {
        key: IN_KEYRING if value and keys.put(key, str(value)) else value
        for key, value in secrets.items()
    }


def preview(changes: Mapping[str, Value]) -> tuple[str, str]:
    """The configuration file as it is, and as `save` would leave it. Raises ConfigError."""
    path = paths.config_file()
    flat = _read_file(path)
    try:
        before = path.read_text(encoding="utf-8") if flat else ""
    except OSError as error:
        raise _refused(path, "read", error) from None
    mine = {
        key: parse(declared(key), value)
        for key, value in changes.items()
        if not declared(key).secret
    }
    return before, _toml({**flat, **mine})


def _toml(flat: Mapping[str, Any]) -> str:
    import tomli_w

    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *tables, name = key.split(".")
        node = tree
        for table in tables:
            node = node.setdefault(table, {})
        node[name] = value
    return tomli_w.dumps(tree)


def _write_file(path: Path, flat: Mapping[str, Any]) -> None:
    text = _toml(flat)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        paths.private_dir(path.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise _refused(path, "written", error) from None


def _refused(path: Path, done: str, error: OSError) -> ConfigFileError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    right = f"Give yourself the right to {'read' if done == 'read' else 'write'} in {path.parent}"
    remedy = "Free some space" if full else right
    return ConfigFileError(
        f"{path} cannot be {done}: {error.strerror}. {remedy}, or set MEMTUI_HOME to another "
        "folder."
    )


def environment_fingerprint() -> str:
    """A digest of what an engine takes from its environment: MEMTUI_* and providers' keys.

    A client compares its own with the engine's to notice that they differ. MEMTUI_HOME is left
    out: it chooses the engine; and MEMTUI_DEBUG: it changes what is printed.
    """
    import hashlib

    relevant = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.endswith("_API_KEY")
        or (name.startswith("MEMTUI_") and name not in ("MEMTUI_HOME", "MEMTUI_DEBUG"))
    )
    return hashlib.sha256("\0".join(relevant).encode()).hexdigest()[:16]
