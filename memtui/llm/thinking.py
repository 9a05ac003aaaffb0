"""Some models put their reasoning into the content, between tags; this takes it out again."""

import re

_OPEN = re.compile(r"<(think|thinking|thought|reasoning)>", re.IGNORECASE)
_CLOSE = re.compile(r"</(think|thinking|thought|reasoning)>", re.IGNORECASE)
_LONGEST = len("</reasoning>")


class ThinkingSplitter:
    """Splits streamed content into (content, reasoning), whatever the chunk borders.

    Only a block that opens the content counts, so that an answer may quote the tag.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"  # start → inside → start …, or start → content

    def feed(self, text: str) -> tuple[str, str]:
        self._held += text
        content = reasoning = ""
        while self._held:
            if self._state == "content":
                content, self._held = content + self._held, ""
            elif self._state == "start":
                blank = self._held.lstrip()
                if found := _OPEN.match(blank):
                    self._held, self._state = blank[found.end() :], "inside"
                elif found := _CLOSE.match(blank):  # some servers swallow the opening tag
                    self._held = blank[found.end() :]
                elif not blank or (blank[0] == "<" and ">" not in blank and len(blank) < _LONGEST):
                    break
                else:
                    self._state = "content"
            elif found := _CLOSE.search(self._held):
                reasoning += self._held[: found.start()]
                self._held, self._state = self._held[found.end() :], "start"
            else:
                cut = self._held.rfind("<")
                keep = len(self._held) - cut if cut >= 0 else 0
                edge = len(self._held) - (keep if keep < _LONGEST else 0)
                reasoning, self._held = reasoning + self._held[:edge], self._held[edge:]
                break
        return content, reasoning

    def end(self) -> tuple[str, str]:
        """What was held back in the hope of a tag."""
        held, self._held = self._held, ""
        return ("", held) if self._state == "inside" else (held, "")
