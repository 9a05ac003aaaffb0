"""A stream is broken at every piece there is: what is shown in the end is whole, and shown once."""

from collections.abc import Callable

import pytest

from memtui.agent.answer import Answer
from memtui.llm.remote import RemoteModel
from tests.fakes import Reply, ScriptedServer, calls, cut, end, say, think

WHOLE = think("Let me see.", calls(say("Hello, you!", "I greet."), say("And welcome.")))
PIECES = 17  # all but the one with the usage
TOOL = {
    "type": "function",
    "function": {"name": "send_message", "parameters": {"type": "object", "properties": {}}},
}


class Shown:
    """What an app shows of an answer."""

    def __init__(self) -> None:
        self.texts = {"thought": "", "message": ""}
        self.anew = 0
        self.answer = Answer(self.tell)

    def tell(self, kind: str, text: str) -> None:
        if kind == "restart":
            self.texts.update(thought="", message="")
            self.anew += 1
        elif kind in self.texts:
            self.texts[kind] += text

    async def read(self, model: RemoteModel) -> "Shown":
        messages = [{"role": "user", "content": "Hello"}]
        async for chunk in model.stream(messages, [TOOL]):
            self.answer.add(chunk)
        return self


@pytest.mark.parametrize("tear", [cut, end])
async def test_at_every_piece(tear: Callable[[Reply, int], Reply]) -> None:
    whole = [call.arguments for call in WHOLE.calls]
    anew, accepted = 0, 0
    replies: list[Reply] = []
    with ScriptedServer(lambda _: replies.pop(0)) as server:
        for after in range(1, PIECES):
            replies[:] = [tear(WHOLE, after), WHOLE]
            shown = await Shown().read(RemoteModel("my-model", api_base=server.api_base))
            arguments = [call.arguments for call in shown.answer.calls]
            anew += shown.anew
            accepted += bool(replies)
            assert arguments == whole[: len(arguments) or 1]
            if not replies:
                assert arguments == whole
                assert shown.texts == {
                    "thought": "Let me see.I greet.", "message": "Hello, you!And welcome.",
                }  # fmt: skip
    # what is accepted ended between two calls, or behind the last one
    assert accepted <= 3
    assert anew >= PIECES - 5
