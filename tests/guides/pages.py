"""Reading a guide: its code blocks, and whether an answer that it shows is the answer that came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- not run: (\S.*?) -->\n$", re.DOTALL)
# What is new in every run: identifiers, keys, times, durations, and the address of the server.
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|\b[\w-]{8}\.[\w-]{32}\b"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?|http://127\.0\.0\.1:\d+"
    r"|\b\d+(?:\.\d+)? (?:s|ms|µs)(?!\w)|\b\d\d:\d\d:\d\d\b|\b\d\d-\d\d \d\d:\d\d\b"
)


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, where it stands, and why it is not run if it says so."""

    language: str
    text: str
    line: int
    reason: str | None


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in order."""
    source = page.read_text()
    for found in _FENCE.finditer(source):
        mark = _MARK.search(source, 0, found.start())
        reason = mark[1] if mark is not None and mark.end() == found.start() else None
        yield Block(found[1], found[2], source.count("\n", 0, found.start()) + 1, reason)


def steady(text: str) -> str:
    """Return text with everything that is new in every run replaced by one mark, and runs of spaces by one space."""
    return re.sub(r"[ \t]+", " ", _VARYING.sub("#", text)).strip()


def differences(shown: Any, real: Any, place: str = "the answer") -> Iterator[str]:
    """Yield where a shown JSON value is not the real one; keys of objects and ends of lists may be left out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            if key in real:
                yield from differences(value, real[key], f"{place}.{key}")
            else:
                yield f"{place} has no {key}"
    elif isinstance(shown, list) and isinstance(real, list):
        if len(shown) > len(real):
            yield f"{place} has {len(real)} items, not {len(shown)}"
        for number, (item, found) in enumerate(zip(shown, real, strict=False)):
            yield from differences(item, found, f"{place}[{number}]")
    elif type(shown) in (int, float) and type(real) in (int, float):
        if shown != real:
            yield f"{place} is {real!r}, not {shown!r}"
    elif steady(json.dumps(shown)) != steady(json.dumps(real)):
        yield f"{place} is {real!r}, not {shown!r}"


def missing_lines(shown: str, real: str) -> list[str]:
    """Return the shown lines that the real output lacks; a line of three dots stands for what was left out."""
    lines = {steady(line) for line in real.splitlines()}
    return [line for line in shown.splitlines() if line.strip() not in ("", "...") and steady(line) not in lines]
