"""Text search over request logs: an index of words up to a watermark, and a look at what came in since.

SQLite has the words of each log in an FTS5 table, without their places, and looks for phrases in the bodies of the logs
that have the words. PostgreSQL has them as a `tsvector` under a GIN index, beside the text cut into words for phrases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isqrt
from typing import Any
from typing import cast as typing_cast

import apsw
import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy import table as named_table
from sqlalchemy.dialects.postgresql import TSQUERY

from assay.filters.search import TextSearch, search_holds, searched_words, texts_in, words_in
from assay.stores.sql import compression, log_body
from assay.stores.sql.database import Connection, Database, Row, in_list, list_of
from assay.stores.sql.dialect import number_literal, text_literal
from assay.stores.sql.tables import request_log, request_log_body

# Logs that one transaction of the index takes in: it holds the writer for about ten milliseconds.
_SLICE = 256
_TAIL_BATCH = 500
# Bodies read at once, as they are stored, and texts held at once: a log may have 20 MB.
_MOST_BYTES = 8 * 1024 * 1024
# PostgreSQL takes 2^20 - 1 bytes of words a log. Beyond it the log has this one mark, which is no word of any text.
_MOST_WORD_BYTES = 1_000_000
_EVERYTHING = "*"

_index = named_table("request_log_text", column("rowid"), column("sequence"), column("words"), column("text", Text))


class _Payloads(msgspec.Struct):
    input: Any = None
    output: Any = None


_payloads = msgspec.json.Decoder(_Payloads)


def register(connection: apsw.Connection) -> None:
    """Teach a SQLite connection to look for phrases: `assay_has_phrases(body text, phrases as JSON)`."""
    connection.create_scalar_function("assay_has_phrases", typing_cast("Any", _has_phrases), 2, deterministic=True)


def _has_phrases(text: str, phrases: str) -> int:
    return int(search_holds(_phrases_of(phrases), *_searched(text)))


@lru_cache(maxsize=64)
def _phrases_of(text: str) -> TextSearch:
    phrases = msgspec.json.decode(text, type=list[tuple[str, ...]])
    return TextSearch((), tuple(phrases))


def _searched(text: bytes | str) -> tuple[Any, Any]:
    """Return the input and output of a joined body, decoded."""
    try:
        parts = _payloads.decode(text)
    except (msgspec.DecodeError, RecursionError):
        # Nested beyond what can be read: nothing to be found in it.
        return None, None
    return parts.input, parts.output


# Searching ------------------------------------------------------------------------------------------------------------


async def search_condition(
    database: Database, found: ColumnElement[bool], search: TextSearch, *, is_probed: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a line of `request_log` satisfies a text search.

    `found` is the rest of the query: of what is not in the index yet, the lines for which it holds are read now. Logs
    recorded from now on do not satisfy the condition. `is_probed`: it is asked of one line after another, by SQLite.
    """
    if not search.all_words:
        return true()
    watermark, newest = await database.read(_extent)
    tail: list[int] = []
    while newest > watermark:
        batch = await database.read(_TailBatch(found, search, watermark, newest))
        tail += batch.sequences
        newest = batch.rest
    if database.dialect_name == "sqlite":
        return _on_sqlite(search, watermark, tail, is_probed=is_probed)
    return _on_postgresql(search, watermark, tail)


async def is_better_probed(database: Database, search: TextSearch) -> bool:
    """Tell whether so many logs have the words that looking at the newest fills a page sooner than finding them all.

    A look at one log takes about fifty times as long as finding one among all: with n logs of which m have the words,
    a page of p takes p * n / m looks against m finds, which are equal where m is about 40 times the root of n.
    """
    if database.dialect_name != "sqlite" or not search.all_words:
        return False

    def work(connection: Connection) -> bool:
        most = 40 * isqrt(_extent(connection)[1]) + 1
        found = connection.rows(
            "SELECT count(*) FROM (SELECT rowid FROM request_log_text WHERE request_log_text MATCH :query LIMIT :most)",
            {"query": _fts5_query(search.all_words), "most": most},
        )
        return bool(found[0][0] >= most)

    return await database.read(work)


def _extent(connection: Connection) -> tuple[int, int]:
    """Return the last sequence in the index, and the last there is."""
    row = connection.rows("SELECT (SELECT watermark FROM text_index), (SELECT max(sequence) FROM request_log)")[0]
    return row[0], row[1] or 0


class _Found(msgspec.Struct):
    """Some sequences of a tail; `rest` is the last sequence that was not looked at."""

    sequences: list[int]
    rest: int


class _TailBatch:
    """Reads the newest lines that are not in the index and decides about each."""

    def __init__(self, found: ColumnElement[bool], search: TextSearch, watermark: int, newest: int) -> None:
        self._search, self._watermark = search, watermark
        body = request_log_body.alias("tail")
        # Through the bodies, in their order, so that no index on lines is walked from end to end instead.
        self._statement = (
            select(body.c.sequence)
            .where(
                body.c.sequence > number_literal(watermark),
                body.c.sequence <= number_literal(newest),
                exists().where(request_log.c.sequence == body.c.sequence, found).correlate(body),
            )
            .order_by(body.c.sequence.desc())
            .limit(_TAIL_BATCH)
        )

    def __call__(self, connection: Connection) -> _Found:
        name = connection.dialect_name
        lines = [row[0] for row in connection.rows(self._statement)]
        rest = lines[-1] - 1 if len(lines) == _TAIL_BATCH else self._watermark
        listed = f" FROM request_log_body b WHERE {in_list(name, 'b.sequence', 'sequences')} ORDER BY b.sequence DESC"
        sizes: Sequence[Row] = connection.rows(
            f"SELECT b.sequence, {log_body.STORED_SIZE[name]}" + listed, {"sequences": list_of(name, lines)}
        )
        sequences: list[int] = []
        while sizes:
            some, sizes = _fitting(sizes)
            rows = connection.rows(
                "SELECT b.sequence, b.codec, b.data" + listed, {"sequences": list_of(name, [row[0] for row in some])}
            )
            sequences += [
                sequence
                for sequence, codec, data in rows
                if search_holds(self._search, *_searched(compression.unpacked(codec, data)))
            ]
        return _Found(sequences, rest)


def _fitting(sizes: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """Split lines whose last column is a size (or None) behind those that can be read at once: at least the first."""
    total = 0
    for place, (*_, size) in enumerate(sizes):
        total += size or 0
        if place and total > _MOST_BYTES:
            return sizes[:place], sizes[place:]
    return sizes, []


def _on_sqlite(search: TextSearch, watermark: int, tail: Sequence[int], *, is_probed: bool) -> ColumnElement[bool]:
    match = column("request_log_text").op("MATCH", is_comparison=True)(text_literal(_fts5_query(search.all_words)))
    indexed: Any = select(_index.c.rowid).where(match, _index.c.rowid <= number_literal(watermark))
    listed = func.json_each(literal(msgspec.json.encode(tail).decode(), Text)).table_valued("value")
    if is_probed:
        probe = indexed.where(_index.c.rowid == request_log.c.sequence).correlate(request_log)
        has_words = or_(probe.exists(), request_log.c.sequence.in_(select(listed.c.value)))
    else:
        has_words = request_log.c.sequence.in_(indexed.union_all(select(listed.c.value)) if tail else indexed)
    if not search.phrases:
        return has_words
    text = func.body_text(request_log_body.c.codec, request_log_body.c.data)
    phrases = text_literal(msgspec.json.encode(search.phrases).decode())
    has_phrases = (
        select(func.assay_has_phrases(text, phrases))
        .where(request_log_body.c.sequence == request_log.c.sequence)
        .correlate(request_log)
        .scalar_subquery()
    )
    return and_(has_words, has_phrases == number_literal(1))


def _fts5_query(words: Sequence[str]) -> str:
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)


def _on_postgresql(search: TextSearch, watermark: int, tail: Sequence[int]) -> ColumnElement[bool]:
    def contained(words: Sequence[str]) -> ColumnElement[bool]:
        return func.strpos(_index.c.text, text_literal(_as_text(words))) > number_literal(0)

    words = " & ".join(map(_lexeme, search.all_words))
    has_words = _index.c.words.op("@@", is_comparison=True)
    indexed: Any = select(_index.c.sequence).where(
        # Where the mark stands for the words, the text has them.
        has_words(_query(f"({words}) | {_lexeme(_EVERYTHING)}")),
        or_(has_words(_query(words)), and_(true(), *(contained([word]) for word in search.all_words))),
        _index.c.sequence <= number_literal(watermark),
        *(contained(phrase) for phrase in search.phrases),
    )
    if tail:
        indexed = indexed.union_all(select(func.unnest(literal(list(tail), ARRAY(BigInteger)))))
    return request_log.c.sequence.in_(indexed)


def _query(text: str) -> ColumnElement[Any]:
    return cast(text_literal(text), TSQUERY)


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


# Indexing -------------------------------------------------------------------------------------------------------------


async def index_next(database: Database, most: int) -> bool:
    """Put the words of up to `most` logs into the index; True when more are left.

    Reading and cutting words is done before the short transactions that write them. When another process was faster,
    what it wrote stays and nothing is written twice.
    """
    left = most
    while left > 0:
        part = await database.read(_Slice(min(left, _SLICE)))
        if part is None:
            return False
        await database.write(part.write)
        left -= part.size
    return True


def backlog(connection: Connection) -> int:
    """Return how far the index is behind, counted in sequence numbers."""
    watermark, newest = _extent(connection)
    return newest - watermark


class _Slice:
    """Reads the next logs that are not in the index and cuts their texts into words."""

    def __init__(self, most: int) -> None:
        self._most = most

    def __call__(self, connection: Connection) -> _Cut | None:
        watermark = connection.rows("SELECT watermark FROM text_index")[0][0]
        following = (
            " FROM request_log l LEFT JOIN request_log_body b ON b.sequence = l.sequence"
            " WHERE l.sequence > :watermark ORDER BY l.sequence LIMIT :most"
        )
        limits = {"watermark": watermark, "most": self._most}
        sizes = connection.rows(f"SELECT {log_body.STORED_SIZE[connection.dialect_name]}" + following, limits)
        if not sizes:
            return None
        limits["most"] = len(_fitting(sizes)[0])
        cut = _words_for_sqlite if connection.dialect_name == "sqlite" else _words_for_postgresql
        lines: list[Row] = []
        count, last, held = 0, watermark, 0
        for sequence, codec, data in connection.rows("SELECT l.sequence, b.codec, b.data" + following, limits):
            line = None if data is None else cut(sequence, codec, data)
            count, last = count + 1, sequence
            if line is not None:
                lines.append(line)
                held += len(line[-1])
            if held > _MOST_BYTES:
                break
        return _Cut(watermark, last, count, lines)


class _Cut(msgspec.Struct):
    """The words of the logs from one sequence (exclusive) to another (inclusive)."""

    after: int
    last: int
    size: int
    lines: list[Row]

    def write(self, connection: Connection) -> None:
        """Insert the words of the logs that are still there, unless somebody else did."""
        if _lock_watermark(connection, "UPDATE") != self.after:
            return
        limits = {"after": self.after, "last": self.last}
        present = {
            sequence
            for (sequence,) in connection.rows(
                "SELECT sequence FROM request_log WHERE sequence > :after AND sequence <= :last", limits
            )
        }
        lines = [line for line in self.lines if line[0] in present]
        if lines:
            connection.insert_many(_INSERT[connection.dialect_name], lines)
        connection.run("UPDATE text_index SET watermark = :last WHERE watermark = :after", limits)


_INSERT = {
    "sqlite": "INSERT INTO request_log_text (rowid, words) VALUES (?, ?)",
    "postgresql": "INSERT INTO request_log_text (sequence, words, text)"
    " VALUES (?, array_to_tsvector(CAST(? AS text[])), ?)",
}


def _lock_watermark(connection: Connection, strength: str) -> int:
    """Return the watermark, and on PostgreSQL keep it from moving until the transaction ends."""
    suffix = f" FOR {strength}" if connection.dialect_name == "postgresql" else ""
    watermark: int = connection.rows(f"SELECT watermark FROM text_index{suffix}")[0][0]
    return watermark


def _words_for_sqlite(sequence: int, codec: int, data: Any) -> Row | None:
    values = _searched(compression.unpacked(codec, data))
    text = "\n".join(string for value in values for string in texts_in(value))
    # The index cuts plain ASCII into the same words, in C, unless one is too long.
    if not text.isascii() or _may_hold_long_word(text):
        text = " ".join(searched_words(*values))
    return (sequence, text) if text else None


def _may_hold_long_word(text: str) -> bool:
    # A word of more than 64 characters fills at least one aligned block of 32.
    return any(text[place : place + 32].isalnum() for place in range(0, len(text), 32))


def _words_for_postgresql(sequence: int, codec: int, data: Any) -> Row | None:
    strings = list(_cut_strings(*_searched(compression.unpacked(codec, data))))
    if not strings:
        return None
    words = sorted({word for string in strings for word in string})
    if sum(len(word.encode()) for word in words) > _MOST_WORD_BYTES:
        words = [_EVERYTHING]
    return (sequence, words, "\n".join(map(_as_text, strings)))


def _cut_strings(*values: Any) -> Iterator[list[str]]:
    for value in values:
        for text in texts_in(value):
            if words := words_in(text):
                yield words


def _as_text(words: Sequence[str]) -> str:
    """Return words as the index keeps them: each with a space before and behind it, no phrase crossing two strings."""
    return f" {' '.join(words)} "


# Forgetting -----------------------------------------------------------------------------------------------------------


def forget(connection: Connection, sequences: Sequence[int]) -> None:
    """Take logs out of the index, in the transaction that deletes them."""
    # Held: what is not in the index must not come into it between this transaction's look and its end.
    watermark = _lock_watermark(connection, "SHARE")
    indexed = [sequence for sequence in sequences if sequence <= watermark]
    if not indexed:
        return
    name = connection.dialect_name
    place = "rowid" if name == "sqlite" else "sequence"
    condition = in_list(name, place, "sequences")
    connection.run(f"DELETE FROM request_log_text WHERE {condition}", {"sequences": list_of(name, indexed)})
