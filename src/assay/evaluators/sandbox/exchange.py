"""Talking to the process that runs a batch: send the rows, read its lines as an enemy's, say what failed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from assay.evaluators.sandbox import protocol
from assay.evaluators.sandbox.limits import Limits
from assay.evaluators.sandbox.protocol import ProtocolError, RowResult

# From the request to CONFINED: forking and sending the rows, on a machine that may be busy.
_CONFINE_SECONDS = 15.0
_RECEIVE_BYTES = 256 << 10
# Waking up for every line of a quick evaluator would cost more than reading it.
_GATHER_SECONDS = 0.002

Stage = Literal["confining", "loading", "rows"]


class _Ended(Exception):
    """The process closed its channel."""


class _Overdue(Exception):
    """The process did not answer in time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a process answered no further: `stage` is how far it was."""

    stage: Stage
    cause: Exception
    limits: Limits

    def result(self, status: int) -> RowResult:
        """Make the result of the row that was due, where the process ended with a status of waitpid(2)."""
        what = "the code at module level" if self.stage == "loading" else "the row"
        if isinstance(self.cause, _Overdue):
            seconds = self.limits.row_seconds
            message = f"{what} took longer than {seconds:g} s, and the process was ended from outside."
            return RowResult(None, "timeout", message, latency_seconds=deadline_seconds(self.limits))
        if isinstance(self.cause, ProtocolError):
            return RowResult(None, "protocol_error", f"The code wrote into the sandbox's own channel: {self.cause}.")
        return _result_of_ending(what, status, self.limits)


def deadline_seconds(limits: Limits) -> float:
    """Return after how long a silent process is ended.

    The process has a timer of its own, which is earlier because it can name the line.
    """
    return 1.25 * limits.row_seconds + 0.5


def _result_of_ending(what: str, status: int, limits: Limits) -> RowResult:
    number = os.waitstatus_to_exitcode(status)
    if number == protocol.OUT_OF_MEMORY_STATUS:
        return RowResult(None, "memory_limit", f"{what} needs more than {limits.memory_bytes >> 20:,} MB of memory.")
    if number >= 0:
        return RowResult(None, "crashed", f"{what} ended the process, with exit status {number}.")
    if number == -signal.SIGXCPU:
        return RowResult(None, "cpu_limit", f"{what} used more than {limits.cpu_seconds:g} s of CPU time.")
    try:
        name = signal.Signals(-number).name
    except ValueError:
        name = f"signal {-number}"
    return RowResult(None, "crashed", f"{what} crashed the process ({name}).")


class Exchange:
    """One batch in one process. `results` grows by a result for each row answered."""

    def __init__(self, channel: socket.socket, limits: Limits) -> None:
        self._channel = channel
        self._limits = limits
        self._longest_line = protocol.longest_line(limits)
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self.results: list[RowResult] = []

    async def run(self, source: bytes, rows: Sequence[bytes]) -> Fault | None:
        """Have the rows run; return why it ended early, or None where it did so by agreement or not at all."""
        stage: Stage = "confining"
        try:
            await self._send(protocol.pack_request(source, rows))
            if await self._next(_CONFINE_SECONDS) != protocol.CONFINED:
                raise _Ended
            stage = "loading"
            row_seconds = deadline_seconds(self._limits)
            error = protocol.read_loading(await self._next(row_seconds))
            if error is not None:
                self.results += [error, *[replace(error, stdout="")] * (len(rows) - 1)]
                return None
            stage = "rows"
            await self._read_rows(len(rows), row_seconds)
        except (_Ended, _Overdue, ProtocolError) as cause:
            return Fault(stage, cause, self._limits)
        return None

    async def _read_rows(self, count: int, row_seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._limits.batch_seconds
        for row in range(count):
            if not self._lines and row and clock() >= end:
                # No row's fault: the rest is for another process.
                return
            if not self._lines and row:
                await asyncio.sleep(_GATHER_SECONDS)
            line = protocol.read_row(await self._next(row_seconds), row, row_seconds)
            self.results.append(line.result)
            if line.is_last:
                return

    async def _send(self, request: bytes) -> None:
        try:
            async with asyncio.timeout(_CONFINE_SECONDS):
                await asyncio.get_running_loop().sock_sendall(self._channel, request)
        except TimeoutError:
            raise _Overdue from None
        except OSError:
            raise _Ended from None

    async def _next(self, seconds: float) -> bytes:
        """Return the next line; raises _Ended, _Overdue after that many seconds, or ProtocolError where it is long."""
        while not self._lines:
            # Lines before a flood count, so its length is looked at when its turn has come.
            self._check_length(self._rest)
            *lines, self._rest = (self._rest + await self._receive(seconds)).split(b"\n")
            self._lines.extend(lines)
        self._check_length(self._lines[0])
        return self._lines.popleft()

    def _check_length(self, line: bytes) -> None:
        if len(line) > self._longest_line:
            raise ProtocolError(f"a line has more than {self._longest_line:,} bytes")

    async def _receive(self, seconds: float) -> bytes:
        try:
            try:
                async with asyncio.timeout(seconds):
                    data = await asyncio.get_running_loop().sock_recv(self._channel, _RECEIVE_BYTES)
            except TimeoutError:
                # When our own loop was late, the answer is there all the same.
                data = self._channel.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            raise _Overdue from None
        except OSError:
            data = b""
        if not data:
            raise _Ended
        return data
