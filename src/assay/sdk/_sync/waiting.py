"""How this side waits: pauses and blocking calls, made directly. Written by hand on both sides."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def pause(seconds: float) -> None:
    """Wait for some seconds."""
    time.sleep(seconds)


def blocking(function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
    """Call a function that may block, such as a file's read."""
    return function(*args, **kwargs)
