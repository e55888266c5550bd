"""The sandbox for user-written Python: a pool of confined processes that run code evaluators row by row.

The names are imported when first used: the confined process imports this package too, and needs none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.evaluators.sandbox.limits import Limits
    from assay.evaluators.sandbox.pool import SandboxPool
    from assay.evaluators.sandbox.protocol import RowResult
    from assay.evaluators.sandbox.self_test import why_not_isolated
    from assay.evaluators.sandbox.source_check import check_source

__all__ = ["Limits", "RowResult", "SandboxPool", "check_source", "why_not_isolated"]

_HOMES = {
    "Limits": "limits",
    "RowResult": "protocol",
    "SandboxPool": "pool",
    "check_source": "source_check",
    "why_not_isolated": "self_test",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
