"""The demo's own server: `assay serve` as a child process, with a key the demo knows."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from assay.model.errors import AssayError, Unavailable

START_SECONDS = 60.0
STOP_SECONDS = 15.0
HOST = "127.0.0.1"


@dataclass(frozen=True)
class DemoServer:
    """Where the child answers, with which key, the link that signs a browser in, and the process itself."""

    url: str
    api_key: str
    login_link: str
    process: subprocess.Popen[bytes]


@contextmanager
def running_server(data: Path, port: int | None) -> Iterator[DemoServer]:
    """Start `assay serve` over the data directory and stop it at the end.

    The key is made once and kept in `data/demo-api-key`, readable by its owner alone. Raises Unavailable, with the last
    line the server wrote, when it does not come up within a minute.
    """
    data.mkdir(parents=True, exist_ok=True)
    api_key = _key_in(data)
    chosen = port or _free_port()
    log = data / "demo-server.log"
    command = [sys.executable, "-m", "assay.cli.main", "serve", "--host", HOST, "--port", str(chosen)]
    command += ["--data", str(data)]
    # No setting from outside: with ASSAY_DATABASE_URL the demo would write into somebody's database.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    environment["ASSAY_API_KEY"] = api_key
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 our own program
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    previous = signal.signal(signal.SIGTERM, _leave)
    try:
        url = f"http://{HOST}:{chosen}"
        _wait_until_up(url, process, log)
        yield DemoServer(url, api_key, _login_link(url, log), process)
    finally:
        signal.signal(signal.SIGTERM, previous)
        _stop(process)


def _leave(_signal: int, _frame: object) -> NoReturn:
    """End by an exception, so that the child is stopped on the way out."""
    raise SystemExit(143)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    from assay.sdk import Client

    deadline = time.monotonic() + START_SECONDS
    with Client(base_url=url, timeout_seconds=5.0, maximum_retries=0) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise Unavailable(f"the server stopped with code {process.returncode}: {_last_word(log)}")
            try:
                client.health()
                return
            except AssayError:
                time.sleep(0.1)
    raise Unavailable(f"the server did not answer at {url} within {START_SECONDS:.0f} s: {_last_word(log)}")


def _login_link(url: str, log: Path) -> str:
    """Return the one-time link that the server printed; without it, the page that asks for the key."""
    printed = re.search(rf"{re.escape(url)}/ui/login#\S+", log.read_text("utf-8", "replace"))
    return printed[0] if printed else f"{url}/ui/login"


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _key_in(data: Path) -> str:
    path = data / "demo-api-key"
    if path.is_file():
        return path.read_text(encoding="ascii").strip()
    key = f"{secrets.token_hex(4)}.{secrets.token_hex(24)}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _last_word(log: Path) -> str:
    """Return the last line the server wrote, and where the others are."""
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return f"{lines[-1]} (all of it in {log})" if lines else f"it wrote nothing to {log}"
