"""Estimates of tokens, corrected by reports."""

import pytest

from memtui.agent.calibration import Calibration
from memtui.agent.tokens import CAREFUL, NOTHING, PRIOR, Features, add, dot, features

TOOLS: Features = (*NOTHING[:-1], 1300.0)
OTHER = tuple(
    weight * factor for weight, factor in zip(PRIOR, (1.2, 1, 0.7, 1, 0.7, 1, 1, 1, 0), strict=True)
)
"""The weights of a tokenizer that differs, at a server that does not count tools."""


def request(*texts: str) -> Features:
    return add(TOOLS, *map(features, texts))


def tokens(counted: Features) -> int:
    return round(dot(OTHER, counted))


def test_a_margin_before_the_first_report() -> None:
    calibration = Calibration()
    counted = request("word " * 1000)
    assert calibration.scale("a").weights == pytest.approx(CAREFUL.weights)
    assert calibration.predict("a", counted) == round(dot(CAREFUL.weights, counted))
    assert calibration.predict("a", counted) > dot(PRIOR, counted)


def test_what_was_reported_is_the_anchor() -> None:
    calibration = Calibration()
    system, said = "You are an agent. " * 200, "Tell me of the sea. "
    calibration.report("a", request(system), tokens(request(system)))
    assert calibration.predict("a", request(system)) == tokens(request(system))
    longer = request(system, said * 10)
    assert calibration.predict("a", longer) == pytest.approx(tokens(longer), rel=0.05)
    # another conversation with the same model has learned from it
    apart = request(system[: len(system) // 2])
    assert calibration.predict("b", apart) == pytest.approx(tokens(apart), rel=0.15)


def test_weights_of_every_script_are_learned() -> None:
    calibration = Calibration()
    shown: list[str] = ["You are an agent. " * 200]
    for text in ("海边有一座灯塔。" * 40, '{"a": [1, 2]}, ' * 40, "The sea. " * 90) * 3:
        calibration.report("a", request(*shown), tokens(request(*shown)))
        shown.append(text)
    shown += ["海边有一座灯塔。" * 300, '{"a": [1, 2]}, ' * 200]
    counted = request(*shown)
    assert calibration.predict("a", counted) == pytest.approx(tokens(counted), rel=0.02)
    assert calibration.scale("a").of(counted) >= calibration.predict("a", counted)


def test_parts_sum_to_the_prediction() -> None:
    calibration = Calibration()
    parts = {"system": features("You. " * 300), "tools": TOOLS, "messages": features("Hi! " * 50)}
    whole = add(*parts.values())
    for _ in range(2):
        shares = calibration.parts("a", parts)
        assert sum(shares.values()) == calibration.predict("a", whole)
        assert all(share > 0 for share in shares.values())
        calibration.report("a", whole, tokens(whole))
    assert sum(calibration.parts("a", {"system": NOTHING}).values()) >= 0


@pytest.mark.parametrize("nonsense", [1, 20, 10_000_000])
def test_nonsense_is_not_learned(nonsense: int) -> None:
    calibration = Calibration()
    counted = request("word " * 1000)
    before = calibration.predict("a", counted)
    calibration.report("a", counted, nonsense)
    assert calibration.predict("a", counted) == before


def test_old_conversations_are_forgotten() -> None:
    calibration = Calibration()
    counted = request("word " * 1000)
    for number in range(200):
        calibration.report(str(number), counted, tokens(counted))
    assert len(calibration._last) <= 64
