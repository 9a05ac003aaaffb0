"""What the project promises about itself: the folder, the README, the packages' own words."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import memtui
from memtui.config import SETTINGS
from memtui.tui.commands import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGES = [
    f"memtui.{module.name}" for module in pkgutil.iter_modules(memtui.__path__) if module.ispkg
]


def test_the_top_level_holds_what_it_should() -> None:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a checkout")
    top = {name.split("/")[0] for name in done.stdout.split("\0") if name}
    assert {name for name in top if not name.startswith(".")} == {
        "CHANGELOG.md", "LICENSE", "README.md", "memtui", "pyproject.toml", "screenshots",
        "tests", "uv.lock",
    }  # fmt: skip


def test_every_package_says_what_lives_there() -> None:
    assert len(PACKAGES) >= 11
    for name in PACKAGES:
        doc = importlib.import_module(name).__doc__ or ""
        assert len(doc.splitlines()) >= 3, f"{name} does not say what lives there"


def test_no_module_is_too_long() -> None:
    for path in (ROOT / "memtui").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 500, path


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [key for key in SETTINGS if f"| `{key}` |" not in readme] == []


def test_the_readme_lists_every_slash_command() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [command.name for command in COMMANDS if f"`/{command.name}`" not in readme] == []


def test_the_readme_shows_pictures_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    pictures = [part.split(")")[0] for part in readme.split("](")[1:] if ".svg)" in part]
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file(), picture


def test_importing_memtui_imports_nothing_heavy() -> None:
    code = "import sys, memtui; print([m for m in sys.modules if m.startswith('memtui.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
