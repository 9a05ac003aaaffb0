"""The first step: what memtui is, and what will be asked."""

from collections.abc import Iterator
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from memtui import paths
from memtui.tui import format as fmt
from memtui.tui import safe
from memtui.tui.wizard.step import Step

_ASKED = (
    ("language model", "who thinks: a provider's, one on this machine, or none"),
    ("embeddings", "what finds passages by their meaning; one is built in"),
    ("archival memory", "Milvus: a folder here, or a server"),
    ("agent", "who a new agent is, and what it knows about you"),
    ("look", "theme and keys"),
    ("review", "what will be written, and where"),
)


class WelcomeStep(Step):
    NAME: ClassVar = "welcome"
    TITLE: ClassVar = "Welcome to memtui"
    LEAD: ClassVar = (
        "Talk to agents about your own documents. They remember, they search an archive in "
        "Milvus, and you see what they found."
    )

    def above(self) -> Iterator[Widget]:
        rows = [
            Content.assemble((f"{name:<17}", "$primary"), (text, "$foreground"))
            for name, text in _ASKED
        ]
        offline = Content.assemble(
            ("All of it works offline. ", "$success"),
            (
                "Every step has an answer already: go on with ^n wherever you do not care. "
                "Nothing leaves this machine until you choose a model that is elsewhere, and "
                "nothing is written before the last step.",
                "",
            ),
        )
        where = Content.styled("kept in ", "$muted") + safe.line(
            fmt.path(str(paths.config_file())), "$muted", 200
        )
        yield Static(Content("\n\n").join([offline, Content("\n").join(rows), where]),
                     classes="words", markup=False)  # fmt: skip
