"""Whether this kernel can hold user-written code: asked of the kernel, by trying."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from assay.evaluators.sandbox import seccomp
from assay.evaluators.sandbox.limits import Limits
from assay.evaluators.sandbox.pool import SandboxPool
from assay.evaluators.sandbox.protocol import RowResult
from assay.model.errors import Unavailable

_NEEDS = "Code evaluators need Linux with seccomp filters on x86-64 or ARM64"
_PATIENT = Limits(row_seconds=10.0)
# What must fail, in code that a user could write.
_PROBE = """
import os, signal, socket

def start_process():
    if os.fork() == 0:
        os._exit(0)

ATTEMPTS = {
    "open files": lambda: os.open("/", os.O_RDONLY),
    "reach the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    "start processes": start_process,
    "send signals": lambda: os.kill(os.getpid(), 0),
    "look at other processes": lambda: os.getpgid(1),
}

def main(eval_inputs):
    succeeded = []
    for name, attempt in ATTEMPTS.items():
        try:
            attempt()
        except PermissionError:
            continue
        succeeded.append(name)
    return succeeded
"""


def why_not_isolated() -> str | None:
    """Return None when code evaluators can be confined here, or one sentence that says what is lacking.

    Starts a zygote and has it run a probe, a fifth of a second; may be called with or without a running event loop.
    """
    if sys.platform != "linux":
        return f"{_NEEDS}; this is {sys.platform}."
    if seccomp.architecture(os.uname().machine) is None:
        return f"{_NEEDS}; this is Python for {os.uname().machine} of {sys.maxsize.bit_length() + 1} bits."
    # The caller's thread may have a loop that runs.
    with ThreadPoolExecutor(1) as threads:
        try:
            result = threads.submit(asyncio.run, _probe()).result()
        except (Unavailable, OSError) as error:
            return f"{_NEEDS}: {error}"
    if result.error_kind is not None:
        return f"{_NEEDS}: the self-test failed, {result.error_message}"
    if result.value != []:
        return f"{_NEEDS}: here, confined code could {' and '.join(map(str, result.value))}."
    return None


async def _probe() -> RowResult:
    pool = SandboxPool(_PATIENT, workers=1)
    await pool.start()
    try:
        return (await pool.evaluate(_PROBE, [b"{}"]))[0]
    finally:
        await pool.stop()
