"""What the zygote gives up before it serves: privileges, namespaces, the file system.

Each layer but NO_NEW_PRIVS and the tie to the server is taken where the kernel and the container allow it: the wall
that must stand is the system call filter (`seccomp`), and what it would let through by mistake meets these.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct

from assay.evaluators.sandbox.seccomp import Architecture

# linux/prctl.h, linux/sched.h, linux/mount.h, linux/capability.h
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_NEW_MOUNTS, _NEW_HOST_NAME, _NEW_IPC, _NEW_USER, _NEW_NETWORK = 0x2_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 1 << 30
_READ_ONLY_AND_NOTHING_SPECIAL = 1 | 2 | 4 | 8
_RECURSIVELY_PRIVATE = 0x4000 | 0x4_0000
_DETACH = 2
_CAPABILITY_VERSION = 0x2008_0522
_NOBODY = 65_534


class NotIsolated(RuntimeError):
    """The kernel refused something that the sandbox cannot do without."""


def prctl(library: ctypes.CDLL, option: int, value: int) -> None:
    """Call prctl(2); raises NotIsolated where it fails."""
    if library.prctl(option, value, 0, 0, 0) != 0:
        raise NotIsolated(f"prctl({option}, {value}) failed: {os.strerror(ctypes.get_errno())}")


def end_with_parent(library: ctypes.CDLL, parent: int) -> None:
    """Have the kernel kill this process when its parent ends, and end at once where it already has."""
    prctl(library, _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def isolate(library: ctypes.CDLL, target: Architecture, parent: int) -> None:
    """Give up everything, for good; modules must be loaded by now. Raises NotIsolated."""
    # Out of memory, the kernel is to end this rather than the server.
    _try_to_write("/proc/self/oom_score_adj", "1000")
    if os.geteuid() == 0:
        _become_nobody()
    if _enter_namespaces(library):
        _leave_the_file_system(library, target)
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    _drop_capabilities(library)
    prctl(library, _PR_SET_NO_NEW_PRIVS, 1)
    prctl(library, _PR_SET_DUMPABLE, 0)
    # A change of user has cleared it.
    end_with_parent(library, parent)


def _become_nobody() -> None:
    # A container may not have this user.
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _enter_namespaces(library: ctypes.CDLL) -> bool:
    others = _NEW_NETWORK | _NEW_IPC | _NEW_HOST_NAME | _NEW_MOUNTS
    user, group = os.geteuid(), os.getegid()
    if library.unshare(_NEW_USER | others) != 0:
        return False
    # Without it /proc/self belongs to root, and the maps cannot be written.
    prctl(library, _PR_SET_DUMPABLE, 1)
    _try_to_write("/proc/self/setgroups", "deny")
    _try_to_write("/proc/self/uid_map", f"{user} {user} 1")
    _try_to_write("/proc/self/gid_map", f"{group} {group} 1")
    return True


def _leave_the_file_system(library: ctypes.CDLL, target: Architecture) -> None:
    """Make an empty, read-only directory the root, and forget the old one."""
    # Any directory that is always there, and that this user may enter.
    place = b"/proc"
    if library.mount(b"none", b"/", None, _RECURSIVELY_PRIVATE, None) != 0:
        return
    if library.mount(b"none", place, b"tmpfs", _READ_ONLY_AND_NOTHING_SPECIAL, b"size=4k,nr_inodes=2,mode=555") != 0:
        return
    os.chdir(place)
    # The root is stacked upon the new one; detaching it leaves the new one alone. pivot_root(2).
    if library.syscall(target.numbers["pivot_root"], b".", b".") == 0:
        library.umount2(b".", _DETACH)
        os.chdir("/")


def _drop_capabilities(library: ctypes.CDLL) -> None:
    header, nothing = struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)
    if library.capset(header, nothing) != 0:
        raise NotIsolated(f"capset failed: {os.strerror(ctypes.get_errno())}")


def _try_to_write(path: str, text: str) -> None:
    with contextlib.suppress(OSError), open(path, "w") as file:
        file.write(text)
