"""Watching over a run: what people want of it while it works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from assay.engine.eval_run import EvalRun
from assay.model.errors import Unavailable

# How long a wish that came to another process may go unseen here.
LOOK_EVERY_SECONDS = 0.5


async def watch(run: EvalRun, look: asyncio.Event, cut: Callable[[], None]) -> None:
    """Ask again and again, and at once when `look` is set; `cut` is called, once, when the report is cancelled."""
    while True:
        with suppress(TimeoutError):
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with what it waits for.
            async with asyncio.timeout(LOOK_EVERY_SECONDS):
                await look.wait()
        look.clear()
        with suppress(Unavailable):
            state = await run.look()
            if state.is_cancel_requested:
                cut()
                return
