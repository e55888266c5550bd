"""The process that runs user-written code: confine itself, load the module, answer one JSON line for each row.

Standard library only, and nothing may be imported late: once confined, no file can be opened. The code runs in this
very interpreter and can reach all of it, so nothing below `_confine` protects anything: limits that must hold are the
kernel's and the server's. The rest is there to serve honest code well: line numbers, clear errors, captured output.
Names are bound early so that code that patches a module patches it for itself.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecoder, JSONEncoder
from math import ceil
from os import _exit, write
from signal import ITIMER_REAL, setitimer
from time import perf_counter
from types import FrameType
from typing import Any, NoReturn

from assay.evaluators.sandbox import isolation, protocol, seccomp
from assay.evaluators.sandbox.limits import Limits
from assay.evaluators.sandbox.user_module import Complaint, describe_error, line_of_frame, load

# Where the channel to the server is put.
_CHANNEL = 3
# The first alarm may be lost in deep recursion.
_NEXT_ALARM_SECONDS = 0.1
# Given back when memory runs out, to say so.
_RESERVE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the zygote prepared for its children.

    `filters` None is no confinement, which somebody must have asked for; `address_space_bytes` is what the interpreter
    itself occupies, None where the system does not tell.
    """

    library: ctypes.CDLL
    filters: bytes | None
    limits: Limits
    address_space_bytes: int | None


def serve_batch(channel: int, zygote: int, confinement: Confinement) -> NoReturn:
    """Confine this process, serve the batch that comes over `channel`, and end."""
    try:
        batch = _Batch(confinement.limits)
        _confine(channel, zygote, confinement, batch.answer_timeout)
        _send(protocol.CONFINED)
        batch.serve()
    except MemoryError:
        _exit(protocol.OUT_OF_MEMORY_STATUS)
    except BaseException:
        _exit(1)
    _exit(0)


def _confine(
    channel: int, zygote: int, confinement: Confinement, on_alarm: Callable[[int, FrameType | None], None]
) -> None:
    filters = confinement.filters
    if filters is not None:
        isolation.end_with_parent(confinement.library, zygote)
    os.dup2(channel, _CHANNEL)
    os.closerange(_CHANNEL + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    cpu_seconds = max(1, ceil(confinement.limits.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    if confinement.address_space_bytes is not None:
        address_space = confinement.address_space_bytes + confinement.limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    # Once the filter stands, nothing changes what a signal does.
    signal.signal(signal.SIGALRM, on_alarm)
    if filters is None:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    seccomp.install(confinement.library, filters)
    try:
        os.open("/", os.O_RDONLY)
    except PermissionError:
        return
    raise isolation.NotIsolated("the filter does not bind")


class _Printed:
    """Takes what code prints, as much as may be kept; what is more costs next to nothing."""

    encoding, errors, newlines, closed = "utf-8", "backslashreplace", None, False

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.begin()

    def begin(self) -> None:
        """Forget what was printed."""
        self._parts: list[str] = []
        self._room = self._most_bytes

    def write(self, text: str, /) -> int:
        """Keep the text as far as there is room."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room >= 0 and text:
            # One character more than there is room for tells that something was cut.
            self._parts.append(text[: self._room + 1])
            self._room -= len(text)
        return len(text)

    def writelines(self, lines: list[str], /) -> None:
        """Write each of the texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def isatty(self) -> bool:
        """Tell that nobody looks on."""
        return False

    def text(self) -> str:
        """Return what was printed, cut to the limit in bytes of UTF-8, and say so when it was cut."""
        if not self._parts:
            return ""
        whole = "".join(self._parts).encode("utf-8", "backslashreplace")
        if len(whole) <= self._most_bytes:
            return whole.decode()
        return whole[: self._most_bytes].decode("utf-8", "ignore") + f"\n[cut after {self._most_bytes:,} bytes]"


class _Batch:
    """The module of one evaluator, and the rows that it is called with one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._printed = _Printed(limits.stdout_bytes)
        self._encode = JSONEncoder(ensure_ascii=False).encode
        self._decode = JSONDecoder().decode
        self._row: int | None = None
        self._began = self._seconds = 0.0
        self._is_running = False
        self._reserve: bytearray | None = bytearray(_RESERVE_BYTES)

    def serve(self) -> None:
        """Answer every row of the request on the channel, or the error of loading that they have in common."""
        source, *rows = [_receive(_receive_number()) for _ in range(_receive_number())]
        call, error = self._run(load, source)
        if error is not None:
            self._send_error(error)
            return
        _send(protocol.LOADED)
        for index, data in enumerate(rows):
            self._row = index
            result, error = self._run(self._evaluate, call, data)
            if error is None:
                self._send_answer(b'"value": ' + result)
            else:
                self._send_error(error)
                if isinstance(error, MemoryError):
                    # What took the memory may still hold it: the next row gets a process of its own.
                    return
                error = None
            self._printed.begin()

    def answer_timeout(self, signal_number: int, frame: FrameType | None) -> None:
        """Answer the row that runs with a timeout, at the line where it was met, and end; a signal handler."""
        if not self._is_running:
            return
        self._is_running = False
        self._seconds = perf_counter() - self._began
        line = line_of_frame(frame)
        where = "" if line is None else f"line {line}: "
        what = "the code at module level" if self._row is None else "the row"
        self._send_failure("timeout", f"{where}{what} took longer than {self._limits.row_seconds:g} s.", is_last=True)
        _exit(0)

    def _run(self, work: Callable[..., Any], *arguments: Any) -> tuple[Any, BaseException | None]:
        sys.stdout = sys.stderr = self._printed
        self._began = perf_counter()
        self._is_running = True
        setitimer(ITIMER_REAL, self._limits.row_seconds, _NEXT_ALARM_SECONDS)
        try:
            return work(*arguments), None
        except BaseException as error:
            return None, error
        finally:
            # In this order: an alarm that comes in between finds nothing to answer any more.
            self._is_running = False
            setitimer(ITIMER_REAL, 0)
            self._seconds = perf_counter() - self._began

    def _evaluate(self, call: Callable[[dict[str, Any]], Any], data: bytearray) -> bytes:
        inputs: dict[str, Any] = self._decode(data.decode("utf-8", "surrogatepass"))
        for name, older_name in (("input", "llm_input"), ("output", "llm_output")):
            if older_name not in inputs:
                inputs[older_name] = inputs.get(name)
        value = call(inputs)
        try:
            result = self._encode(value).encode("utf-8", "surrogatepass")
        except (TypeError, ValueError, RecursionError) as error:
            raise Complaint("wrong_type", f"The evaluator returned what is no JSON value: {error}.") from None
        if len(result) > self._limits.result_bytes:
            most = self._limits.result_bytes
            raise Complaint("output_limit", f"The result has {len(result):,} bytes as JSON; at most {most:,} are kept.")
        return result

    def _send_error(self, error: BaseException) -> None:
        self._reserve = None
        seconds = self._seconds
        # The text of an error is user-written code too.
        described, failure = self._run(describe_error, error, self._limits)
        self._seconds = seconds
        kind, message = ("unreadable_error", "The error has no readable text.") if failure else described
        self._send_failure(kind, message, is_last=isinstance(error, MemoryError))

    def _send_failure(self, kind: str, message: str, is_last: bool) -> None:
        error = self._encode([kind, message[: protocol.MAXIMUM_MESSAGE_CHARACTERS]]).encode("utf-8", "surrogatepass")
        self._send_answer((b'"last": true, "error": ' if is_last else b'"error": ') + error)

    def _send_answer(self, rest: bytes) -> None:
        row = "null" if self._row is None else self._row
        head = f'{{"row": {row}, "seconds": {self._seconds:.6f}, "stdout": {self._encode(self._printed.text())}, '
        _send(head.encode() + rest + b"}")


def _send(line: bytes) -> None:
    line += b"\n"
    while line:
        line = line[write(_CHANNEL, line) :]


def _receive_number() -> int:
    return int.from_bytes(_receive(protocol.NUMBER_BYTES))


def _receive(length: int) -> bytearray:
    body = bytearray()
    while len(body) < length:
        part = os.read(_CHANNEL, min(length - len(body), 1 << 20))
        if not part:
            raise EOFError
        body += part
    return body
