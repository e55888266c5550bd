"""`python -m benchmarks [NAME …]`: measure, print each figure beside its budget, and a table at the end."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.creating import bulk_create, single_create
from benchmarks.evaluating import evaluate
from benchmarks.importing import import_file
from benchmarks.installing import install
from benchmarks.judging import run_code, run_judge
from benchmarks.listing import lists
from benchmarks.log_queries import log_queries
from benchmarks.measurement import Measurement, machine, shown, table
from benchmarks.options import Options
from benchmarks.recording import record_logs
from benchmarks.sandboxing import sandbox
from benchmarks.starting import start
from benchmarks.ui import ui

BENCHMARKS: dict[str, Callable[[Options], Iterator[Measurement]]] = {
    "start": start,
    "bulk-create": bulk_create,
    "single-create": single_create,
    "import-file": import_file,
    "lists": lists,
    "evaluate": evaluate,
    "run-judge": run_judge,
    "run-code": run_code,
    "sandbox": sandbox,
    "record-logs": record_logs,
    "log-queries": log_queries,
    "install": install,
    "ui": ui,
}
# One needs a package index, the other Chromium, and both minutes: only when they are named.
_ONLY_BY_NAME = ("install", "ui")


def _arguments() -> argparse.Namespace:
    described = "\n".join(f"  {name:14} {(function.__doc__ or '').strip()}" for name, function in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure a real server against the budgets.\n\n{described}",
        epilog="Without a name all run, except install and ui. docs/benchmarks.md says what each figure means.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(BENCHMARKS)}")
    parser.add_argument("--scale", choices=("small", "full"), default="small", help="full adds the largest sizes")
    parser.add_argument("--repeat", type=int, default=3, help="samples of each figure (default 3)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep filled logs there, and use those that are there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the samples there as JSON too")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}")
    if arguments.repeat < 1:
        parser.error(f"--repeat {arguments.repeat}: measure at least once")
    return arguments


def main() -> int:
    """Run the benchmarks that were named, and return 0 when all could be measured, whatever they show."""
    arguments = _arguments()
    if not Path("/proc/self/stat").exists():
        print("The benchmarks read /proc: they need Linux.", file=sys.stderr)
        return 2
    # Ended from outside, the servers that were started are to end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = Options(scale=arguments.scale, repeat=arguments.repeat, data=arguments.data)
    names = arguments.names or [name for name in BENCHMARKS if name not in _ONLY_BY_NAME]
    before = machine()
    loads = " ".join(str(load) for load in before["load_average"])
    print(f"{before['system']}, {before['cores']} cores, Python {before['python']}, load average {loads}\n", flush=True)
    found: list[Measurement] = []
    try:
        for name in names:
            for measurement in BENCHMARKS[name](options):
                found.append(measurement)
                spread = f"({shown(min(measurement.samples))}–{shown(max(measurement.samples))})"
                figure = f"{shown(measurement.median)} {measurement.unit} {spread}"
                print(f"{name}: {measurement.what}: {figure} {measurement.verdict}", flush=True)
    finally:
        # An interrupted run still shows what it found.
        if found:
            print(f"\n{table(found)}")
        if arguments.json is not None:
            document = {"machine": before, "scale": options.scale, "measurements": [each.as_json() for each in found]}
            arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
