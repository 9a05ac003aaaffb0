"""One line above the prompt: what the agent does just now, and what Esc would do."""

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from memtui.tui import format as fmt
from memtui.tui import safe

if TYPE_CHECKING:
    from memtui.tui.store import Store


def status(store: "Store", now: float) -> Content:
    """The line for what the store knows at `now` (monotonic seconds)."""
    waiting = len(store.queue)
    if store.turn is not None:
        seconds = max(0.0, now - store.turn.started)
        stop = "esc takes it back" if waiting else "esc stops"
        parts = [f" {store.turn.doing}", fmt.elapsed(seconds), stop]
        if waiting:
            parts.insert(2, f"{fmt.count(waiting, 'message')} waiting")
        return Content.styled(fmt.spinner(seconds), "$primary") + Content.styled(
            " · ".join(parts), "$muted"
        )
    return Content("")


def model_name(model: str) -> str:
    """`offline` in words: it must be plain that no language model is at work."""
    return "offline reader" if model in ("", "offline") else model


def header(store: "Store", width: int) -> Content:
    """`PoliteButterfly · memgpt_doc · offline reader`"""
    agent = store.agent
    if agent is None:
        return Content.styled("memtui", "bold")
    parts = [safe.line(agent.name, "bold", 60)]
    if width >= 50:
        parts.append(safe.line(agent.persona, "$muted", 40))
    if width >= 30:
        parts.append(safe.line(model_name(store.model), "$muted", 60))
    return Content.styled(" · ", "$faint").join(parts).truncate(max(4, width), ellipsis=True)


def gauge(store: "Store", width: int) -> Content:
    """How full the context window is."""
    used = sum(store.parts.values())
    if not store.window or not used:
        return Content("")
    text = f" {fmt.tokens(used)} of {fmt.tokens(store.window)} tokens"
    done, rest = fmt.bar(used / store.window, max(4, min(16, width - len(text))))
    style = "$warning" if used > store.window * 0.8 else "$secondary"
    return Content.assemble((done, style), (rest, "$line"), (text, "$muted"))


class NewerMark(Static):
    """Under the conversation, while newer messages are out of sight: `↓ 3 new`."""

    DEFAULT_CSS = "NewerMark { display: none; height: 1; text-align: center; color: $primary; }"

    class Pressed(Message):
        """The end is to be shown."""

    def __init__(self) -> None:
        super().__init__("", id="newer", markup=False)

    def tell(self, count: int) -> None:
        self.display = count > 0
        if count:
            self.update(f"↓ {fmt.count(count)} new")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed())


class Status(Static):
    """Fixed in height, so that its ten frames a second lay out nothing."""

    def __init__(self, store: "Store") -> None:
        super().__init__("", id="status", markup=False)
        self.store = store
        self._shown = ""

    def tick(self, now: float) -> None:
        content = status(self.store, now)
        if content.plain != self._shown:
            self._shown = content.plain
            self.update(content, layout=False)

    @property
    def has_text(self) -> bool:
        return bool(self._shown)
