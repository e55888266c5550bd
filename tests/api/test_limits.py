"""Who may decode when: small bodies side by side, large ones in turn, and nobody's turn is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from assay.api.limits import Turns


class House:
    """Turns for ten bytes, and who has one."""

    def __init__(self) -> None:
        self.turns = Turns(10)
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def send(self, name: str, size: int) -> None:
        self.leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, size))
        await settle()

    async def _visit(self, name: str, size: int) -> None:
        async with self._turn(name, size):
            await self.leave[name].wait()

    @asynccontextmanager
    async def _turn(self, name: str, size: int) -> AsyncIterator[None]:
        async with self.turns.of(size):
            self.inside.append(name)
            try:
                yield
            finally:
                self.inside.remove(name)

    async def end(self, name: str, *, is_cancelled: bool = False) -> None:
        if is_cancelled:
            self.tasks[name].cancel()
        else:
            self.leave[name].set()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_small_bodies_are_decoded_side_by_side_and_larger_ones_wait_in_order() -> None:
    async def work() -> None:
        house = House()
        for name, size in (("a", 4), ("b", 4), ("c", 4), ("d", 1)):
            await house.send(name, size)
        # The fourth would fit, but the third was there before.
        assert house.inside == ["a", "b"]
        await house.end("a")
        assert house.inside == ["b", "c", "d"]

    run(work())


def test_a_body_larger_than_all_turns_together_has_the_house_to_itself() -> None:
    async def work() -> None:
        house = House()
        for name, size in (("a", 1), ("whale", 1_000), ("b", 1)):
            await house.send(name, size)
        assert house.inside == ["a"]
        await house.end("a")
        assert house.inside == ["whale"]
        await house.end("whale")
        assert house.inside == ["b"]

    run(work())


def test_who_gives_up_waiting_holds_nobody_up() -> None:
    async def work() -> None:
        house = House()
        for name, size in (("a", 6), ("gives up", 10), ("b", 4)):
            await house.send(name, size)
        assert house.inside == ["a"]
        await house.end("gives up", is_cancelled=True)
        assert house.inside == ["a", "b"]
        await house.end("a")
        await house.end("b")
        await house.send("c", 10)
        assert house.inside == ["c"]

    run(work())


def test_a_turn_that_ends_in_an_error_or_too_late_to_be_taken_is_given_back() -> None:
    async def work() -> None:
        house = House()
        await house.send("fails", 10)
        await house.send("too late", 10)
        # Both in one step: the turn is granted to somebody who is being cancelled.
        house.tasks["fails"].cancel()
        await asyncio.sleep(0)
        house.tasks["too late"].cancel()
        await settle()
        await house.send("c", 10)
        assert house.inside == ["c"]

    run(work())
