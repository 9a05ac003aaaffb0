"""`python -m tests.benchmarks.history MESSAGES` makes an agent with that many messages behind it.

Written into the record of its environment; prints the agent's id. No engine may be running.
"""

import random
import sys
from collections.abc import Iterator

from memtui import paths
from memtui.api.agents import Block, ToolCall
from memtui.record import NewMessage, Record
from memtui.search.terms import index_terms
from tests.benchmarks import prose

IN_CONTEXT = 12
"""The last messages, which the context window holds."""


def turns(messages: int) -> Iterator[list[NewMessage]]:
    """Turns of four: a question, a search with a thought, its result, the answer."""
    chance = random.Random(0)
    for number in range(0, messages, 4):
        call = ToolCall(
            id=f"search{number}", name="archival_memory_search", arguments={"query": "generators"}
        )
        said = ToolCall(id=f"say{number}", name="send_message")
        answer = "\n\n".join(prose.text(250, chance) for _ in range(2))
        turn = [
            NewMessage("user", prose.text(80, chance)),
            NewMessage("assistant", thought=prose.text(150, chance), tool=call),
            NewMessage("tool", prose.text(400, chance), tool_call_id=call.id, total=37, ms=20),
            NewMessage("assistant", f"{answer}\n\n- **first** `code`\n- second", tool=said),
        ]
        yield [
            NewMessage(**{**vars(one), "in_context": number >= messages - IN_CONTEXT})
            for one in turn
        ]


def main(messages: int) -> None:
    record = Record(paths.record_file(), index_terms)
    record.open()
    blocks = [Block(label="persona", value="A reader."), Block(label="human", value="A person.")]
    agent = record.agents.create(
        f"After {messages}", persona="memgpt_doc", human="basic", blocks=blocks, system="Read."
    )
    with record.write():
        for number, turn in enumerate(turns(messages)):
            record.messages.append(agent.id, f"turn{number}", turn)
    record.close()
    print(agent.id)


if __name__ == "__main__":
    main(int(sys.argv[1]))
