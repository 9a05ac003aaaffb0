"""What every measurement is given: the sizes to measure at, and homes to measure in."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks import prose
from tests.benchmarks.home import Home


@dataclass(frozen=True)
class Sizes:
    """How much is measured. `rounds` are starts of a program, `keys` key presses a scenario.

    `source` passages are attached, in a library of `sources` such sources; `big` is one source.
    `pages` are those of the PDF whose text is loaded, `embedded_pages` of the one embedded.
    `browsed` passages are in the tree. `questions` per retrieval set, 0 for all.
    """

    rounds: int
    keys: int
    messages: int
    source: int
    sources: int
    big: int
    queries: int
    pages: int
    embedded_pages: int
    load_rounds: int
    browsed: int
    questions: int


FULL = Sizes(
    rounds=9, keys=300, messages=10_000, source=5_000, sources=20, big=20_000, queries=100,
    pages=400, embedded_pages=150, load_rounds=3, browsed=100_000, questions=0,
)  # fmt: skip
QUICK = Sizes(
    rounds=2, keys=30, messages=1_000, source=500, sources=8, big=2_000, queries=20,
    pages=100, embedded_pages=15, load_rounds=1, browsed=10_000, questions=100,
)  # fmt: skip
TINY = Sizes(
    rounds=1, keys=5, messages=20, source=50, sources=2, big=200, queries=3,
    pages=5, embedded_pages=2, load_rounds=1, browsed=200, questions=5,
)  # fmt: skip


class Bench:
    """Use it as `with Bench(…) as bench:`: at the end its engines and folders are gone.

    `data` is the folder of the retrieval sets, if there is one.
    """

    def __init__(self, sizes: Sizes, data: Path | None = None) -> None:
        self.sizes = sizes
        self.data = data
        # Not the user's TMPDIR, whose path may be too long for sockets.
        base = Path("/tmp")
        self.folder = Path(tempfile.mkdtemp(prefix="mtb", dir=base if base.is_dir() else None))
        self._homes: list[Home] = []
        self._libraries: dict[tuple[int, int, int], Home] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_engines()
        shutil.rmtree(self.folder, ignore_errors=True)

    def home(self, settings: Mapping[str, str] | None = None) -> Home:
        """A new, empty one."""
        home = Home(self.folder / str(len(self._homes)), settings)
        self._homes.append(home)
        return home

    def library(self, sources: int, passages: int, document: int = 500) -> Home:
        """The home with `sources` sources of `passages` passages, so many in a `document`; made
        when first asked for."""
        wanted = (sources, passages, document)
        if wanted not in self._libraries:
            home = self.home()
            home.run("-m", "tests.benchmarks.library", *map(str, wanted))
            self._libraries[wanted] = home
        return self._libraries[wanted]

    def pdf(self, pages: int) -> Path:
        """A PDF of `pages` English pages; made when first asked for."""
        path = self.folder / f"{pages}.pdf"
        return path if path.exists() else prose.pdf(path, pages)

    def stop_engines(self) -> None:
        """End every engine, so that the next measurement has the machine for itself."""
        for home in self._homes:
            home.stop()
