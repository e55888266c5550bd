"""Asking the kernel at start: where it lacks something the sandbox says so, and nothing of the user's is run."""

import json
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from assay.evaluators.sandbox import seccomp, why_not_isolated

# A kernel that refuses a system call, as containers and old kernels do: by a filter of our own around everything.
LACKING = """
import asyncio, ctypes, json, sys
from assay.evaluators.sandbox import SandboxPool, seccomp, why_not_isolated
from assay.model.errors import Unavailable

async def serve():
    pool = SandboxPool(workers=1)
    try:
        (result,) = await pool.evaluate("def main(e): return 'ran'", [b"{}"])
        return result.value
    except Unavailable as error:
        return error.message
    finally:
        await pool.stop()

libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
seccomp.install(libc, bytes.fromhex(sys.argv[1]))
print(json.dumps([why_not_isolated(), asyncio.run(serve())]))
"""
CALLS = {
    "x86_64": {"prctl": 157, "unshare": 272, "capset": 126},
    "aarch64": {"prctl": 167, "unshare": 97, "capset": 91},
}


def filter_that_refuses(call: str, first_argument: int | None) -> bytes:
    """Make a filter that answers EINVAL to one call, with that first argument, and lets everything else pass."""
    number = CALLS[platform.machine()][call]
    lines = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 16)]
    lines.append((0x15, 0, 1, first_argument) if first_argument is not None else (0x05, 0, 0, 0))
    lines += [(0x06, 0, 0, 0x0005_0000 | 22), (0x06, 0, 0, 0x7FFF_0000)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def without(call: str, first_argument: int | None = None) -> list[str | None]:
    """Return what the self-test and an evaluation say where the kernel lacks a call."""
    command = [sys.executable, "-c", LACKING, filter_that_refuses(call, first_argument).hex()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said: list[str | None] = json.loads(done.stdout)
    return said


def test_this_machine_can_confine_code() -> None:
    assert why_not_isolated() is None


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        pytest.param("prctl", 22, id="seccomp filters"),
        pytest.param("prctl", 38, id="no new privileges"),
        pytest.param("prctl", 1, id="death with the parent"),
    ],
)
def test_where_a_wall_cannot_stand_code_is_refused_and_the_reason_named(call: str, argument: int) -> None:
    reason, evaluation = without(call, argument)
    assert reason is not None
    assert reason.startswith("Code evaluators need Linux with seccomp filters")
    assert reason.count(". ") == 0
    assert evaluation is not None
    assert evaluation.startswith("Code evaluators cannot run: ")


def test_where_namespaces_are_not_allowed_the_filter_is_enough() -> None:
    assert without("unshare") == [None, "ran"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_lets_pass_what_is_listed_and_nothing_else(machine: str) -> None:
    target = seccomp.ARCHITECTURES[machine]
    lines = list(struct.iter_unpack("=HBBI", seccomp.program(target)))
    allowed = {target.numbers[name] for name in seccomp.ALLOWED if name in target.numbers}
    for number in range(600):
        for operation in range(16):
            expected = number in allowed or (number == target.numbers["futex"] and operation in (0, 1, 9, 10))
            assert run(lines, number, target.audit_number, operation) == (0x7FFF_0000 if expected else 0x0005_0001)
    other = next(each for each in seccomp.ARCHITECTURES.values() if each is not target)
    assert run(lines, target.numbers["read"], other.audit_number, 0) == 0x8000_0000


def run(lines: list[tuple[int, int, int, int]], number: int, audit_number: int, second_argument: int) -> int:
    """Run a filter as the kernel does: linux/bpf_common.h."""
    data = struct.pack("=IIQQQ", number, audit_number, 0, 0, second_argument)
    at = accumulator = 0
    while True:
        code, then, otherwise, value = lines[at]
        at += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                at += then if accumulator == value else otherwise
            case 0x35:
                at += then if accumulator >= value else otherwise
            case 0x06:
                return value
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").exists(), reason="needs the kernel's headers")
@pytest.mark.parametrize(
    ("machine", "header"),
    [("aarch64", "/usr/include/asm-generic/unistd.h"), ("x86_64", "/usr/include/x86_64-linux-gnu/asm/unistd_64.h")],
)
def test_the_numbers_of_system_calls_are_the_kernels(machine: str, header: str) -> None:
    if not Path(header).exists():
        pytest.skip("headers of another machine")
    found = {}
    for line in Path(header).read_text().splitlines():
        match line.split():
            case ["#define", str(name), str(number)] if name.startswith(("__NR_", "__NR3264_")) and number.isdigit():
                found[name.removeprefix("__NR_").removeprefix("__NR3264_")] = int(number)
    numbers = seccomp.ARCHITECTURES[machine].numbers
    assert {name: found[name] for name in numbers} == dict(numbers)
