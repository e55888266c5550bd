"""A budget is never passed by more than the calls that were in flight could not tell, and nothing waits for ever."""

from __future__ import annotations

import asyncio

import pytest

from assay.engine.budget import Budget


def spend(limit: float | None, cost: float | None, calls: int, spent: float = 0.0) -> tuple[int, Budget]:
    async def scenario() -> tuple[int, Budget]:
        budget, made = Budget(limit, spent), 0

        async def call() -> None:
            nonlocal made
            if await budget.enter():
                made += 1
                await asyncio.sleep(0)
                await budget.leave(cost)

        async with asyncio.timeout(10):
            await asyncio.gather(*(call() for _ in range(calls)))
        return made, budget

    return asyncio.run(scenario())


def test_without_a_limit_every_call_is_made() -> None:
    made, budget = spend(None, 0.01, 500)
    assert (made, budget.is_exhausted) == (500, False)


def test_calls_of_one_price_end_exactly_at_the_limit() -> None:
    made, budget = spend(1.0, 0.0625, 500)
    assert (made, budget.is_exhausted) == (16, True)


def test_enough_money_is_not_exhausted() -> None:
    made, budget = spend(10.0, 0.0625, 100)
    assert (made, budget.is_exhausted) == (100, False)


def test_what_was_spent_before_counts() -> None:
    made, _ = spend(1.0, 0.0625, 500, spent=0.5)
    assert made == 8


def test_only_a_few_calls_are_risked_before_their_cost_is_known() -> None:
    made, budget = spend(0.01, 5.0, 500)
    assert (made, budget.is_exhausted) == (8, True)


@pytest.mark.parametrize("spent", [1.0, 2.0])
def test_a_budget_that_is_spent_lets_nothing_start(spent: float) -> None:
    assert spend(1.0, 0.1, 10, spent=spent)[0] == 0


def test_free_calls_never_exhaust_a_budget() -> None:
    made, budget = spend(0.5, 0.0, 300)
    assert (made, budget.is_exhausted) == (300, False)
