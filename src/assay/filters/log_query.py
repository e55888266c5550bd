"""Which request logs are meant: a filter, a window of time, environments, a text search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from assay.filters.expression import EVERYTHING, Expression
from assay.filters.search import TextSearch
from assay.model.access import Environment


@dataclass(frozen=True, slots=True)
class LogQuery:
    """All of it must hold. The window is over `timestamp`, from `start` on and before `end`; None leaves it open.

    `environments` empty means the one that the store stands in.
    """

    expression: Expression = EVERYTHING
    start: datetime | None = None
    end: datetime | None = None
    environments: tuple[Environment, ...] = ()
    search: TextSearch | None = None
