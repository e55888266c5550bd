"""A throw-away PostgreSQL server for tests: its own cluster in a temporary directory, reached by a Unix socket.

Import the fixture in a conftest.py: `from tests.postgresql import postgresql_url`. Each pytest-xdist worker has a
server of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

# A test database needs no durability, and little memory.
_SETTINGS = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=32MB",
    "max_connections=80", "autovacuum=off",
)  # fmt: skip


def find_program(name: str) -> str | None:
    """Return the path of a PostgreSQL server program, of the newest version installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True)
    return shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ.get("PATH", ""), "/usr/bin"]))


def _unprivileged_user() -> str | None:
    """Return who must run the server: nobody but root needs another user, since PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise RuntimeError("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody.")


def _run(command: Sequence[str], user: str | None) -> None:
    if user is not None:
        command = ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups", *command]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{finished.stdout}{finished.stderr}")


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and give the URL of its database `postgres`; stop it and remove everything at the end."""
    user = _unprivileged_user()
    initdb, pg_ctl = find_program("initdb"), find_program("pg_ctl")
    if initdb is None or pg_ctl is None:
        raise FileNotFoundError("the PostgreSQL server programs initdb and pg_ctl")
    # Straight under /tmp: the path of a Unix socket must stay below 107 bytes.
    directory = Path(tempfile.mkdtemp(prefix="assay-pg-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(directory, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        data = str(directory / "data")
        _run([initdb, "--pgdata", data, "--username=assay", "--auth=trust", "--encoding=UTF8", "--no-locale"], user)
        options = " ".join([f"-k {directory}", *(f"-c {setting}" for setting in _SETTINGS)])
        log = str(directory / "log")
        _run([pg_ctl, "start", "--wait", "--pgdata", data, "--options", options, "--log", log], user)
        try:
            yield f"postgresql://assay@/postgres?host={directory}"
        finally:
            _run([pg_ctl, "stop", "--wait", "--pgdata", data, "--mode=immediate"], user)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


_url = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def postgresql_url(pytestconfig: pytest.Config) -> str:
    """The URL of a PostgreSQL server's database, one server for all tests of this process."""
    if find_program("initdb") is None and not os.environ.get("CI"):
        pytest.skip("the PostgreSQL server programs are not installed")
    # Several conftest files import this fixture, and each would start a server of its own.
    if _url not in pytestconfig.stash:
        server = ExitStack()
        pytestconfig.stash[_url] = server.enter_context(running_server())
        pytestconfig.add_cleanup(server.close)
    return pytestconfig.stash[_url]
