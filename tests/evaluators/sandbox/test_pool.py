"""The pool: right results in the right order, whatever happens to rows and processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assay.evaluators.sandbox import Limits, RowResult, SandboxPool
from assay.model.errors import Unavailable
from tests.evaluators.sandbox.pools import GOOD, Sandbox, serve, until


def is_running(process_id: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(process_ids: frozenset[int]) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent in process_ids:
            found.add(int(stat.parent.name))
    return found


async def until_gone(process_ids: set[int]) -> None:
    await until(lambda: not any(map(is_running, process_ids)))


async def until_running(pool: SandboxPool, count: int) -> set[int]:
    await until(lambda: len(children_of(pool.process_ids)) >= count)
    return children_of(pool.process_ids)


def test_main_gets_the_inputs_as_an_object(sandbox: Sandbox) -> None:
    inputs = {"input": "q", "output": "a", "expected_output": [1], "metadata": {"k": None}, "metrics": {"cost": 0.5}}
    result = sandbox.run_one("def main(eval_inputs):\n    return eval_inputs\n", **inputs)
    assert result.value == inputs | {"llm_input": "q", "llm_output": "a"}
    assert (result.error_kind, result.error_message) == (None, None)


def test_texts_of_the_older_names_are_kept_as_sent(sandbox: Sandbox) -> None:
    result = sandbox.run_one("def main(e):\n    return [e['llm_input'], e['llm_output']]\n", input=[1], llm_input="[1]")
    assert result.value == ["[1]", None]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("def evaluate(llm_input, llm_output): return [llm_input, llm_output]", ["q", "a"]),
        ("def evaluate(prompt, answer, **kwargs): return [prompt, answer, kwargs['metadata']]", ["q", "a", {"k": 1}]),
        ("def evaluate(input, output, **kwargs): return [input, output, 'input' in kwargs]", ["q", "a", False]),
        ("def evaluate(llm_input, llm_output, ideal_output=None): return ideal_output", '{"right": 1}'),
        ("def evaluate(llm_input, llm_output, *, metrics): return metrics", {"cost": 2}),
        ("def evaluate(*both): return list(both)", ["q", "a"]),
        ("def evaluate(*, llm_output): return llm_output", "a"),
        ("evaluate = lambda llm_input, llm_output: len(llm_output)", 1),
        ("def evaluate(a, b): return 'evaluate'\ndef main(e): return 'main'", "main"),
    ],
)
def test_the_older_entry_point_gets_what_it_asks_for(sandbox: Sandbox, function: str, expected: Any) -> None:
    inputs = {
        "input": "q",
        "output": "a",
        "expected_output": {"right": 1},
        "metadata": {"k": 1},
        "metrics": {"cost": 2},
    }
    result = sandbox.run_one(function, **inputs)
    assert (result.value, result.error_message) == (expected, None)


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (
            "\n\ndef main(e):\n    x = 1\n    return x / 0\n",
            "zero_division_error",
            "line 5: ZeroDivisionError: division by zero",
        ),
        ("def f(): return {}['k']\n\ndef main(e):\n    return f()\n", "key_error", "line 1: KeyError: 'k'"),
        ("import json\ndef main(e):\n    return json.loads('{')\n", "jsondecode_error", "line 3: JSONDecodeError: "),
        ("def main(e):\n    raise Exception\n", "exception", "line 2: Exception"),
        (
            "class OwnProblem(Exception): pass\ndef main(e):\n    raise OwnProblem('x')",
            "own_problem",
            "line 3: OwnProblem: x",
        ),
        ("def main(e):\n    exec('1/0')\n", "zero_division_error", "line 2: ZeroDivisionError: division by zero"),
        ("def main(e):\n    return (\n", "syntax_error", "line 2: SyntaxError: '(' was never closed"),
        ("x = 1\n\ny = z\ndef main(e): return 1", "name_error", "line 3: NameError: name 'z' is not defined"),
        ("def judge(e): return 1", "no_entry_point", "The code defines neither main(eval_inputs) nor evaluate("),
        (
            "class Mute(Exception):\n    def __str__(self): raise ValueError\ndef main(e):\n    raise Mute",
            "unreadable_error",
            "The error has no readable text.",
        ),
        ("def main(e):\n    raise ValueError('x' * 10_000)\n", "value_error", "line 2: ValueError: xxx"),
    ],
)
def test_an_error_has_a_kind_and_the_users_own_line(sandbox: Sandbox, source: str, kind: str, message: str) -> None:
    first, second = sandbox.run(source, {}, {})
    assert (first.error_kind, second.error_kind) == (kind, kind)
    assert (first.error_message or "").startswith(message)
    assert len(first.error_message or "") <= 2_000


def test_what_a_row_prints_is_its_own_and_bounded(sandbox: Sandbox) -> None:
    source = """
import sys
def main(inputs):
    for _ in range(inputs["times"]):
        print("é")
    print("fault", file=sys.stderr)
    if inputs["times"] == 2:
        raise ValueError
    return 1
"""
    results = sandbox.run(source, {"times": 1}, {"times": 2}, {"times": 100_000}, {"times": 0})
    texts = [result.stdout for result in results]
    assert texts[:2] == ["é\nfault\n", "é\né\nfault\n"]
    assert texts[2] == "é\n" * (16_384 // 3) + "\n[cut after 16,384 bytes]"
    assert texts[3] == "fault\n"


def test_modules_that_look_themselves_up_work(sandbox: Sandbox) -> None:
    source = """
from __future__ import annotations
from dataclasses import dataclass, asdict
from datetime import datetime
import typing

@dataclass
class Point:
    x: int = 3

def main(inputs) -> int:
    return [asdict(Point()), str(typing.get_type_hints(Point)["x"]), datetime.strptime("2026", "%Y").year]
"""
    result = sandbox.run_one(source)
    assert (result.value, result.error_message) == ([{"x": 3}, "<class 'int'>", 2026], None)


def test_a_crash_in_the_middle_keeps_the_other_rows(sandbox: Sandbox) -> None:
    source = "import os\ndef main(e):\n    if e['n'] % 4 == 2: os._exit(5)\n    return e['n']\n"
    results = sandbox.run(source, *({"n": n} for n in range(12)))
    assert [result.value for result in results] == [None if n % 4 == 2 else n for n in range(12)]
    assert {result.error_message for result in results if result.error_kind} == {
        "the row ended the process, with exit status 5."
    }


def test_a_timeout_in_the_middle_keeps_the_other_rows(impatient_sandbox: Sandbox) -> None:
    source = "def main(e):\n    while e['n'] == 1: pass\n    return e['n']\n"
    results = impatient_sandbox.run(source, *({"n": n} for n in range(4)))
    assert [(result.value, result.error_kind) for result in results] == [
        (0, None),
        (None, "timeout"),
        (2, None),
        (3, None),
    ]
    assert results[1].error_message == "line 2: the row took longer than 0.5 s."
    assert results[1].latency_seconds >= 0.5


def test_code_that_hangs_at_module_level_fails_every_row(impatient_sandbox: Sandbox) -> None:
    results = impatient_sandbox.run("x = 1\nwhile True: pass\ndef main(e): return 1", {}, {}, {})
    assert [result.error_message for result in results] == [
        "line 2: the code at module level took longer than 0.5 s."
    ] * 3


def test_rows_that_spend_the_time_of_a_process_go_on_in_another() -> None:
    source = "import time\ncalls = []\ndef main(e):\n    calls.append(1)\n    time.sleep(0.06)\n    return len(calls)\n"
    results = serve(source, [{}] * 10, Limits(batch_seconds=0.15), workers=1)
    values = [result.value for result in results]
    assert None not in values
    assert values.count(1) > 1


def test_cpu_time_that_earlier_rows_spent_is_no_fault_of_a_later_one() -> None:
    source = """
import time
def main(e):
    end = time.process_time() + e["cpu_seconds"]
    while time.process_time() < end: pass
    return "done"
"""
    limits = Limits(row_seconds=30.0, cpu_seconds=1.0)
    results = serve(
        source, [{"cpu_seconds": 0.7}] * 2 + [{"cpu_seconds": 3.0}, {"cpu_seconds": 0.0}], limits, workers=1
    )
    assert [result.value for result in results] == ["done", "done", None, "done"]
    assert (results[2].error_kind, results[2].error_message) == ("cpu_limit", "the row used more than 1 s of CPU time.")


def test_many_rows_come_back_in_order_from_several_workers() -> None:
    rows = [{"n": n, "padding": "x" * (n % 7) * 1_000} for n in range(2_000)]
    results = serve(GOOD, rows, Limits(row_seconds=10.0), workers=2)
    assert [result.value for result in results] == [2 * n for n in range(2_000)]
    assert all(0 <= result.latency_seconds < 10 for result in results)


def test_a_row_larger_than_a_batch_is_served_and_one_larger_than_memory_fails_alone(sandbox: Sandbox) -> None:
    source = "def main(e):\n    return len(e['text'])\n"
    sizes = [10, 6_000_000, 10, 60_000_000, 20]
    results = sandbox.run(source, *({"text": "x" * size} for size in sizes))
    assert [result.value for result in results] == [10, 6_000_000, 10, None, 20]
    assert results[3].error_kind == "memory_limit"


def test_no_rows_are_no_results_and_no_process() -> None:
    async def run() -> tuple[list[RowResult], frozenset[int]]:
        pool = SandboxPool(workers=1)
        return await pool.evaluate(GOOD, []), pool.process_ids

    assert asyncio.run(run()) == ([], frozenset())


SLOW = "import time\ndef main(e):\n    time.sleep(0.05)\n    return e['n']\n"


def test_rows_survive_the_death_of_their_zygote() -> None:
    async def run() -> list[RowResult]:
        pool = SandboxPool(workers=1)
        evaluation = asyncio.create_task(pool.evaluate(SLOW, [json.dumps({"n": n}).encode() for n in range(10)]))
        children = await until_running(pool, 1)
        (zygote,) = pool.process_ids
        os.kill(zygote, signal.SIGKILL)
        results = await evaluation
        await until_gone(children)
        # Killed while idle, it is missed when it is next needed.
        (zygote,) = pool.process_ids
        os.kill(zygote, signal.SIGKILL)
        results += await pool.evaluate(SLOW, [b'{"n": "again"}'])
        await pool.stop()
        return results

    assert [result.value for result in asyncio.run(run())] == [*range(10), "again"]


def test_what_a_zygote_had_running_dies_with_it() -> None:
    async def run() -> None:
        pool = SandboxPool(Limits(row_seconds=90.0, cpu_seconds=90.0), workers=1)
        evaluation = asyncio.create_task(pool.evaluate("def main(e):\n    while True: pass\n", [b"{}"]))
        children = await until_running(pool, 1)
        (zygote,) = pool.process_ids
        os.kill(zygote, signal.SIGKILL)
        await until_gone(children)
        evaluation.cancel()
        await asyncio.wait([evaluation])
        await pool.stop()

    asyncio.run(run())


def test_a_row_whose_zygote_is_lost_again_and_again_fails_alone() -> None:
    async def run() -> list[RowResult]:
        pool = SandboxPool(Limits(row_seconds=90.0, cpu_seconds=90.0), workers=1)
        source = "def main(e):\n    while e['n'] == 0: pass\n    return e['n']\n"
        evaluation = asyncio.create_task(pool.evaluate(source, [b'{"n": 0}', b'{"n": 1}']))
        for _ in range(3):
            await until_running(pool, 1)
            (zygote,) = pool.process_ids
            os.kill(zygote, signal.SIGKILL)
            await until_gone({zygote})
            await until(lambda zygote=zygote: zygote not in pool.process_ids)
        results = await evaluation
        await pool.stop()
        return results

    first, second = asyncio.run(run())
    assert (first.error_kind, second.value) == ("crashed", 1)


def test_nothing_is_left_running_after_stop() -> None:
    hang = "def main(e):\n    while True:\n        try: main(e)\n        except BaseException: pass\n"

    async def run() -> None:
        pool = SandboxPool(Limits(row_seconds=60.0), workers=2)
        evaluations = [asyncio.create_task(pool.evaluate(hang, [b"{}"])) for _ in range(2)]
        children = await until_running(pool, 2)
        zygotes = pool.process_ids
        assert len(zygotes) == 2
        await pool.stop()
        for evaluation in evaluations:
            with pytest.raises(Unavailable, match="stopping"):
                await evaluation
        assert pool.process_ids == frozenset()
        assert not any(map(is_running, zygotes))
        await until_gone(children)
        with pytest.raises(Unavailable, match="stopping"):
            await pool.evaluate(GOOD, [b'{"n": 1}'])
        await pool.start()
        assert (await pool.evaluate(GOOD, [b'{"n": 1}']))[0].value == 2
        await pool.stop()

    asyncio.run(run())


def test_a_cancelled_evaluation_ends_its_process_and_no_other_evaluation() -> None:
    async def run() -> list[RowResult]:
        pool = SandboxPool(Limits(row_seconds=60.0), workers=2)
        endless = asyncio.create_task(pool.evaluate("def main(e):\n    while True: pass\n", [b"{}"]))
        (child,) = await until_running(pool, 1)
        other = asyncio.create_task(pool.evaluate(SLOW, [json.dumps({"n": n}).encode() for n in range(5)]))
        await asyncio.sleep(0)
        endless.cancel()
        with pytest.raises(asyncio.CancelledError):
            await endless
        await until_gone({child})
        results = await other
        await pool.stop()
        return results

    assert [result.value for result in asyncio.run(run())] == [0, 1, 2, 3, 4]


def test_idle_zygotes_are_let_go_and_started_again() -> None:
    async def run() -> None:
        pool = SandboxPool(workers=1, idle_seconds=0.05)
        for _ in range(2):
            assert (await pool.evaluate(GOOD, [b'{"n": 2}']))[0].value == 4
            await until(lambda: not pool.process_ids)
        await pool.stop()

    asyncio.run(run())


def test_the_processes_end_when_the_server_is_killed() -> None:
    program = """
import asyncio, sys
from assay.evaluators.sandbox import Limits, SandboxPool
endless = "def main(e):\\n    while True: pass\\n"
asyncio.run(SandboxPool(Limits(row_seconds=90.0, cpu_seconds=90.0), workers=1).evaluate(endless, [b"{}"]))
"""
    server = subprocess.Popen([sys.executable, "-c", program])

    async def run() -> None:
        zygotes = await until(lambda: children_of(frozenset({server.pid})))
        children = await until(lambda: children_of(frozenset(zygotes)))
        server.kill()
        server.wait()
        await until_gone(zygotes | children)

    asyncio.run(run())
