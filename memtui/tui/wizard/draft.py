"""What the wizard is about to save. Pure data: the steps show it and change it."""

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from memtui import config, paths

if TYPE_CHECKING:
    from memtui.api.setup import Found

STEP_KEYS: dict[str, tuple[str, ...]] = {
    "model": ("llm.model", "llm.api_base", "llm.api_key", "llm.context_window"),
    "embeddings": ("embedding.model", "embedding.api_base", "embedding.api_key"),
    "archive": ("archive.uri", "archive.token", "archive.database"),
    "agent": ("agent.persona", "agent.human"),
    "look": ("ui.theme", "ui.keymap"),
}
"""The settings that each step asks for."""

KEYS = tuple(key for keys in STEP_KEYS.values() for key in keys)


@dataclass(frozen=True)
class Tried:
    """What a test has shown: sentences, each with whether it is good news."""

    lines: tuple[tuple[bool, str], ...]


@dataclass
class Draft:
    """`secrets` are those typed now; what was saved before is never in here."""

    saved: dict[str, str]
    has_secret: set[str]
    origins: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    tried: dict[str, Tried] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    typed: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each way that was left again, what its fields held."""
    found: "Found | None" = None

    def get(self, key: str) -> str:
        if config.declared(key).secret:
            return self.secrets.get(key, "")
        return self.values.get(key, self.saved[key])

    def put(self, key: str, text: str) -> None:
        """What was said about this value before holds no more."""
        if text == self.get(key):
            return
        (self.secrets if config.declared(key).secret else self.values)[key] = text
        self.wrong.pop(key, None)
        for step, keys in STEP_KEYS.items():
            if key in keys:
                self.tried.pop(step, None)

    def check(self, step: str) -> str:
        """Note what is wrong with the step's values; the first such key, or nothing."""
        first = ""
        for key in STEP_KEYS.get(step, ()):
            if sentence := self._wrong(key):
                self.wrong[key] = sentence
                first = first or key
        return first

    def _wrong(self, key: str) -> str:
        text = self.get(key).strip()
        if key in ("llm.model", "embedding.model") and not text:
            default = config.declared(key).default
            return f"Name a model, or write {default}."
        if key in ("llm.model", "embedding.model") and text.endswith("/") and text.count("/") == 1:
            return f"Write a model of this provider after {text}"
        if key == "ui.keymap":
            from memtui.tui.keymap import parse_keymap

            return " ".join(parse_keymap(text)[1])
        try:
            config.parse(config.declared(key), text)
        except config.ConfigError as error:
            return str(error)
        return ""

    def changes(self) -> dict[str, str]:
        """What is to be saved. A saved key that was for another provider goes."""
        changed = {
            key: text.strip()
            for key, text in self.values.items()
            if text.strip() != self.saved[key]
        }
        changed |= {key: text.strip() for key, text in self.secrets.items() if text.strip()}
        return changed | dict.fromkeys(self.outdated(), "")

    def outdated(self) -> list[str]:
        """Saved secrets that were given for another provider or address than is chosen now."""
        return [
            key
            for key in sorted(self.has_secret)
            if not self.get(key).strip() and self._addressee(key) != self._addressee(key, True)
        ]

    def _addressee(self, secret: str, before: bool = False) -> tuple[str, ...]:
        """Who is sent the secret."""
        value = self.saved.__getitem__ if before else self.get
        table = secret.partition(".")[0]
        if table == "archive":
            return (value("archive.uri").strip(),)
        provider = value(f"{table}.model").strip().partition("/")[0]
        return (provider, value(f"{table}.api_base").strip())

    def key_for(self, secret: str) -> str | None:
        """What a test is to use: what was typed; None: what was saved, if that may be used."""
        return self.secrets.get(secret, "").strip() or None

    def difference(self) -> list[str]:
        """The configuration file before and after, line by line. Raises ConfigError."""
        before, after = config.preview(self.to_save())
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
        return [line for line in lines if not line.startswith(("---", "+++", "@@"))]

    def to_save(self) -> dict[str, str]:
        """The changes; without any, one value, so that a configuration exists from now on."""
        return self.changes() or {"llm.model": self.get("llm.model").strip()}

    def overridden(self) -> list[str]:
        """The variables of the environment that win over what is saved."""
        return [
            origin.removeprefix("environment ")
            for key in self.to_save()
            if (origin := self.origins.get(key, "")).startswith("environment")
        ]

    def untried(self) -> list[str]:
        """The steps whose values are new and have not been seen to work."""
        changed = {key for key in self.changes() if self.get(key)}
        return [
            step
            for step in ("model", "embeddings", "archive")
            if step not in self.tried and changed & set(STEP_KEYS[step]) and self._remote(step)
        ]

    def _remote(self, step: str) -> bool:
        """Whether there is anything to try."""
        return step != "model" or self.get("llm.model").strip() != "offline"


def new_draft(now: config.Config) -> Draft:
    """What holds now."""
    secret = {key for key in KEYS if config.declared(key).secret}
    return Draft(
        saved={key: now.text(key) for key in KEYS if key not in secret},
        has_secret={key for key in secret if now.has(key)},
        origins={key: entry.origin for key, entry in now.entries.items()},
    )


def default_place() -> str:
    return str(paths.data_dir() / "milvus.db")
