"""The first run, and when no agent is left: three ways to begin."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from memtui.tui.screens.modal import Modal

_WAYS = (
    ("demo", "Try the demo", "Ask questions about memtui's own handbook, a real PDF."),
    ("load", "Load a document", "PDF, text, Markdown, a web page, or a folder of them."),
    ("setup", "Set it up", "Language model, embeddings, Milvus, agent, looks: step by step."),
)


class Welcome(Modal[str]):
    """Returns `demo`, `load` or `setup`; None for a look around."""

    AUTO_FOCUS = "OptionList"

    def __init__(self, offline: bool = True) -> None:
        """`offline`: no language model is configured, which is said then."""
        super().__init__()
        self.offline = offline

    def compose(self) -> ComposeResult:
        unconfigured = (
            ("\n\nNo language model is configured: ", "$warning"),
            ("until you choose one, the offline reader answers with quotations. "
             "Nothing leaves this machine.", "$muted"),
        )  # fmt: skip
        with Vertical(classes="box welcome") as box:
            box.border_title = Content("welcome to memtui")
            box.border_subtitle = Content("↑ ↓ choose · enter go · esc look around")
            yield Static(
                Content.assemble(
                    "Talk to agents about your own documents. They remember, they search, and you "
                    "see what they found.",
                    *(unconfigured if self.offline else ()),
                ),
                id="welcome-text",
                markup=False,
            )
            yield OptionList(
                *(
                    Option(Content.assemble((title, "bold"), "\n", (text, "$muted")), id=key)
                    for key, title, text in _WAYS
                ),
                id="ways",
                markup=False,
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)
