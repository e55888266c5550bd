"""Writing what comes from the server into a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import IO

from assay.model.errors import Invalid
from assay.sdk._async.waiting import blocking

ByteProgress = Callable[[int, int | None], None]


async def save(
    parts: AsyncIterator[bytes], destination: str | PathLike[str] | IO[bytes], progress: ByteProgress | None = None
) -> int:
    """Write parts into a file as they come and return the number of bytes; `progress(bytes_written, None)`.

    A path is written beside its final name first, so that a broken download leaves no half file there. Raises Invalid
    for a path that cannot be written.
    """
    if not isinstance(destination, (str, PathLike)):
        return await _write(parts, destination, progress)
    path = Path(destination)
    partial = path.with_name(path.name + ".partial")
    try:
        file = await blocking(partial.open, "wb")
        try:
            with closing(file):
                size = await _write(parts, file, progress)
            await blocking(partial.replace, path)
        finally:
            await blocking(partial.unlink, missing_ok=True)
    except OSError as error:
        raise Invalid.field("file", f"{path} cannot be written: {error.strerror or error}.") from error
    return size


async def _write(parts: AsyncIterator[bytes], file: IO[bytes], progress: ByteProgress | None) -> int:
    written = 0
    async for part in parts:
        await blocking(file.write, part)
        written += len(part)
        if progress is not None:
            progress(written, None)
    return written
