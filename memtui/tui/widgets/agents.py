"""The list of agents, and what is seen of one before it is opened."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.actions import bindings
from memtui.tui.widgets.rows import Rows
from memtui.tui.widgets.status import model_name

if TYPE_CHECKING:
    from memtui.api.agents import AgentDetail, AgentOverview
    from memtui.api.agents import Message as Said
    from memtui.tui.store import Store

_SPOKEN = 5
"""Messages that the preview shows."""

_LONGEST = 400
"""Characters of each."""


class AgentRows(Rows["AgentOverview"]):
    """The last used one first. `leaving` are those that are deleted with the app's end."""

    BINDINGS = bindings("agents")
    HELP = (
        "Your agents, the last used one first. An agent that you delete here is only marked: it "
        "goes when you leave memtui, and u keeps it until then."
    )
    follows = False

    class Moved(Message):
        """The cursor is on another agent."""

    def __init__(self, leaving: "Mapping[str, AgentOverview]", store: "Store") -> None:
        super().__init__(id="agent-list")
        self.leaving = leaving
        self.store = store

    def cursor_moved(self) -> None:
        if self.is_attached:
            self.post_message(self.Moved())

    def key(self, row: "AgentOverview") -> str:
        return row.id

    def stamp(self, row: "AgentOverview") -> Hashable:
        return row.model_dump_json(), row.id in self.leaving

    def draw(self, row: "AgentOverview", width: int) -> list[Content]:
        width -= 1
        leaves = row.id in self.leaving
        opened = self.store.agent is not None and self.store.agent.id == row.id
        note = "u keeps it" if leaves else "at work" if row.busy else "open" if opened else ""
        when = fmt.moment(row.said_at or row.created_at)
        right = Content.styled(f"{note} · {when}" if note else when, "$muted")
        room = max(8, width - right.cell_length - 2)
        style = "strike $muted" if leaves else "bold"
        name = safe.line(row.name, style, 200).truncate(room, ellipsis=True)
        gap = Content(" " * max(1, width - name.cell_length - right.cell_length))
        said = f"you: {row.said}" if row.said_by == "user" else row.said
        return [
            name + gap + right,
            _fit(safe.line(said or "nothing was said yet", "" if said else "$muted"), width),
            _fit(Content.styled(" · ".join(_facts(row)), "$muted"), width),
            Content(""),
        ]


def _facts(row: "AgentOverview") -> list[str]:
    facts = [
        safe.line(model_name(row.model), "", 40).plain if row.model else "the configured model",
        fmt.count(len(row.sources), "source"),
        f"core {fmt.count(row.memory)} of {fmt.count(row.memory_limit)}",
    ]
    if row.archival:
        facts.append(fmt.count(row.archival, "memory", "memories"))
    return [*facts, fmt.money(row.usage.cost)] if row.usage.cost else facts


def _fit(line: Content, width: int) -> Content:
    return line.truncate(max(4, width), ellipsis=True)


class AgentFilter(Input):
    BINDINGS = bindings("filter")
    HELP = "Type a part of a name, of a persona or of what was said last. Down goes to the list."

    def action_list(self) -> None:
        self.screen.set_focus(self.screen.query_one(AgentRows))


def preview(agent: "AgentDetail", said: "list[Said]", leaves: bool, width: int) -> Content:
    """What it is made of, what was said last, and its core memory."""
    sources = ", ".join(source.name for source in agent.sources) or "none"
    made = f"{fmt.moment(agent.created_at)}, used {fmt.moment(agent.used_at)}"
    usage = agent.usage
    spent = f"{fmt.tokens(usage.prompt_tokens + usage.completion_tokens)} tokens"
    if usage.cost:
        spent += f", {fmt.money(usage.cost)}"
    lines = [safe.line(agent.name, "bold $primary", 200).truncate(width, ellipsis=True)]
    if leaves:
        lines.append(Content.styled("It is deleted when you leave memtui.", "$warning"))
    for name, value in (
        ("persona", agent.persona), ("human", agent.human),
        ("model", model_name(agent.model) if agent.model else "the configured one"),
        ("sources", sources), ("made", made), ("used", spent),
    ):  # fmt: skip
        wrapped = safe.line(value).wrap(max(8, width - 9)) or [Content("")]
        lines += [
            Content.styled("" if number else name, "$muted").pad_right(
                9 - (0 if number else len(name))
            ) + line
            for number, line in enumerate(wrapped[:3])
        ]  # fmt: skip
    lines += [Content(""), Content.styled("Last messages", "bold $primary")]
    for message in said[-_SPOKEN:]:
        who, style = ("you", "$accent") if message.kind == "user" else ("agent", "$secondary")
        lines.append(Content.styled(f"{who}  ", style) + safe.line(message.text, "", _LONGEST))
    if not said:
        lines.append(Content.styled("nothing was said yet", "$muted"))
    for block in agent.blocks:
        done, rest = fmt.bar(len(block.value) / max(1, block.limit), 12)
        lines += [
            Content(""),
            safe.line(block.label, "bold $primary", 40)
            + Content.assemble("  ", (done, "$secondary"), (rest, "$line"),
                               (f" {fmt.count(len(block.value))}", "$muted")),
            safe.text(block.value or "(empty)", "", 2500),
        ]  # fmt: skip
    return Content("\n").join(lines)
