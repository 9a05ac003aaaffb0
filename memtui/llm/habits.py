"""How a model behaves, learned from its answers, so that it is asked the way it understands."""

from dataclasses import dataclass

PLAIN = 2
"""Answers in plain text, by a model that never called anything, before the prompt is tried."""

SILENT = 2
"""Answers in a row that call without a thought, before there is an argument to think in."""


@dataclass
class Habits:
    """Of one model, as long as the engine runs.

    `tools` says how tools are offered: as the provider's API has it (`native`), in the prompt
    (`prompt`), or whatever works (`auto`). `inner`: it gets an argument to think in.
    """

    tools: str = "auto"
    inner: bool = False
    _refused: bool = False
    _called: bool = False
    _plain: int = 0
    _silent: int = 0

    @property
    def prompted(self) -> bool:
        """Whether the tools stand in the prompt."""
        if self.tools != "auto":
            return self.tools == "prompt"
        return self._refused or (not self._called and self._plain >= PLAIN)

    def refuse(self) -> bool:
        """The provider takes no tools. Whether that changes how they are offered."""
        changes = self.tools == "auto" and not self.prompted
        self._refused = True
        return changes

    def saw(self, *, called: bool, thought: bool) -> None:
        """An answer has ended; `thought`: it had content or reasoning besides its calls."""
        if not called:
            self._plain += not self._called
            return
        if not self.prompted:
            self._called = True
            self._silent = 0 if thought else self._silent + 1
            self.inner = self.inner or self._silent >= SILENT
