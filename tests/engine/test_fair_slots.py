"""Slots are never more than the limit, are shared fairly, and none is lost when a waiter is cancelled."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from assay.engine.fair_slots import FairSlots


async def hold(slots: FairSlots, key: str, most: int, log: list[str], turns: int = 1) -> None:
    async with slots.hold(key, most):
        log.append(key)
        for _ in range(turns):
            await asyncio.sleep(0)


def test_there_are_never_more_holders_than_the_limit_or_than_a_run_said() -> None:
    async def scenario() -> None:
        slots, holding, peak = FairSlots(5), Counter[str](), Counter[str]()

        async def use(key: str, most: int) -> None:
            async with slots.hold(key, most):
                holding[key] += 1
                peak[key] = max(peak[key], holding[key])
                peak["all"] = max(peak["all"], holding.total())
                await asyncio.sleep(random.random() / 1000)
                holding[key] -= 1

        await asyncio.gather(*(use("a", 3) for _ in range(60)), *(use("b", 100) for _ in range(60)))
        assert peak["all"] == 5
        assert peak["a"] == 3

    asyncio.run(scenario())


def test_a_small_run_that_comes_late_does_not_wait_for_a_large_one() -> None:
    async def scenario() -> list[str]:
        slots, log = FairSlots(4), list[str]()
        large = [asyncio.create_task(hold(slots, "large", 100, log, 3)) for _ in range(200)]
        await asyncio.sleep(0)
        small = [asyncio.create_task(hold(slots, "small", 100, log, 3)) for _ in range(4)]
        await asyncio.gather(*large, *small)
        return log

    log = asyncio.run(scenario())
    assert max(place for place, key in enumerate(log) if key == "small") < 20


def test_whoever_tries_again_goes_first() -> None:
    async def scenario() -> list[str]:
        slots, log = FairSlots(1), list[str]()

        async def use(name: str, *, is_retry: bool = False) -> None:
            async with slots.hold("run", 10, is_retry=is_retry):
                log.append(name)
                for _ in range(3):
                    await asyncio.sleep(0)

        tasks = [asyncio.create_task(use(name)) for name in ("first", "second", "third")]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(use("again", is_retry=True)))
        await asyncio.gather(*tasks)
        return log

    assert asyncio.run(scenario()) == ["first", "again", "second", "third"]


@pytest.mark.parametrize("seed", range(10))
def test_no_slot_is_lost_when_waiters_are_cancelled_at_any_moment(seed: int) -> None:
    async def scenario() -> None:
        slots, chance, log = FairSlots(3), random.Random(seed), list[str]()
        tasks = [asyncio.create_task(hold(slots, chance.choice("ab"), 2, log, chance.randrange(4))) for _ in range(80)]
        while not all(task.done() for task in tasks):
            chance.choice(tasks).cancel()
            await asyncio.sleep(0)
        # Everything was given back: as many as before fit in, at once.
        async with asyncio.timeout(5), slots.hold("c", 3), slots.hold("c", 3), slots.hold("c", 3):
            pass

    asyncio.run(scenario())


def test_a_lower_limit_holds_as_soon_as_holders_leave() -> None:
    async def scenario() -> None:
        slots = FairSlots(8)
        holding, peak = 0, 0

        async def use() -> None:
            nonlocal holding, peak
            async with slots.hold("run", 100):
                holding += 1
                peak = max(peak, holding)
                await asyncio.sleep(0)
                holding -= 1

        tasks = [asyncio.create_task(use()) for _ in range(8)]
        await asyncio.sleep(0)
        slots.set_limit(2)
        await asyncio.gather(*tasks)
        peak = 0
        await asyncio.gather(*(use() for _ in range(20)))
        assert peak == 2

    asyncio.run(scenario())
