"""Templates, names, tokens, envelopes, notices."""

import json
import random
from datetime import timedelta, timezone

import pytest

from memtui.agent import envelope, names, notices, templates, tokens
from memtui.api.agents import Agent, AttachedSource, losing
from memtui.api.errors import NotFoundError

from .fakes import START


def test_templates_have_the_originals_names() -> None:
    assert set(templates.names("persona")) == {
        "anna_pa", "google_search_persona", "memgpt_doc", "memgpt_starter", "sam", "sam_pov",
        "sam_simple_pov_gpt35",
    }  # fmt: skip
    assert templates.names("human") == ["basic", "cs_phd"]
    assert templates.text("human", "basic") == "First name: Chad"
    for kind in ("persona", "human"):
        for template in templates.all_of(kind):  # type: ignore[arg-type]
            assert 10 < len(template.text) < 2000
            assert template.builtin
    with pytest.raises(NotFoundError, match="sam_pov"):
        templates.text("persona", "nobody")


def test_prompts() -> None:
    doc, chat = templates.system_prompt("memgpt_doc"), templates.system_prompt("my own")
    assert doc != chat
    assert templates.system_prompt("sam_pov") == chat
    assert '"cite"' in doc
    for prompt in (doc, chat):
        assert "send_message" in prompt
        assert tokens.estimate(prompt) < 700


def test_made_up_names() -> None:
    rng = random.Random(1)
    name = names.made_up(rng=rng)
    assert sum(char.isupper() for char in name) == 2
    everything = {a.capitalize() + n.capitalize() for a in names.ADJECTIVES for n in names.NOUNS}
    assert len(everything) == len(names.ADJECTIVES) * len(names.NOUNS) > 5000
    left = "PoliteButterfly"
    assert len({names.made_up({left}, rng) for _ in range(50)}) > 40
    numbered = names.made_up({one.lower() for one in everything}, rng)
    assert numbered.endswith("2")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog. " * 10, 95, 130),
        ("虚拟上下文管理" * 10, 60, 90),
        ("5f0c9b3e-7a41-4a80-b6f5-0c2f6f1d2e3a", 28, 45),
        ("Виртуальная память агента", 8, 20),
        ("😀" * 10, 20, 30),
    ],
)
def test_estimate(text: str, low: int, high: int) -> None:
    assert low <= tokens.estimate(text) <= high


def test_envelopes() -> None:
    time = envelope.stamp(START)
    assert time == "2026-11-22 04:35:06 PM UTC+0000"
    assert envelope.stamp(START, timezone(timedelta(hours=9))).startswith("2026-11-23 01:35:06 AM")
    assert json.loads(envelope.event("user", 'a "b"', time)) == {
        "type": "user_message", "message": 'a "b"', "time": time,
    }  # fmt: skip
    assert json.loads(envelope.event("login", "", time))["last_login"] == "Never (first login)"
    assert json.loads(envelope.event("heartbeat", "x", time))["reason"] == envelope.HIDDEN + "x"
    assert json.loads(envelope.event("alert", "x", time))["message"] == envelope.HIDDEN + "x"
    assert json.loads(envelope.event("note", "x", time))["message"] == "x"


def test_notices() -> None:
    source = AttachedSource(id="s1", name='my "doc"', passages=1044, documents=1)
    notice = notices.attached(source)
    assert notice.kind == "alert"
    assert r'"my \"doc\""' in notice.text
    assert "1,044 passages" in notice.text
    assert "paper" in notices.detached("paper").text


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, ""),
        (1, "A0 loses it."),
        (2, "A0 and A1 lose it."),
        (6, "A0, A1, A2, A3, A4 and A5 lose it."),
        (9, "A0, A1, A2, A3, A4 and 4 more agents lose it."),
    ],
)
def test_who_loses_a_source_is_named(count: int, said: str) -> None:
    there = AttachedSource(id="s1", name="s", passages=1)
    agents = [
        Agent(id=name, name=name, persona="", human="", sources=[there] if at < count else [],
              created_at=START, used_at=START)
        for at, name in enumerate(f"A{n}" for n in range(10))
    ]  # fmt: skip
    assert losing("s1", agents) == said
    assert losing("s2", agents) == ""
