"""Keys in the system's keyring: which keyring counts, and that everything else is the file's."""

import threading
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend

from memtui import config, keys, paths

SECRET = "sk-1234567890abcdef"


class Memory(KeyringBackend):
    """A keyring that works. Never the user's."""

    priority = 9

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Broken(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError("the session bus is away")


class Forgetful(Memory):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Weak(Memory):
    priority = 0.5  # type: ignore[assignment]


class Silent(Memory):
    def __init__(self) -> None:
        super().__init__()
        self.wait = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.wait.wait(10)


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keys, "_silent", False)
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_key_goes_to_the_keyring_and_is_in_no_file() -> None:
    ring = Memory()
    keyring.set_keyring(ring)
    config.save({"llm.model": "openai/x", "llm.api_key": SECRET})
    assert list(ring.kept.values()) == [SECRET]
    for file in (paths.config_file(), paths.credentials_file()):
        assert SECRET not in file.read_text()
    now = config.load()
    assert now.text("llm.api_key") == SECRET
    assert now.has("llm.api_key")
    assert now.masked("llm.api_key") == config.IN_KEYRING
    config.save({"llm.api_key": ""})
    assert not ring.kept
    assert not config.load().has("llm.api_key")


def test_two_configurations_keep_their_keys_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(Memory())
    config.save({"llm.api_key": SECRET})
    monkeypatch.setenv("MEMTUI_HOME", str(paths.config_dir() / "other"))
    config.save({"llm.api_key": "another"})
    assert config.load().text("llm.api_key") == "another"
    monkeypatch.undo()


@pytest.mark.parametrize("ring", [Broken, Forgetful, Weak])
def test_a_keyring_that_keeps_nothing_leaves_it_to_the_file(ring: type[Memory]) -> None:
    keyring.set_keyring(ring())
    config.save({"llm.api_key": SECRET})
    assert SECRET in paths.credentials_file().read_text()
    assert paths.credentials_file().stat().st_mode & 0o777 == 0o600
    assert config.load().text("llm.api_key") == SECRET


def test_a_keyring_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "PATIENCE", 0.05)
    ring = Silent()
    keyring.set_keyring(ring)
    config.save({"llm.api_key": SECRET})
    assert config.load().text("llm.api_key") == SECRET
    assert not keys.usable()  # and is not asked again
    ring.wait.set()


def test_a_key_that_the_keyring_has_lost_is_none() -> None:
    ring = Memory()
    keyring.set_keyring(ring)
    config.save({"llm.api_key": SECRET})
    ring.kept.clear()
    assert config.load().text("llm.api_key") == ""


def test_credentials_from_before_the_keyring_still_work() -> None:
    paths.private_dir(paths.config_dir())
    paths.credentials_file().write_text(f'[llm]\napi_key = "{SECRET}"\n')
    keyring.set_keyring(Memory())
    assert config.load().text("llm.api_key") == SECRET


def test_the_preview_is_what_is_saved() -> None:
    keyring.set_keyring(Memory())
    config.save({"llm.model": "openai/x"})
    changes = {"ui.theme": "memtui-light", "llm.api_key": SECRET}
    before, after = config.preview(changes)
    assert before == paths.config_file().read_text()
    assert SECRET not in after
    config.save(changes)
    assert after == paths.config_file().read_text()
