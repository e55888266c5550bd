"""The server's side of one zygote: start it, have it fork a process for a batch, and let it go."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from assay.evaluators.sandbox import protocol
from assay.evaluators.sandbox.exchange import Exchange
from assay.evaluators.sandbox.limits import Limits
from assay.evaluators.sandbox.protocol import RowResult

# Our own package is found behind everything of Python's.
_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from assay.evaluators.sandbox.zygote import main; main()"
_SOURCES = Path(__file__).parents[3]
_START_SECONDS = 30.0
_REAP_SECONDS = 10.0
_LEAVE_SECONDS = 2.0


class ZygoteLost(Exception):
    """The zygote is gone, or does not answer; user-written code can bring about neither."""


class NotConfined(Exception):
    """No process can be confined here; nothing of the user's was run. The message is half a sentence that says why."""


class Worker:
    """A zygote, which runs one batch at a time."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, limits: Limits) -> None:
        self._process = process
        self._control = control
        self._limits = limits

    @property
    def process_id(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    @classmethod
    async def start(cls, limits: Limits, is_isolated: bool) -> Worker:
        """Start a zygote and wait until it is ready; it takes no walls unless `is_isolated`. Raises NotConfined."""
        control, theirs = socket.socketpair()
        control.setblocking(False)
        with theirs:
            # In the loop's own thread: the kernel ends the zygote when the thread that started it ends.
            process = subprocess.Popen(  # noqa: ASYNC220, S603
                [
                    *(sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", _BOOT),
                    str(_SOURCES),
                    str(theirs.fileno()),
                    str(os.getpid()),
                    json.dumps(is_isolated),
                    json.dumps(asdict(limits)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                pass_fds=[theirs.fileno()],
            )
        worker = cls(process, control, limits)
        try:
            async with asyncio.timeout(_START_SECONDS):
                said = await asyncio.get_running_loop().sock_recv(control, 4_096)
            if said != protocol.READY:
                raise NotConfined(said.decode(errors="replace") or "its process ended while it started")
        except BaseException as error:
            worker.hang_up()
            await worker.gone()
            if isinstance(error, TimeoutError):
                raise NotConfined(f"its process was not ready after {_START_SECONDS:.0f} s") from None
            raise
        return worker

    def hang_up(self) -> None:
        """Close the control socket, whereupon the zygote ends its child and itself."""
        self._control.close()

    async def gone(self) -> None:
        """Wait until the zygote is gone, and kill it when that takes long."""
        try:
            await asyncio.to_thread(self._process.wait, _LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def run(self, source: bytes, rows: Sequence[bytes]) -> list[RowResult]:
        """Run the code on rows in a new process, and return a result for each of the first rows, at least one.

        Where there are fewer results than rows, the rest is for another process.

        Raises ZygoteLost, after which this worker is of no use, and NotConfined.
        """
        with self._fork() as channel:
            exchange = Exchange(channel, self._limits)
            fault = await exchange.run(source, rows)
        status = await self._reap()
        results = exchange.results
        if fault is not None:
            if fault.stage == "confining":
                raise NotConfined("its process could not be forked or confined")
            if not results or os.waitstatus_to_exitcode(status) != -signal.SIGXCPU:
                times = len(rows) if fault.stage == "loading" else 1
                results += [fault.result(status)] * times
            # A process that spent its CPU time on rows before this one is no fault of this row.
        return results

    def _fork(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                socket.send_fds(self._control, [protocol.FORK], [theirs.fileno()])
            except OSError:
                ours.close()
                raise ZygoteLost from None
        return ours

    async def _reap(self) -> int:
        """Have the child ended and return its status as waitpid(2) gives it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_REAP_SECONDS):
                await loop.sock_sendall(self._control, protocol.REAP)
                answer = await loop.sock_recv(self._control, protocol.STATUS.size)
        except OSError:  # TimeoutError is one
            raise ZygoteLost from None
        if len(answer) != protocol.STATUS.size:
            raise ZygoteLost
        return int(protocol.STATUS.unpack(answer)[0])
