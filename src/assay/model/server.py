"""What is known of a running server and of its database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """How a server was started; `is_code_unsafe` runs code evaluators even where nothing confines them."""

    engine: str
    data_directory: str
    is_code_unsafe: bool
    started_at: datetime


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Which kind of database there is, and how large it is on disk, its write-ahead logs included."""

    kind: Literal["sqlite", "postgresql"]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an organisation has in its datasets: how many there are, their rows, their reports."""

    datasets: int
    dataset_logs: int
    eval_reports: int
