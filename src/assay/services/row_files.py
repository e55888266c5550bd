"""Files of rows, read as they come in: JSONL, a JSON array, or CSV, in memory bounded by one batch."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assay.model.errors import Invalid
from assay.wire import codec
from assay.wire.unified_log import LARGEST_LOG_BYTES

FileFormat = Literal["jsonl", "json", "csv"]

_LARGEST_LINE_BYTES = LARGEST_LOG_BYTES + 1024 * 1024
_BATCH_BYTES = 512 * 1024

csv.field_size_limit(LARGEST_LOG_BYTES)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file that can be read by itself: whole records, and the line that the first one begins on."""

    text: bytes
    first_line: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file: its line, and its value or what is wrong with it."""

    line: int
    value: Any = None
    problem: str | None = None


async def pieces(chunks: AsyncIterator[bytes], file_format: FileFormat) -> AsyncIterator[Piece]:
    """Yield a JSONL or CSV stream in pieces of whole records, each about half a megabyte.

    Raises Invalid when one record alone is larger than a row may be.
    """
    cut = _after_last_line if file_format == "jsonl" else _after_last_csv_record
    buffer, line, wanted = bytearray(), 1, _BATCH_BYTES
    async for chunk in chunks:
        buffer += chunk
        if len(buffer) < wanted:
            continue
        end = cut(buffer)
        if end == 0:
            if len(buffer) > _LARGEST_LINE_BYTES:
                raise Invalid(f"Line {line} is longer than {LARGEST_LOG_BYTES // 1024**2} MB: no row may be.")
            # Look again when there is twice as much: a long record is not searched at every chunk.
            wanted = 2 * len(buffer)
            continue
        yield Piece(bytes(buffer[:end]), line)
        line += buffer.count(b"\n", 0, end)
        del buffer[:end]
        wanted = _BATCH_BYTES
    if buffer:
        yield Piece(bytes(buffer), line)


def _after_last_line(text: bytearray) -> int:
    return text.rfind(b"\n") + 1


def _after_last_csv_record(text: bytearray) -> int:
    """A line break ends a record when an even number of quotes stands before it (RFC 4180)."""
    end = text.rfind(b"\n") + 1
    quotes = text.count(b'"', 0, end)
    while end and quotes % 2:
        previous = text.rfind(b"\n", 0, end - 1) + 1
        quotes -= text.count(b'"', previous, end)
        end = previous
    return end


def read_jsonl(piece: Piece) -> Iterator[Record]:
    """Read the lines of a piece; blank ones are passed over."""
    for number, line in enumerate(piece.text.split(b"\n"), piece.first_line):
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if not text.strip():
            continue
        yield _record(number, text)


def _record(line: int, text: bytes) -> Record:
    if len(text) > _LARGEST_LINE_BYTES:
        return Record(line, problem=f"It is larger than {LARGEST_LOG_BYTES // 1024**2} MB.")
    try:
        return Record(line, codec.decode(text))
    except Invalid as error:
        return Record(line, problem=error.message)


class CsvReader:
    """Reads pieces of one CSV file (RFC 4180, UTF-8); the first record names the columns."""

    def __init__(self, delimiter: str = ",") -> None:
        self._delimiter = delimiter
        self._columns: list[str] | None = None

    def read(self, piece: Piece) -> Iterator[Record]:
        """Read the records of the next piece; raises Invalid when the header names a column twice or none."""
        try:
            text = piece.text.decode("utf-8-sig" if piece.first_line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise Invalid(f"The file is not UTF-8, from about line {piece.first_line} on ({error.reason}).") from None
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter, strict=True)
        while True:
            line = piece.first_line + reader.line_num
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Record(line, problem=f"It is not CSV: {error}.")
                continue
            if not cells:
                continue
            if self._columns is None:
                self._columns = _header(cells)
            else:
                yield self._row(line, cells, self._columns)

    def _row(self, line: int, cells: list[str], columns: list[str]) -> Record:
        if len(cells) != len(columns):
            return Record(line, problem=f"It has {len(cells)} cells, but the header names {len(columns)} columns.")
        try:
            return Record(line, {name: _cell(cell) for name, cell in zip(columns, cells, strict=True) if cell != ""})
        except Invalid as error:
            return Record(line, problem=error.message)


def _header(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if any(not name for name in names) or len(set(names)) != len(names):
        raise Invalid(f"The first line must name every column once, but it reads: {', '.join(names)[:300]}")
    return names


def _cell(text: str) -> Any:
    """A cell is text, unless it plainly holds a JSON object or array."""
    if "\x00" in text:
        raise Invalid("A cell holds the NUL character, which cannot be stored.")
    if text[:1] in "{[" and text[-1:] in "}]":
        try:
            return codec.decode(text.encode())
        except Invalid:
            return text
    return text


class JsonArrayReader:
    """Reads a JSON array of rows (or `{"logs": [...]}`), one element at a time, from text that comes in parts."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._line = 1
        self._is_open = False
        self._is_closed = False
        self._wanted = 1

    def feed(self, chunk: bytes, *, is_end: bool = False) -> Iterator[Record]:
        """Take the next part and yield the elements that are complete; raises Invalid when it is no JSON array."""
        try:
            self._text += self._decode.decode(chunk, is_end)
        except UnicodeDecodeError:
            raise Invalid(f"The file is not UTF-8, from about line {self._line} on.") from None
        if len(self._text) < self._wanted and not is_end:
            return
        place = 0
        while not self._is_closed:
            following = self._next(place, is_end=is_end)
            if following is None:
                break
            start, place = following
            if start >= 0:
                text = self._text[start:place]
                self._line += text.count("\n")
                yield _record(self._line - text.count("\n"), text.encode("utf-8", "surrogatepass"))
        self._text = self._text[place:]
        # An element that is not complete yet is not scanned again at every chunk.
        self._wanted = 2 * len(self._text) if self._text else 1
        if len(self._text) > _LARGEST_LINE_BYTES:
            raise Invalid(f"The element at line {self._line} is larger than {LARGEST_LOG_BYTES // 1024**2} MB.")
        if is_end and not self._is_closed:
            raise Invalid(f"The file ends at line {self._line} inside its JSON array.")

    def _skip(self, place: int, characters: str) -> int:
        while place < len(self._text) and self._text[place] in characters:
            self._line += self._text[place] == "\n"
            place += 1
        return place

    def _next(self, place: int, *, is_end: bool) -> tuple[int, int] | None:
        """Return start and end of the next element (start -1 for the opening); None when more text is needed."""
        place = self._skip(place, " \t\r\n")
        if not self._is_open:
            opening = self._text.find("[", place)
            head = self._text[place : opening if opening >= 0 else place + 200]
            if opening < 0 and not is_end and len(head) < 200 and head[:1] in ("", "{"):
                return None
            if opening < 0 or "".join(head.split()) not in ("", '{"logs":'):
                raise Invalid('The file must hold a JSON array of rows, or {"logs": [...]}.')
            self._is_open = True
            return -1, opening + 1
        place = self._skip(place, " \t\r\n,")
        if place >= len(self._text):
            return None
        if self._text[place] == "]":
            self._is_closed = True
            return -1, place + 1
        try:
            end = self._scan(self._text, place)[1]
        except (json.JSONDecodeError, RecursionError) as error:
            if isinstance(error, RecursionError):
                raise Invalid(f"The element at line {self._line} is nested too deeply.") from None
            # Truncated text and wrong text look alike until the end, or until no row could be this large.
            if not is_end:
                return None
            raise Invalid(f"The element at line {self._line} is not JSON: {error.msg}.") from None
        if end == len(self._text) and not is_end and self._text[place] not in '{["':
            return None  # A number could go on in the next part.
        return place, end
