"""A stop ends every wait once, however often and by whomever it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from assay.engine.stop import Stop, Stopped


async def wait(stop: Stop, what: Callable[[], Awaitable[object]]) -> str:
    try:
        async with stop.waiting():
            await what()
    except Stopped:
        return "stopped"
    return "came"


async def never() -> None:
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("steps", range(5))
def test_a_stop_that_is_asked_for_again_while_waits_are_ending_is_the_same_stop(steps: int) -> None:
    async def scenario() -> None:
        stop = Stop()
        waits = [asyncio.create_task(wait(stop, never)) for _ in range(3)]
        await asyncio.sleep(0)
        stop.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        stop.set()
        assert await asyncio.gather(*waits) == ["stopped"] * 3

    asyncio.run(scenario())


def test_nothing_waits_once_it_is_stopped() -> None:
    async def scenario() -> None:
        stop = Stop()
        stop.set()
        assert await wait(stop, never) == "stopped"

    asyncio.run(scenario())


def test_what_came_before_the_stop_was_not_stopped() -> None:
    async def scenario() -> None:
        stop = Stop()
        first, second = asyncio.Event(), asyncio.create_task(wait(stop, never))
        came = asyncio.create_task(wait(stop, first.wait))
        await asyncio.sleep(0)
        first.set()
        assert await came == "came"
        stop.set()
        assert await second == "stopped"

    asyncio.run(scenario())
