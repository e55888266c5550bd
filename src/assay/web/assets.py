"""The files of the UI: in memory, served below the hash of their content, so that a browser asks for each once."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from posixpath import dirname, join, normpath

from starlette.requests import Request
from starlette.responses import Response

STYLES = "styles.css"
APP = "app.js"
_FIRST_STYLES = ("styles/tokens.css", "styles/base.css")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_TEXT = frozenset((".css", ".js", ".json", ".svg"))
# Smaller files fit into the first packets as they are.
_SMALLEST_COMPRESSED_BYTES = 512
# Imports and re-exports that stand at the start of a line and name a neighbour.
_IMPORT = re.compile(
    r"""^[ \t]*(?:import|export)\b(?:[^"'();]*?\bfrom)?\s*["'](\.{1,2}/[^"']+)["']""",
    re.MULTILINE,
)
# Fetched later, on purpose.
LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, the same compressed where that is smaller, and its headers."""

    body: bytes
    compressed: bytes | None
    content_type: str
    tag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of one state of the UI, whose name is `content_hash`.

    `imports` says which modules each module imports, `later` which modules some module fetches only when it needs them.
    """

    content_hash: str
    files: dict[str, Asset]
    imports: dict[str, tuple[str, ...]]
    later: frozenset[str]

    def modules_of(self, *entries: str) -> list[str]:
        """Return the modules that these modules cannot run without, themselves first; what is not there is left out."""
        found = dict.fromkeys(entry for entry in entries if entry in self.files)
        waiting = list(found)
        for module in waiting:
            for imported in self.imports.get(module, ()):
                if imported in self.files and imported not in found:
                    found[imported] = None
                    waiting.append(imported)
        return list(found)


def load_assets(directory: Traversable | None = None) -> Assets:
    """Read the files of the UI, from the package unless a directory is given; all style sheets become `styles.css`."""
    directory = directory if directory is not None else resources.files("assay.web").joinpath("static")
    bodies = dict(sorted(_bodies(directory, "")))
    styles = [path for path in bodies if path.endswith(".css")]
    styles.sort(key=lambda path: (path not in _FIRST_STYLES, path != _FIRST_STYLES[0], path))
    bodies[STYLES] = b"\n".join(bodies.pop(path) for path in styles)
    whole = hashlib.sha256()
    for path, body in bodies.items():
        whole.update(f"{path}\0{len(body)}\0".encode() + body)
    scripts = {path: body.decode() for path, body in bodies.items() if path.endswith(".js")}
    return Assets(
        whole.hexdigest()[:16],
        {path: make_asset(path, body) for path, body in bodies.items()},
        {path: _named(path, _IMPORT, source) for path, source in scripts.items()},
        frozenset(name for path, source in scripts.items() for name in _named(path, LATER, source)),
    )


def _bodies(directory: Traversable, within: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in directory.iterdir():
        path = f"{within}{entry.name}"
        if entry.is_dir():
            found += _bodies(entry, f"{path}/")
        elif _suffix(path) in _TYPES:
            found.append((path, entry.read_bytes()))
    return found


def _suffix(path: str) -> str:
    return "." + path.rpartition(".")[2]


def _named(path: str, statement: re.Pattern[str], source: str) -> tuple[str, ...]:
    """Return the modules that statements of a source name, once each."""
    return tuple(dict.fromkeys(normpath(join(dirname(path), name)) for name in statement.findall(source)))


@cache
def make_asset(path: str, body: bytes) -> Asset:
    """Return a file as it is served; remembered, so that reloading costs only what has changed."""
    suffix, compressed = _suffix(path), None
    if suffix in _TEXT and len(body) >= _SMALLEST_COMPRESSED_BYTES:
        compressed = gzip.compress(body, compresslevel=9, mtime=0)
    return Asset(body, compressed, _TYPES[suffix], hashlib.sha256(body).hexdigest()[:16])


def answer_of(asset: Asset, request: Request, *, is_immutable: bool = True) -> Response:
    """Return a file as the browser wants it: compressed if it can, nothing but 304 if it has it."""
    is_compressed = asset.compressed is not None and _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{asset.tag}-gzip"' if is_compressed else f'"{asset.tag}"'
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if is_immutable else "no-cache",
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = asset.content_type
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed if is_compressed else asset.body, headers=headers)


def _takes_gzip(accept_encoding: str) -> bool:
    """Read an Accept-Encoding header (RFC 9110 section 12.5.3)."""
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.partition(";")
        if name.strip() in ("gzip", "*"):
            weight = parameters.strip().removeprefix("q=").strip()
            return weight not in ("0", "0.0", "0.00", "0.000")
    return False
