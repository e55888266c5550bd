"""How this side waits: pauses and blocking calls, handed to the event loop. Written by hand on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def pause(seconds: float) -> None:
    """Wait for some seconds."""
    await asyncio.sleep(seconds)


async def blocking(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Call a function that may block, such as a file's read, without holding up the event loop."""
    return await asyncio.to_thread(function, *args, **kwargs)
