"""Concurrency shrinks when a provider refuses many calls, grows back, and does not mind a stray refusal."""

from __future__ import annotations

import random

from assay.engine.adaptive import AdaptiveLimit


def test_stray_refusals_do_not_slow_a_run_down() -> None:
    limit, chance = AdaptiveLimit(64), random.Random(4)
    values = []
    for _ in range(5_000):
        limit.note(is_refusal=chance.random() < 0.05)
        values.append(limit.value)
    assert sum(value == 64 for value in values) > 0.97 * len(values)


def test_a_provider_at_its_limit_is_asked_less_and_less() -> None:
    limit = AdaptiveLimit(64)
    for _ in range(600):
        limit.note(is_refusal=True)
    assert limit.value == 1


def test_concurrency_comes_back() -> None:
    limit = AdaptiveLimit(64)
    for _ in range(600):
        limit.note(is_refusal=True)
    for _ in range(600):
        limit.note(is_refusal=False)
    assert limit.value == 64
