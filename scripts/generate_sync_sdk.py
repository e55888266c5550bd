"""Write src/assay/sdk/_sync from src/assay/sdk/_async: run it after every change of the asynchronous client.

Works on Python's own tokens, so that nothing inside a literal is taken for code; ruff then puts the result in form.
`python scripts/generate_sync_sdk.py` writes, `--check` only tells whether the files are up to date.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

SDK = Path(__file__).resolve().parent.parent / "src" / "assay" / "sdk"
# How each side waits is the one thing they do not share.
WRITTEN_BY_HAND = frozenset({"__init__.py", "waiting.py"})
MARK = "# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/{name}: change it there.\n"
DROPPED = frozenset({"async", "await"})
RENAMED = {
    "_async": "_sync",
    "aclose": "close",
    "aclosing": "closing",
    "aread": "read",
    "aiter_bytes": "iter_bytes",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
}


def synchronous(source: str) -> str:
    """Return the synchronous form of an asynchronous module, not yet formatted."""
    lines = source.splitlines(keepends=True)
    pieces: list[str] = []
    row, column = 1, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        pieces.append(_between(lines, (row, column), token.start))
        text, (row, column) = token.string, token.end
        if token.type == tokenize.NAME and text in DROPPED:
            # The keyword goes together with the space behind it.
            column += len(lines[row - 1][column:]) - len(lines[row - 1][column:].lstrip(" "))
        elif token.type == tokenize.NAME:
            pieces.append(_name(text))
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            pieces.append(re.sub(r"\b(?:async|await) ", "", re.sub(r"\bAsync(?=[A-Z])", "", text)))
        else:
            pieces.append(text)
    return "".join(pieces)


def generated_files() -> dict[Path, str]:
    """Return every generated file's path and the text it should have."""
    files: dict[Path, str] = {}
    for path in sorted((SDK / "_async").glob("*.py")):
        if path.name not in WRITTEN_BY_HAND:
            text = MARK.format(name=path.name) + synchronous(path.read_text(encoding="utf-8"))
            files[SDK / "_sync" / path.name] = _formatted(text)
    return files


def _name(text: str) -> str:
    return RENAMED.get(text) or re.sub(r"^Async(?=[A-Z])", "", text)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from one (row, column) to another: blanks, and backslashes at line ends."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
    middle = "".join(lines[start[0] : end[0] - 1])
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return lines[start[0] - 1][start[1] :] + middle + last


def _formatted(text: str) -> str:
    """Sort imports, write loops that only yield as `yield from`, and lay out: by ruff, under rules fixed here."""
    common = ["--isolated", "--line-length=120", "--target-version=py311", "--stdin-filename=assay/sdk/x.py", "-"]
    rules = ["--select=I,UP028", "--config=lint.isort.known-first-party=['assay']"]
    for command in (
        ["check", "--quiet", "--fix", "--unsafe-fixes", "--exit-zero", *rules, *common],
        ["format", *common],
    ):
        ruff = [sys.executable, "-m", "ruff", *command]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return text


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that differ and return 1."""
    stale = [path for path, text in generated_files().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is not what scripts/generate_sync_sdk.py writes; run it.", file=sys.stderr)
        return 1 if stale else 0
    for path, text in generated_files().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
