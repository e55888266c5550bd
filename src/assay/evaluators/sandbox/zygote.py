"""The process that user-written code is forked from: a fresh interpreter without privileges, files or network.

It is executed anew, with an empty environment and no descriptor but its control socket, and never sees what users
send: it forks, the child talks to the server itself, and is reaped. So nothing of one batch is there for the next.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import warnings
from typing import NoReturn

from assay.evaluators.sandbox import isolation, protocol, seccomp
from assay.evaluators.sandbox.child import Confinement, serve_batch
from assay.evaluators.sandbox.limits import Limits

# Once isolated no file can be opened: what is not loaded by then cannot be imported.
_PRELOADED = """
abc array ast base64 binascii bisect calendar cmath codecs collections collections.abc contextlib contextvars
copy copyreg csv dataclasses datetime decimal difflib email.message email.parser email.policy email.utils
encodings.ascii encodings.cp1252 encodings.idna encodings.latin_1 encodings.punycode encodings.unicode_escape
encodings.utf_16 encodings.utf_32 encodings.utf_8_sig enum errno fractions functools gettext graphlib hashlib
heapq hmac html html.entities html.parser inspect io ipaddress itertools json keyword linecache locale logging
math numbers operator os os.path pathlib pickle pprint queue quopri random re reprlib secrets select shlex
shutil signal socket stat statistics string stringprep struct subprocess tempfile textwrap threading time
timeit token tokenize tomllib traceback types typing unicodedata urllib.parse uuid warnings weakref
xml.dom.minidom xml.etree.ElementTree xml.sax.saxutils zlib zoneinfo _strptime
"""


def main() -> None:
    """Run the zygote; arguments: control descriptor, the server's process id, is_isolated and the limits as JSON."""
    descriptor, parent, is_isolated, limits = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    try:
        confinement = _prepare(int(parent), Limits(**json.loads(limits)), json.loads(is_isolated))
    except (isolation.NotIsolated, OSError) as error:
        control.sendall(str(error).encode())
        os._exit(1)
    control.sendall(protocol.READY)
    _serve(control, confinement)


def _prepare(parent: int, limits: Limits, is_isolated: bool) -> Confinement:
    library = ctypes.CDLL(None, use_errno=True)
    target = seccomp.architecture(os.uname().machine)
    if is_isolated:
        if target is None:
            raise isolation.NotIsolated(f"the sandbox knows no system calls of {os.uname().machine}")
        isolation.end_with_parent(library, parent)
    # Where the server was started from is nobody's business.
    os.chdir("/")
    for name in _PRELOADED.split():
        # Some builds of Python lack a module.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path.clear()
    warnings.simplefilter("ignore")
    address_space_bytes = _address_space_bytes()
    if is_isolated and target is not None:
        isolation.isolate(library, target, parent)
        filters = seccomp.program(target)
    else:
        filters = None
    # Children share these pages for as long as nobody writes to them, and a collection would.
    gc.collect()
    gc.freeze()
    return Confinement(library, filters, limits, address_space_bytes)


def _address_space_bytes() -> int | None:
    with contextlib.suppress(FileNotFoundError), open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
    return None


def _serve(control: socket.socket, confinement: Confinement) -> NoReturn:
    zygote, child = os.getpid(), 0
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if message == protocol.FORK:
            with contextlib.suppress(OSError):
                child = os.fork()
                if child == 0:
                    serve_batch(descriptors[0], zygote, confinement)
            os.close(descriptors[0])
            continue
        status = protocol.NO_CHILD
        if child:
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            child = 0
        if message != protocol.REAP:
            os._exit(0)
        control.sendall(protocol.STATUS.pack(status))
