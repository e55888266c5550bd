"""The system calls that user-written code may make, as a classic BPF program for x86-64 and aarch64.

An allow list: everything else fails with EPERM, so Python raises PermissionError and the author sees why. The calls on
the list compute, allocate, tell the time and use descriptors that are already open. None opens, connects, starts,
signals or inspects anything. Layout of the program and of `seccomp_data`: seccomp(2), linux/filter.h.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

ALLOWED = (
    # results and their timer, most frequent first
    "write",
    "setitimer",
    "read",
    "close",
    "rt_sigreturn",
    "restart_syscall",
    # memory
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    # time
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    # the rest of a single-threaded interpreter
    "getrandom",
    "getpid",
    "gettid",
    "sched_yield",
    "exit",
    "exit_group",
)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A kernel interface: its AUDIT_ARCH number and its call numbers by name, where it has the call."""

    audit_number: int
    numbers: Mapping[str, int]
    # Calls from here up belong to another interface of the same kernel (x32), whose numbers mean other calls.
    foreign_from: int | None = None


# asm/unistd_64.h and asm-generic/unistd.h; `pivot_root` is for the zygote, which the filter does not bind.
ARCHITECTURES: Mapping[str, Architecture] = {
    "x86_64": Architecture(
        0xC000003E,
        {
            "read": 0,
            "write": 1,
            "close": 3,
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "rt_sigreturn": 15,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "nanosleep": 35,
            "setitimer": 38,
            "getpid": 39,
            "exit": 60,
            "gettimeofday": 96,
            "pivot_root": 155,
            "gettid": 186,
            "time": 201,
            "futex": 202,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "clock_getres": 229,
            "clock_nanosleep": 230,
            "exit_group": 231,
            "getrandom": 318,
        },
        foreign_from=0x4000_0000,
    ),
    "aarch64": Architecture(
        0xC00000B7,
        {
            "pivot_root": 41,
            "close": 57,
            "read": 63,
            "write": 64,
            "exit": 93,
            "exit_group": 94,
            "futex": 98,
            "nanosleep": 101,
            "setitimer": 103,
            "clock_gettime": 113,
            "clock_getres": 114,
            "clock_nanosleep": 115,
            "sched_yield": 124,
            "restart_syscall": 128,
            "rt_sigreturn": 139,
            "gettimeofday": 169,
            "getpid": 172,
            "gettid": 178,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "mmap": 222,
            "mprotect": 226,
            "madvise": 233,
            "getrandom": 278,
        },
    ),
}

_LOAD_WORD = 0x20
_AND = 0x54
_JUMP_EQUAL = 0x15
_JUMP_AT_LEAST = 0x35
_RETURN = 0x06
_KILL_PROCESS = 0x8000_0000
_PERMISSION_ERROR = 0x0005_0000 | 1
_ALLOW = 0x7FFF_0000
# Offsets in seccomp_data; of an argument the low word, both machines being little-endian here.
_CALL_NUMBER, _AUDIT_ARCH, _SECOND_ARGUMENT = 0, 4, 24
# Waiting and waking only: the rest of futex(2), priority inheritance above all, is where its holes have been.
_FUTEX_FLAGS = 128 | 256
_FUTEX_OPERATIONS = (0, 1, 9, 10)

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


def architecture(machine: str) -> Architecture | None:
    """Return the kernel interface of this process on a machine as `os.uname()` names it, or None where there is none.

    A 32-bit interpreter on a 64-bit kernel makes other calls: None.
    """
    return ARCHITECTURES.get(machine) if sys.maxsize > 2**32 and sys.byteorder == "little" else None


def program(target: Architecture) -> bytes:
    """Make the filter: an array of `struct sock_filter`, eight bytes each."""
    numbers = [target.numbers[name] for name in ALLOWED if name in target.numbers]
    foreign = [(_JUMP_AT_LEAST, target.foreign_from, "kill", None)] if target.foreign_from is not None else []
    lines: list[tuple[int, int, str | None, str | None]] = [
        (_LOAD_WORD, _AUDIT_ARCH, None, None),
        (_JUMP_EQUAL, target.audit_number, None, "kill"),
        (_LOAD_WORD, _CALL_NUMBER, None, None),
        *foreign,
        *((_JUMP_EQUAL, number, "allow", None) for number in numbers),
        (_JUMP_EQUAL, target.numbers["futex"], None, "refuse"),
        (_LOAD_WORD, _SECOND_ARGUMENT, None, None),
        (_AND, 0xFFFF_FFFF ^ _FUTEX_FLAGS, None, None),
        *((_JUMP_EQUAL, operation, "allow", None) for operation in _FUTEX_OPERATIONS),
    ]
    ends = {"refuse": _PERMISSION_ERROR, "allow": _ALLOW, "kill": _KILL_PROCESS}
    places = {name: len(lines) + index for index, name in enumerate(ends)}

    def distance(name: str | None, index: int) -> int:
        return 0 if name is None else places[name] - index - 1

    filters = [
        struct.pack("=HBBI", code, distance(then, index), distance(otherwise, index), value)
        for index, (code, value, then, otherwise) in enumerate(lines)
    ]
    return b"".join([*filters, *(struct.pack("=HBBI", _RETURN, 0, 0, value) for value in ends.values())])


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.c_char_p))


def install(library: ctypes.CDLL, filters: bytes) -> None:
    """Bind this process and all that it could ever start to the filter, for good; NO_NEW_PRIVS must be set.

    Raises OSError where the kernel refuses it.
    """
    prepared = _FilterProgram(len(filters) // 8, filters)
    if library.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(prepared), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")
