"""Attempts to leave the sandbox: each ends in a named error or in nothing, and the next batch is served."""

import os
import platform
import re
import socket
from pathlib import Path

import pytest
from zstandard import backend_c

from assay.evaluators.sandbox import seccomp
from tests.evaluators.sandbox.pools import Sandbox

FORBIDDEN = {
    "open a file": "open('/etc/passwd').read()",
    "open by descriptor": "import os; os.open('/etc/passwd', os.O_RDONLY)",
    "read its own /proc": "open('/proc/self/maps').read()",
    "read the server's environment": "open(f'/proc/{inputs[\"server\"]}/environ').read()",
    "read the server's memory": "open(f'/proc/{inputs[\"server\"]}/mem', 'rb').read(1)",
    "list a directory": "import os; os.listdir('/')",
    "look a file up": "import os; os.stat('/etc/passwd')",
    "write a file": "open(inputs['path'], 'w').write('x')",
    "write a file with pathlib": "import pathlib; pathlib.Path(inputs['path']).write_text('x')",
    "make a temporary directory": "import os; os.mkdir(inputs['path'])",
    "link a file": "import os; os.symlink('/etc/passwd', inputs['path'])",
    "connect": "import socket; socket.create_connection(('127.0.0.1', inputs['port']))",
    "connect by UDP": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "connect to a Unix socket": "import socket; socket.socket(socket.AF_UNIX).connect('/run/x')",
    "make a pair of sockets": "import socket; socket.socketpair()",
    "resolve a name": "import socket; socket.getaddrinfo('example.com', 80)",
    "run a program": "import subprocess; subprocess.run(['/bin/sh', '-c', f'touch {inputs[\"path\"]}'])",
    "spawn": "import os; os.posix_spawn('/bin/sh', ['sh', '-c', f'touch {inputs[\"path\"]}'], {})",
    "replace itself": "import os; os.execv('/bin/sh', ['sh', '-c', f'touch {inputs[\"path\"]}'])",
    "fork": "import os; os.fork()",
    "fork for ever": "import os\n    while True: os.fork()",
    "start a thread": "import threading; threading.Thread(target=print).start()",
    "kill the server": "import os; os.kill(inputs['server'], 9)",
    "kill the zygote": "import os; os.kill(inputs['zygote'], 9)",
    "kill everything": "import os; os.kill(-1, 9)",
    "signal itself": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "ignore the timer": "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)",
    "block the timer": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])",
    "duplicate the channel": "import os; os.dup(3)",
    "make a pipe": "import os; os.pipe()",
    "make a file in memory": "import os; os.memfd_create('x')",
    "become another user": "import os; os.setuid(1)",
    "raise a limit": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "change the root": "import os; os.chroot('/')",
    "learn the machine's name": "import os; os.uname()",
    "learn the server's place": "import os; os.getcwd()",
    "take another's turn": "import os; os.sched_setaffinity(0, [0])",
    "load a library": "import ctypes; ctypes.CDLL(inputs['library'])",
    "import by file": "import importlib.machinery as m; m.SourceFileLoader('x', '/etc/passwd').load_module()",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_forbidden_fails_with_a_named_error(sandbox: Sandbox, name: str, tmp_path: Path) -> None:
    attempt = FORBIDDEN[name]
    marker = tmp_path / "marker"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        (zygote,) = sandbox.pool.process_ids
        source = f"def main(inputs):\n    {attempt}\n    return 'escaped'\n"
        result = sandbox.run_one(
            source,
            path=str(marker),
            port=listener.getsockname()[1],
            server=os.getpid(),
            zygote=zygote,
            library=backend_c.__file__,
        )
        with pytest.raises(BlockingIOError):
            listener.accept()
    # The loader of libraries and setrlimit() have other words for a call that was refused.
    assert result.error_kind == {"load a library": "oserror", "raise a limit": "value_error"}.get(name, "forbidden")
    assert re.match(r"line [23]: ", result.error_message or "")
    assert not marker.exists()


QUIET = {
    "the shell": ("import os; return os.system(f'touch {inputs[\"path\"]}') != 0", True),
    "a wild pointer to execve": ("import ctypes; return ctypes.CDLL(None).execv(b'/bin/sh', None)", -1),
    "ptrace": ("import ctypes; return ctypes.CDLL(None).ptrace(16, inputs['server'], 0, 0)", -1),
    "reading another process's memory": (
        "import ctypes; b = (ctypes.c_size_t * 2)(); "
        "return ctypes.CDLL(None).process_vm_readv(inputs['server'], b, 1, b, 1, 0)",
        -1,
    ),
    "lifting the filter": ("import ctypes; return ctypes.CDLL(None).prctl(22, 0, 0, 0, 0)", -1),
    "becoming traceable": ("import ctypes; return ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)", -1),
    "entering namespaces": ("import ctypes; return ctypes.CDLL(None).unshare(0x10000000)", -1),
    "the environment": ("import os; return sorted(set(os.environ) - {'LC_CTYPE'})", []),
    "the search path": ("import sys; return sys.path", []),
    "a module from disk": ("import importlib.util; return importlib.util.find_spec('sqlite3') is None", True),
    "paths among the modules' globals": (
        "import sys; return [m for m in sys.modules if m.startswith(('assay.model', 'assay.set', 'assay.stores'))]",
        [],
    ),
    "descriptors beside /dev/null and its own channel": (
        "import os\n"
        "    found = []\n"
        "    for descriptor in [*range(3), *range(4, 1024)]:\n"
        "        try: os.close(descriptor)\n"
        "        except OSError: continue\n"
        "        found.append(descriptor)\n"
        "    return found",
        [0, 1, 2],
    ),
}


@pytest.mark.parametrize(("attempt", "found"), QUIET.values(), ids=QUIET)
def test_what_raises_nothing_finds_nothing(
    sandbox: Sandbox, attempt: str, found: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_SECRET_FOR_TEST", "the secret")
    marker = tmp_path / "marker"
    result = sandbox.run_one(f"def main(inputs):\n    {attempt}\n", path=str(marker), server=os.getpid())
    assert (result.value, result.error_message) == (found, None)
    assert not marker.exists()


CALL_EVERYTHING = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def main(inputs):
    went_through = []
    for number in inputs["numbers"]:
        ctypes.set_errno(0)
        if libc.syscall(number, -1, -1, -1, -1, -1, -1) != -1 or ctypes.get_errno() != 1:
            went_through.append(number)
    return went_through
"""


def test_every_system_call_that_is_not_listed_is_refused(sandbox: Sandbox) -> None:
    target = seccomp.ARCHITECTURES[platform.machine()]
    allowed = {target.numbers[name] for name in seccomp.ALLOWED if name in target.numbers}
    if platform.machine() == "x86_64":
        # uretprobe and uprobe: the kernel asks no filter, and kills whoever calls them from anywhere but a probe.
        allowed |= {335, 336}
    others = [number for number in range(1_024) if number not in allowed]
    result = sandbox.run_one(CALL_EVERYTHING, numbers=others)
    assert (result.value, result.error_message) == ([], None)


def test_futex_waits_and_wakes_and_does_nothing_else(sandbox: Sandbox) -> None:
    source = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def main(inputs):
    word = ctypes.c_int(7)
    refused = []
    for operation in range(16):
        for flags in (0, 128, 256, 384):
            ctypes.set_errno(0)
            # Waiting for a value that is not there returns at once.
            libc.syscall(inputs["futex"], ctypes.byref(word), operation | flags, 1, None, None, 1)
            if ctypes.get_errno() == 1:
                refused.append(operation)
    return sorted(set(range(16)) - set(refused))
"""
    result = sandbox.run_one(source, futex=seccomp.ARCHITECTURES[platform.machine()].numbers["futex"])
    assert (result.value, result.error_message) == ([0, 1, 9, 10], None)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the other interfaces of the x86-64 kernel")
@pytest.mark.parametrize(
    "machine_code",
    [
        pytest.param("b8 14 00 00 00 cd 80 c3", id="getpid by int 0x80, the 32-bit interface"),
        pytest.param("b8 27 00 00 40 0f 05 c3", id="getpid of the x32 interface"),
    ],
)
def test_another_interface_of_the_kernel_kills_the_process(sandbox: Sandbox, machine_code: str) -> None:
    source = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]

def main(inputs):
    code = bytes.fromhex(inputs["machine_code"])
    page = libc.mmap(None, 4096, 7, 0x22, -1, 0)
    ctypes.memmove(page, code, len(code))
    return ctypes.CFUNCTYPE(ctypes.c_long)(page)()
"""
    result = sandbox.run_one(source, machine_code=machine_code)
    assert (result.error_kind, result.error_message) == ("crashed", "the row crashed the process (SIGSYS).")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("module_not_found_error", "import numpy"),
        ("module_not_found_error", "import sqlite3"),
        ("module_not_found_error", "import multiprocessing; multiprocessing.Process(target=print).start()"),
        ("system_exit", "import sys; sys.exit(0)"),
        ("keyboard_interrupt", "raise KeyboardInterrupt"),
        ("recursion_error", "return main(inputs)"),
        ("crashed", "import os; os._exit(0)"),
        ("crashed", "import os; os.abort()"),
        ("crashed", "import ctypes; ctypes.string_at(0)"),
        ("crashed", "import os; os.close(3)"),
        ("crashed", "import sys; sys.setrecursionlimit(10**9)\n    f = lambda: [*map(lambda _: f(), [0])]\n    f()"),
        ("memory_limit", "return len(bytearray(10**10))"),
        ("memory_limit", "found = []\n    while True: found.append(bytearray(1 << 20))"),
        ("memory_limit", "found = []\n    while True: found.append([found])"),
        ("memory_limit", "text = 'x'\n    while True: text += text"),
        ("memory_limit", "return 1 << (1 << 40)"),
        ("output_limit", "return 'x' * 100_000"),
        ("wrong_type", "return {1, 2}"),
        ("wrong_type", "a = []; a.append(a); return a"),
        ("wrong_type", "return b'bytes'"),
        ("wrong_type", "return 10 ** 5_000"),
    ],
)
def test_what_goes_too_far_has_a_kind_of_its_own(sandbox: Sandbox, name: str, source: str) -> None:
    result = sandbox.run_one(f"def main(inputs):\n    {source}\n    return 1\n")
    assert result.error_kind == name, result
    assert result.value is None


@pytest.mark.parametrize(
    ("source", "has_line"),
    [
        ("while True: pass", True),
        ("import time; time.sleep(60)", True),
        ("while True: print('x' * 1000)", True),
        ("\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass", True),
        ("import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()", True),
        ("return 7 ** (7 ** 9) % 10", False),
        ("import re; return re.match(r'(a+)+$', 'a' * 60 + 'b')", False),
        ("import signal; signal.setitimer(signal.ITIMER_REAL, 0)\n    while True: pass", False),
    ],
)
def test_what_never_ends_is_ended(impatient_sandbox: Sandbox, source: str, has_line: bool) -> None:
    result = impatient_sandbox.run_one(f"def main(inputs):\n    {source}\n")
    assert result.error_kind == "timeout", result
    assert ("line " in (result.error_message or "")) or not has_line
    assert len(result.stdout) < 17_000
