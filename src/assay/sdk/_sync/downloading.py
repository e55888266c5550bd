# Written by scripts/generate_sync_sdk.py from assay/sdk/_async/downloading.py: change it there.
"""Writing what comes from the server into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import IO

from assay.model.errors import Invalid
from assay.sdk._sync.waiting import blocking

ByteProgress = Callable[[int, int | None], None]


def save(
    parts: Iterator[bytes], destination: str | PathLike[str] | IO[bytes], progress: ByteProgress | None = None
) -> int:
    """Write parts into a file as they come and return the number of bytes; `progress(bytes_written, None)`.

    A path is written beside its final name first, so that a broken download leaves no half file there. Raises Invalid
    for a path that cannot be written.
    """
    if not isinstance(destination, (str, PathLike)):
        return _write(parts, destination, progress)
    path = Path(destination)
    partial = path.with_name(path.name + ".partial")
    try:
        file = blocking(partial.open, "wb")
        try:
            with closing(file):
                size = _write(parts, file, progress)
            blocking(partial.replace, path)
        finally:
            blocking(partial.unlink, missing_ok=True)
    except OSError as error:
        raise Invalid.field("file", f"{path} cannot be written: {error.strerror or error}.") from error
    return size


def _write(parts: Iterator[bytes], file: IO[bytes], progress: ByteProgress | None) -> int:
    written = 0
    for part in parts:
        blocking(file.write, part)
        written += len(part)
        if progress is not None:
            progress(written, None)
    return written
