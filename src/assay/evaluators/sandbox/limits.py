"""What one process of user-written code may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Wall time of a row and of a process, CPU time and memory of a process, size of a result and of what is printed.

    `memory_bytes` comes on top of what the interpreter itself needs; `stdout_bytes` is per row.
    """

    row_seconds: float = 1.0
    batch_seconds: float = 30.0
    cpu_seconds: float = 10.0
    memory_bytes: int = 256 << 20
    result_bytes: int = 64 << 10
    stdout_bytes: int = 16 << 10
