"""The only place where SQLite and PostgreSQL differ in expressions: JSON, texts, lists, regular expressions.

Both are built from SQLAlchemy Core when the statement is made, not when it is compiled: a value bound during
compilation would be frozen into a cached statement. Every value is bound. The one exception is a JSON key that is a
plain identifier, which is written into the statement so that an index on `metadata ->> '$.key'` can serve it.

JSON documents are JSON text or JSONB on SQLite, `jsonb` or `json` on PostgreSQL, and must be valid.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import apsw
import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    and_,
    any_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSON

from assay.filters.literals import EXACT_INTEGER, JsonLiterals, plain_decimal
from assay.filters.match import compile_pattern, is_array_index
from assay.stores.sql.regular_expression import postgresql_pattern

Number = int | float
Predicate = ColumnElement[bool]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
# What an array index might be to PostgreSQL but is not to us: signs, spaces, leading zeros, too many digits.
_LOOKS_LIKE_INDEX = re.compile(r"\s*[+-]?\d+\s*")


def text_literal(value: str) -> ColumnElement[str]:
    """Bind a text."""
    return literal(value, Text)


def number_literal(value: Number) -> ColumnElement[Any]:
    """Bind a number as the integer or the double that it is."""
    return literal(value, BigInteger if isinstance(value, int) else Double)


class JsonValue(ABC):
    """The value at a path of a JSON document, in the forms that conditions need; SQL NULL where it has none."""

    present: Predicate
    """It is there and is not null."""
    string: ColumnElement[str]
    """The string that it is."""
    text: ColumnElement[str]
    """The string that it is, or the compact JSON text of the array or object that it is."""
    comparable_number: ColumnElement[float]
    """The number that it is, or that its string plainly spells."""
    is_empty: Predicate
    """It is there and is "", [] or {}."""
    label: ColumnElement[str]
    """The string, number (15 digits) or boolean that it is, as text."""

    @abstractmethod
    def equals(self, literals: JsonLiterals) -> Predicate:
        """It is a string, number or boolean that equals one of the literals."""


class SqlDialect(ABC):
    """How one database writes what the other writes differently."""

    @abstractmethod
    def in_texts(self, column: ColumnElement[str], values: Sequence[str]) -> Predicate:
        """The text is one of the values."""

    @abstractmethod
    def in_numbers(self, column: ColumnElement[Any], values: Sequence[Number]) -> Predicate:
        """The number is one of the values."""

    @abstractmethod
    def ordered(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """The text, to be compared by code points."""

    @abstractmethod
    def lower(self, text: ColumnElement[str]) -> ColumnElement[str]:
        """The text in Unicode lower case."""

    @abstractmethod
    def contains(self, text: ColumnElement[str], value: str) -> Predicate:
        """The value occurs in the text."""

    @abstractmethod
    def starts_with(self, text: ColumnElement[str], value: str) -> Predicate:
        """The text begins with the value."""

    @abstractmethod
    def ends_with(self, text: ColumnElement[str], value: str) -> Predicate:
        """The text ends with the value."""

    @abstractmethod
    def matches_pattern(self, text: ColumnElement[str], pattern: str) -> Predicate:
        """The RE2 pattern is found in the text; raises Untranslatable."""

    @abstractmethod
    def plain_decimal(self, text: ColumnElement[str]) -> ColumnElement[float]:
        """The number that the text plainly spells."""

    @abstractmethod
    def elements(self, array_text: ColumnElement[str]) -> FromClause:
        """The strings of a JSON array given as text, as a table with the one column `value`."""

    @abstractmethod
    def json_value(
        self, document: ColumnElement[Any], path: tuple[str, ...], json_text: ColumnElement[Any] | None
    ) -> JsonValue:
        """The value at the path. `json_text` is the document in `json` form, where `document` is `jsonb`."""


# SQLite ---------------------------------------------------------------------------------------------------------------


class _SqliteJsonValue(JsonValue):
    def __init__(self, document: ColumnElement[Any], path: tuple[str, ...]) -> None:
        self._kind, self._value = _sqlite_access(type_coerce(document, Text), path)
        self.present = self._value.is_not(None)
        self.text = case((func.typeof(self._value) == "text", self._value))
        self.string = case((self._kind == "text", self._value))
        self.comparable_number = case(
            (self._kind.in_((literal_column("'integer'"), literal_column("'real'"))), cast(self._value, Double)),
            (self._kind == "text", func.assay_plain_decimal(self._value, type_=Double())),
        )
        self.label = case(
            (self._kind == "text", self._value),
            (
                self._kind.in_((literal_column("'integer'"), literal_column("'real'"))),
                func.printf(literal_column("'%.15g'"), self._value, type_=Text()),
            ),
            (self._kind.in_((literal_column("'true'"), literal_column("'false'"))), self._kind),
        )
        self.is_empty = or_(
            self._value == literal_column("''"),
            and_(
                self._value.in_((literal_column("'[]'"), literal_column("'{}'"))),
                self._kind.in_((literal_column("'array'"), literal_column("'object'"))),
            ),
        )

    def equals(self, literals: JsonLiterals) -> Predicate:
        # ->> gives strings as text, numbers as numbers, booleans as 1 and 0 (which those two literals equal) and
        # containers as their text. SQLite compares integers exactly, so large ones must become doubles first.
        exact = [number for number in literals.numbers if abs(number) < EXACT_INTEGER]
        large = [number for number in literals.numbers if abs(number) >= EXACT_INTEGER]
        found = SQLITE.in_any(self._value, [*literals.texts, *exact])
        if any(text[:1] in ("[", "{") for text in literals.texts):
            found = and_(found, self._kind.not_in((literal_column("'array'"), literal_column("'object'"))))
        if large:
            is_number = self._kind.in_((literal_column("'integer'"), literal_column("'real'")))
            found = or_(found, and_(is_number, SQLITE.in_any(cast(self._value, Double), large)))
        booleans = [word for word in (True, False) if word in literals.booleans and int(word) not in exact]
        return or_(found, *(self._kind == ("true" if word else "false") for word in booleans))


def _sqlite_access(
    document: ColumnElement[Any], path: tuple[str, ...]
) -> tuple[ColumnElement[str], ColumnElement[Any]]:
    """Return the JSON type and the SQL value (`->>`) at a path."""
    simple = all(_is_simple_key(step) for step in path) and (len(path) != 1 or not is_array_index(path[0]))
    if not simple or any(is_array_index(step) for step in path):
        steps = literal(msgspec.json.encode(path).decode(), Text)
        found = func.assay_json_at(func.json(document), steps, type_=Text())
        return func.json_type(found, type_=Text()), found.op("->>", return_type=Text())(literal_column("'$'"))
    kind, value = _sqlite_lookup(document, _sqlite_path(path))
    if len(path) < 2:
        return kind, value
    kind_of_key, value_of_key = _sqlite_lookup(document, _sqlite_path((".".join(path),)))
    has_key = kind_of_key.is_not(None)
    return case((has_key, kind_of_key), else_=kind), case((has_key, value_of_key), else_=value)


def _sqlite_lookup(
    document: ColumnElement[Any], path: ColumnElement[str]
) -> tuple[ColumnElement[str], ColumnElement[Any]]:
    return func.json_type(document, path, type_=Text()), document.op("->>", return_type=Text())(path)


def _is_simple_key(step: str) -> bool:
    return bool(step) and not any(character in '"\\\x7f' or character < " " for character in step)


def _sqlite_path(path: tuple[str, ...]) -> ColumnElement[str]:
    if all(_IDENTIFIER.fullmatch(step) for step in path):
        return literal_column("'" + ".".join(("$", *path)) + "'")
    return text_literal("$" + "".join(f'."{step}"' for step in path))


class _Sqlite(SqlDialect):
    def in_any(self, column: ColumnElement[Any], values: Sequence[str | Number]) -> Predicate:
        """The value is one of some texts and numbers."""
        if not values:
            return false()
        if len(values) == 1:
            value = values[0]
            return column == (text_literal(value) if isinstance(value, str) else number_literal(value))
        # One bound list keeps the statement the same for any number of values.
        listed = func.json_each(literal(msgspec.json.encode(values).decode(), Text)).table_valued("value")
        return column.in_(listed.select())

    def in_texts(self, column: ColumnElement[str], values: Sequence[str]) -> Predicate:
        return self.in_any(column, values)

    def in_numbers(self, column: ColumnElement[Any], values: Sequence[Number]) -> Predicate:
        return self.in_any(column, values)

    def ordered(self, text: ColumnElement[str]) -> ColumnElement[str]:
        return text

    def lower(self, text: ColumnElement[str]) -> ColumnElement[str]:
        return func.assay_lower(text, type_=Text())

    def contains(self, text: ColumnElement[str], value: str) -> Predicate:
        return func.instr(text, text_literal(value), type_=Integer()) > literal_column("0")

    def starts_with(self, text: ColumnElement[str], value: str) -> Predicate:
        return func.instr(text, text_literal(value), type_=Integer()) == literal_column("1")

    def ends_with(self, text: ColumnElement[str], value: str) -> Predicate:
        # As bytes: on text, substr stops at U+0000. A UTF-8 suffix of bytes is a suffix of characters.
        encoded = value.encode()
        if not encoded:
            return self.starts_with(text, value)
        tail = func.substr(cast(text, LargeBinary), literal(-len(encoded), Integer), type_=LargeBinary())
        # substr of an empty blob is NULL.
        return case((text == literal_column("''"), false()), else_=tail == cast(text_literal(value), LargeBinary))

    def matches_pattern(self, text: ColumnElement[str], pattern: str) -> Predicate:
        return func.assay_regexp(text_literal(pattern), text) == literal_column("1")

    def plain_decimal(self, text: ColumnElement[str]) -> ColumnElement[float]:
        return func.assay_plain_decimal(text, type_=Double())

    def elements(self, array_text: ColumnElement[str]) -> FromClause:
        return func.json_each(array_text).table_valued("value")

    def json_value(
        self, document: ColumnElement[Any], path: tuple[str, ...], json_text: ColumnElement[Any] | None
    ) -> JsonValue:
        return _SqliteJsonValue(document, path)


def register_functions(connection: apsw.Connection) -> None:
    """Teach a SQLite connection the functions that filters use: Unicode lower case, RE2, plain decimals, odd paths."""
    functions: dict[str, tuple[Callable[..., str | float | None], int]] = {
        "assay_lower": (_lower, 1),
        "assay_regexp": (_regexp, 2),
        "assay_plain_decimal": (_plain_decimal, 1),
        "assay_json_at": (_json_at, 2),
    }
    for name, (function, argument_count) in functions.items():
        connection.create_scalar_function(name, function, argument_count, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _regexp(pattern: str, text: str | None) -> int | None:
    return None if text is None else int(compile_pattern(pattern).search(text) is not None)


def _plain_decimal(text: str | None) -> float | None:
    return None if text is None else plain_decimal(text)


_paths = msgspec.json.Decoder(list[str])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])


def _json_at(document: str | None, steps: str) -> str | None:
    """Return the JSON text at a path, read as `assay.filters.match.value_at` does, without decoding what it holds."""
    if document is None:
        return None
    path = _paths.decode(steps)
    if document.startswith("{"):
        key = ".".join(path)
        members = _object.decode(document)
        if key in members:
            return _text_of(members[key])
    for step in path:
        if document.startswith("{"):
            found = _object.decode(document).get(step)
        elif document.startswith("[") and is_array_index(step):
            items = _array.decode(document)
            found = items[int(step)] if int(step) < len(items) else None
        else:
            return None
        if found is None:
            return None
        document = _text_of(found)
    return document


def _text_of(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


# PostgreSQL -----------------------------------------------------------------------------------------------------------


class _PostgresqlJsonValue(JsonValue):
    def __init__(
        self, document: ColumnElement[Any], path: tuple[str, ...], json_text: ColumnElement[Any] | None
    ) -> None:
        document = type_coerce(document, Text)
        self._root, self._path, is_jsonb = document, path, json_text is not None
        value = _postgresql_access(document, path)
        self._kind: ColumnElement[str] = (
            func.jsonb_typeof(value, type_=Text()) if is_jsonb else func.json_typeof(value, type_=Text())
        )
        self._value: ColumnElement[str] = value.op("#>>", return_type=Text())(literal_column("'{}'"))
        # The text of a container must be the stored one; jsonb has forgotten it.
        source = value if json_text is None else _postgresql_access(type_coerce(json_text, Text), path)
        is_container = self._kind.in_((literal_column("'array'"), literal_column("'object'")))
        self.present = self._value.is_not(None)
        self.string = case((self._kind == literal_column("'string'"), self._value))
        self.text = case((self._kind == literal_column("'string'"), self._value), (is_container, cast(source, Text)))
        self.comparable_number = func.assay_comparable_number(self._kind, self._value, type_=Double())
        number: ColumnElement[float] = func.assay_json_number(self._kind, self._value, type_=Double())
        self.label = case(
            # Through a decimal with 15 digits, as the other database writes it.
            (
                self._kind == literal_column("'number'"),
                cast(func.assay_double(cast(cast(number, Numeric), Text), type_=Double()), Text),
            ),
            (not_(is_container), self._value),
        )
        self.is_empty = or_(
            self._value == literal_column("''"),
            and_(is_container, self._value.in_((literal_column("'[]'"), literal_column("'{}'")))),
        )

    def equals(self, literals: JsonLiterals) -> Predicate:
        words = ["true" if word else "false" for word in (True, False) if word in literals.booleans]
        is_plain = not literals.numbers and all(word in literals.texts for word in words)
        if is_plain and not any(text[:1] in ("[", "{") for text in literals.texts):
            # No number and no container has such a text, so the text alone decides, and an index on it can serve.
            return POSTGRESQL.in_texts(_postgresql_text(self._root, self._path), literals.texts)
        found = [and_(self._kind == literal_column("'string'"), POSTGRESQL.in_texts(self._value, literals.texts))]
        if literals.numbers:
            number: ColumnElement[float] = func.assay_json_number(self._kind, self._value, type_=Double())
            found.append(POSTGRESQL.in_numbers(number, literals.numbers))
        if words:
            found.append(and_(self._kind == literal_column("'boolean'"), POSTGRESQL.in_texts(self._value, words)))
        return or_(*found)


def _postgresql_key(key: str) -> ColumnElement[str]:
    return literal_column(f"'{key}'") if _IDENTIFIER.fullmatch(key) else text_literal(key)


def _postgresql_text(document: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[str]:
    """The value as text, in the form an index would have."""
    if len(path) == 1 and not _LOOKS_LIKE_INDEX.fullmatch(path[0]):
        return document.op("->>", return_type=Text())(_postgresql_key(path[0]))
    return _postgresql_access(document, path).op("#>>", return_type=Text())(literal_column("'{}'"))


def _postgresql_access(document: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[Any]:
    if not path:
        return document
    nested = _postgresql_nested(document, path)
    if len(path) < 2:
        return nested
    by_key = document.op("->")(_postgresql_key(".".join(path)))
    return case((by_key.is_not(None), by_key), else_=nested)


def _postgresql_nested(document: ColumnElement[Any], path: tuple[str, ...]) -> ColumnElement[Any]:
    if len(path) > 1 and not any(_LOOKS_LIKE_INDEX.fullmatch(step) and not is_array_index(step) for step in path):
        return document.op("#>")(literal(list(path), ARRAY(Text)))
    for step in path:
        # -> with a text never indexes an array, #> does.
        is_index = is_array_index(step)
        document = (
            document.op("#>")(literal([step], ARRAY(Text))) if is_index else document.op("->")(_postgresql_key(step))
        )
    return document


class _Postgresql(SqlDialect):
    def in_texts(self, column: ColumnElement[str], values: Sequence[str]) -> Predicate:
        if len(values) == 1:
            return column == text_literal(values[0])
        return column == any_(literal(list(values), ARRAY(Text))) if values else false()

    def in_numbers(self, column: ColumnElement[Any], values: Sequence[Number]) -> Predicate:
        if len(values) == 1:
            return column == number_literal(values[0])
        if all(isinstance(value, int) for value in values):
            return column == any_(literal(list(values), ARRAY(BigInteger))) if values else false()
        return column == any_(literal([float(value) for value in values], ARRAY(Double)))

    def ordered(self, text: ColumnElement[str]) -> ColumnElement[str]:
        return collate(text, "C")

    def lower(self, text: ColumnElement[str]) -> ColumnElement[str]:
        return func.lower(collate(text, "und-x-icu"), type_=Text())

    def contains(self, text: ColumnElement[str], value: str) -> Predicate:
        return func.strpos(text, text_literal(value), type_=Integer()) > literal_column("0")

    def starts_with(self, text: ColumnElement[str], value: str) -> Predicate:
        return func.starts_with(text, text_literal(value))

    def ends_with(self, text: ColumnElement[str], value: str) -> Predicate:
        return func.right(text, literal(len(value), Integer), type_=Text()) == text_literal(value)

    def matches_pattern(self, text: ColumnElement[str], pattern: str) -> Predicate:
        return collate(text, "C").op("~", is_comparison=True)(text_literal(postgresql_pattern(pattern)))

    def plain_decimal(self, text: ColumnElement[str]) -> ColumnElement[float]:
        return func.assay_comparable_number(literal_column("'string'"), text, type_=Double())

    def elements(self, array_text: ColumnElement[str]) -> FromClause:
        return func.json_array_elements_text(func.assay_readable_json(cast(array_text, JSON))).table_valued("value")

    def json_value(
        self, document: ColumnElement[Any], path: tuple[str, ...], json_text: ColumnElement[Any] | None
    ) -> JsonValue:
        return _PostgresqlJsonValue(document, path, json_text)


POSTGRESQL_FUNCTIONS = r"""
-- A json document with U+0000 replaced by U+FFFD: PostgreSQL refuses to look into one that has it.
CREATE FUNCTION assay_readable_json(document json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN strpos(document::text, '\u0000') = 0 THEN document
        ELSE regexp_replace(document::text, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g')::json
    END
$$;

-- The double nearest to a number of JSON; beyond the range of doubles it is an infinity or zero, never an error.
CREATE FUNCTION assay_double(number text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    parts text[];
    magnitude numeric;
BEGIN
    RETURN number::double precision;
EXCEPTION WHEN numeric_value_out_of_range THEN
    parts := regexp_match(number, '^(-?)0*([0-9]*)(?:[.](0*)([0-9]*))?(?:[eE]([+-]?[0-9]+))?$');
    magnitude := coalesce(nullif(parts[5], '')::numeric, 0)
        + CASE WHEN parts[2] <> '' THEN length(parts[2]) ELSE -length(coalesce(parts[3], '')) END;
    RETURN CASE WHEN magnitude < 0 THEN '0' WHEN parts[1] = '-' THEN '-Infinity' ELSE 'Infinity' END;
END
$$;

CREATE FUNCTION assay_json_number(kind text, value text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN kind <> 'number' THEN NULL
        WHEN length(value) <= 15 AND value ~ '^[-0-9.]+$' THEN value::double precision
        ELSE assay_double(value)
    END
$$;

-- What lt, lte, gt and gte compare with a number: a number, or a string that looks like a plain decimal.
CREATE FUNCTION assay_comparable_number(kind text, value text) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN kind = 'string' AND value ~ '^-?[0-9]{1,15}([.][0-9]{1,15})?$' THEN value::double precision
        ELSE assay_json_number(kind, value)
    END
$$;
"""
"""SQL that the first PostgreSQL migration runs; it holds no percent sign and no `:name`."""


SQLITE = _Sqlite()
POSTGRESQL = _Postgresql()
_DIALECTS: dict[str, SqlDialect] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def dialect_named(name: str) -> SqlDialect:
    """Return the dialect of a SQLAlchemy dialect name: `sqlite` or `postgresql`."""
    return _DIALECTS[name]


def json_member(document: ColumnElement[Any], key: str, dialect_name: str) -> ColumnElement[Any]:
    """Return one member of a JSON object as a document of its own, for `FilterColumns.json`.

    On SQLite the document is JSON text or JSONB, on PostgreSQL a `json` column, which is made readable first.
    """
    if dialect_name == "postgresql":
        return func.assay_readable_json(document, type_=Text()).op("->")(_postgresql_key(key))
    return type_coerce(document, Text).op("->")(_sqlite_path((key,)))


def is_true(condition: ColumnElement[bool]) -> Predicate:
    """Return the condition with unknown counted as false."""
    return condition.is_(true())
