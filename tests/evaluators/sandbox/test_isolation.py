"""What must not be shared: between batches, between organisations, with a server that lies in wait on the channel."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.evaluators.sandbox import Limits
from tests.evaluators.sandbox.pools import Sandbox, serve

COUNT = "calls = []\ndef main(inputs):\n    calls.append(1)\n    return len(calls)\n"

SEARCH_MEMORY = """
import ctypes, gc, sys
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p

def main(inputs):
    secret = bytes(reversed(bytes.fromhex(inputs["reversed"])))
    found = []
    for one in gc.get_objects():
        if isinstance(one, dict) and secret.decode() in map(str, one.values()):
            found.append("object")
    frame = sys._getframe()
    while frame is not None:
        if secret.decode() in map(str, frame.f_locals.values()) and frame.f_code.co_name != "main":
            found.append("frame")
        frame = frame.f_back
    heap_end = libc.sbrk(0)
    heap = ctypes.string_at(heap_end - inputs["bytes"], inputs["bytes"])
    # The one that this function itself has just made.
    return [len(found), heap.count(secret) > inputs["own_copies"]]
"""


def test_rows_of_a_batch_share_a_process_and_batches_share_nothing(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert [result.value for result in sandbox.run(COUNT, {}, {}, {})] == [1, 2, 3]


def test_what_one_organisation_sent_is_not_in_the_memory_of_the_next(sandbox: Sandbox) -> None:
    secret = "organisation A: 7c1e90ab-secret"
    keep = "kept = []\ndef main(inputs):\n    kept.append(inputs)\n    print(inputs)\n    return inputs['secret']\n"
    for _ in range(3):
        assert sandbox.run_one(keep, secret=secret * 3).value == secret * 3
    search = {"reversed": secret.encode()[::-1].hex(), "bytes": 1 << 20, "own_copies": 4}
    assert sandbox.run_one(SEARCH_MEMORY, **search).value == [0, False]
    # The same search does find what is there.
    assert sandbox.run_one(SEARCH_MEMORY, **search, planted=[secret + str(n) for n in range(99)]).value[1] is True


@pytest.mark.parametrize(
    "vandalism",
    [
        "import json; json.dumps = json.loads = json.JSONEncoder.encode = json.JSONDecoder.decode = None",
        "import builtins; builtins.len = builtins.print = builtins.isinstance = None",
        "import sys; sys.modules.clear()",
        "import sys; sys.stdout = sys.stderr = None",
        "import os, time, signal; os.write = os._exit = time.perf_counter = signal.setitimer = None",
        "import gc; [one.clear() for one in gc.get_objects() if type(one) in (dict, list)]",
        "import sys; sys._getframe(3).f_locals.clear(); sys.setprofile(lambda *_: 1 / 0)",
        "import sys; sys.settrace(lambda *_: 1 / 0)",
        "import assay.evaluators.sandbox.child as child; child._send = child._exit = None",
        "import random; random.seed(1)",
        "import re; re.compile = None",
    ],
)
def test_what_code_breaks_is_whole_again_in_the_next_batch(sandbox: Sandbox, vandalism: str) -> None:
    broken = sandbox.run(f"def main(inputs):\n    {vandalism}\n    return 'done'\n", {}, {})
    assert all(result.error_kind or result.value == "done" for result in broken)
    sandbox.check_that_it_serves()
    clean = "import json, random\ndef main(e):\n    print('x')\n    return [json.dumps([len('ab')]), random.random()]\n"
    results = [sandbox.run_one(clean) for _ in range(2)]
    assert [(result.value[0], result.stdout) for result in results] == [("[2]", "x\n")] * 2
    assert results[0].value[1] != results[1].value[1]


@pytest.mark.parametrize(
    "forged",
    [
        b"garbage\n",
        b"\xff\xfe\x00\n",
        b"\n",
        b"null\n",
        b"[" * 60_000 + b"\n",
        b'{"row": 1, "seconds": 0.1, "stdout": ""}\n',
        b'{"row": 1, "seconds": -1, "stdout": "", "value": 1}\n',
        b'{"row": 1, "seconds": NaN, "stdout": "", "value": 1}\n',
        b'{"row": 1, "seconds": 1e300, "stdout": "", "value": 1}\n',
        b'{"row": 1, "seconds": true, "stdout": "", "value": 1}\n',
        b'{"row": 1, "seconds": 0.1, "stdout": 7, "value": 1}\n',
        b'{"row": 1, "seconds": 0.1, "stdout": "", "error": "kind"}\n',
        b'{"row": 1, "seconds": 0.1, "stdout": "", "error": ["Not A Kind", "x"]}\n',
        b'{"row": 1, "seconds": 0.1, "stdout": "", "value": ' + b"9" * 5_000 + b"}\n",
        b'{"row": 0, "seconds": 0.1, "stdout": "", "value": 1}\n',
        b'{"row": 2, "seconds": 0.1, "stdout": "", "value": 1}\n',
        b'{"row": {"a": []}, "seconds": 0.1, "stdout": "", "value": 1}\n',
        b'{"state": "confined"}\n{"state": "loaded"}\n',
        b"x" * 1_000_000,
        b"\n" * 1_000_000,
    ],
    ids=lambda forged: repr(forged[:60]),
)
def test_a_forged_line_fails_its_row_and_no_other(sandbox: Sandbox, forged: bytes) -> None:
    source = f"import os\ndef main(inputs):\n    if inputs['n'] == 1: os.write(3, {forged!r})\n    return inputs['n']\n"
    results = sandbox.run(source, *({"n": n} for n in range(4)))
    assert [result.error_kind for result in results] == [None, "protocol_error", None, None]
    assert [result.value for result in results] == [0, None, 2, 3]
    assert len(results[1].error_message or "") < 300


def test_a_result_forged_in_advance_costs_the_author_the_next_row(sandbox: Sandbox) -> None:
    line = b'{"row": 0, "seconds": 0.0, "stdout": "", "value": "forged"}\n'
    source = f"import os\ndef main(inputs):\n    if inputs['n'] == 0: os.write(3, {line!r})\n    return inputs['n']\n"
    results = sandbox.run(source, *({"n": n} for n in range(3)))
    assert [result.value for result in results] == ["forged", None, 2]
    assert results[1].error_kind == "protocol_error"


@pytest.mark.parametrize("forged", [b"garbage\n", b'{"row": 0}\n', b"x" * 1_000_000])
def test_lines_forged_while_the_module_loads_fail_its_rows(sandbox: Sandbox, forged: bytes) -> None:
    results = sandbox.run(f"import os\nos.write(3, {forged!r})\ndef main(inputs):\n    return 1\n", {}, {})
    assert [result.error_kind for result in results] == ["protocol_error"] * 2


def test_a_forged_last_line_cannot_keep_rows_from_running(sandbox: Sandbox) -> None:
    line = b'{"row": 0, "seconds": 0.0, "stdout": "", "value": 0, "last": true}\n'
    source = f"import os\ndef main(inputs):\n    os.write(3, {line!r})\n    return inputs['n']\n"
    results = sandbox.run(source, *({"n": n} for n in range(3)))
    assert [result.value for result in results] == [0, 0, 0]


def test_text_that_no_store_takes_is_written_as_escapes(sandbox: Sandbox) -> None:
    result = sandbox.run_one("def main(inputs):\n    print('\\0 \\ud800')\n    raise ValueError('\\0 \\ud800')\n")
    assert result.stdout == "\\x00 \\ud800\n"
    assert result.error_message == "line 3: ValueError: \\x00 \\ud800"


def namespaces_are_allowed() -> bool:
    program = "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x1000_0000 | 0x2_0000))"
    return subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the zygote, which is the point of it")
def test_the_zygote_has_nothing_to_give_away(sandbox: Sandbox) -> None:
    (zygote,) = sandbox.pool.process_ids
    process = Path(f"/proc/{zygote}")
    fields = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert fields["NoNewPrivs"] == "1"
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == int(fields["CapInh"], 16) == 0
    assert "0" not in fields["Uid"].split()
    assert (process / "environ").read_bytes() in (b"", b"LC_CTYPE=C.UTF-8\0")
    assert len(list((process / "fd").iterdir())) == 4
    if namespaces_are_allowed():
        assert list((process / "root").iterdir()) == []
        for namespace in ("user", "net", "ipc", "uts", "mnt"):
            assert (process / "ns" / namespace).readlink() != Path(f"/proc/self/ns/{namespace}").readlink()


def test_without_walls_there_are_limits_and_errors_all_the_same() -> None:
    source = "import os\ndef main(e):\n    if e['n']: return len(bytearray(10**10))\n    return os.path.exists('/')\n"
    results = serve(source, [{"n": 0}, {"n": 1}, {"n": 0}], Limits(), workers=1, is_isolated=False)
    assert [result.value for result in results] == [True, None, True]
    assert results[1].error_kind == "memory_limit"
