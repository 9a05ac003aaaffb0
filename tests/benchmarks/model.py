"""`python -m tests.benchmarks.model` prints its address and plays a language model that talks.

It speaks OpenAI's API as `tests.fakes` does, but at the pace of a model: TOKENS a second, first a
thought, then `send_message` with some paragraphs. It ends when its standard input does.
"""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from typing import Any

from tests.benchmarks import prose
from tests.fakes import Reply, ScriptedServer, say

TOKENS = 75
"""A second; 4 characters each."""
THOUGHT, PARAGRAPHS, PARAGRAPH = 200, 8, 300
"""Characters, paragraphs, characters: a reply takes 9 seconds."""


class Talker(ScriptedServer):
    """Sends every chunk when it is due: a late one is not followed by late ones."""

    async def _stream(self, reply: Reply, body: dict[str, Any]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        due = loop.time()
        async for chunk in super()._stream(reply, body):
            due += 1 / TOKENS
            await asyncio.sleep(max(0.0, due - loop.time()))
            yield chunk


def reply(body: dict[str, Any]) -> Reply:
    chance = random.Random(len(body["messages"]))
    paragraphs = [prose.text(PARAGRAPH, chance) for _ in range(PARAGRAPHS)]
    said = say("\n\n".join(paragraphs), prose.text(THOUGHT, chance))
    return Reply(content=said.content, calls=said.calls, piece=4)


if __name__ == "__main__":
    with Talker(reply) as server:
        print(server.api_base, flush=True)
        sys.stdin.read()
