"""SQLite and PostgreSQL answer filters exactly as the reference meaning does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import apsw
import msgspec
import psycopg
import pytest
from hypothesis import given, settings
from sqlalchemy import BigInteger, Column, Double, LargeBinary, MetaData, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from assay.filters.expression import And, Condition, Expression, Field, Not, Operator, Or, walk
from assay.filters.fields import DATASET_LOG_FIELDS
from assay.filters.match import matches
from assay.filters.parse import parse_filters
from assay.model.errors import Invalid
from assay.stores.sql.dialect import POSTGRESQL_FUNCTIONS, is_true, json_member, register_functions
from assay.stores.sql.filter_sql import FilterColumns, ScoreSource, compile_filter
from tests.filters.generation import expressions, random_rows

_tables = MetaData()
ITEM = Table(
    "item",
    _tables,
    *(Column(name, Text) for name in ("id", "source_log_id", "model")),
    *(Column(name, BigInteger) for name in ("prompt_tokens", "timestamp", "starred")),
    Column("cost", Double),
    Column("metadata", LargeBinary),
    Column("body", Text),
)
SCORE = Table(
    "score",
    _tables,
    *(Column(name, Text) for name in ("log_id", "evaluator_id", "evaluator_slug", "status")),
    *(Column(name, Text) for name in ("string_value", "categorical_value")),
    Column("boolean_value", BigInteger),
    Column("numerical_value", Double),
)
_COLUMNS = "id, source_log_id, model, prompt_tokens, timestamp, starred, cost"
_VALUES = ", ".join(f"%({name})s" for name in _COLUMNS.split(", "))
_SCORE_COLUMNS = (
    "log_id, evaluator_id, evaluator_slug, status, string_value, categorical_value, boolean_value, numerical_value"
)
_SCORE_VALUES = ", ".join(f"%({name})s" for name in _SCORE_COLUMNS.split(", "))
_PAYLOADS = ("input", "output", "expected_output")
_DIALECTS = {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": postgresql.psycopg.dialect()}
Execute = Callable[[str, Mapping[str, Any]], list[tuple[Any, ...]]]


def filter_columns(dialect_name: str) -> FilterColumns:
    names = ("id", "source_log_id", "model", "prompt_tokens", "timestamp", "starred", "cost")
    payloads = {name: json_member(ITEM.c.body, name, dialect_name) for name in (*_PAYLOADS, "metadata")}
    has_jsonb = dialect_name == "postgresql"
    return FilterColumns(
        columns={name: ITEM.c[name] for name in names},
        json={**payloads, "metadata": ITEM.c.metadata},
        json_text={"metadata": payloads["metadata"]} if has_jsonb else {},
        scores=ScoreSource(SCORE, SCORE.c.log_id == ITEM.c.id),
    )


class Store:
    """A real database holding rows, that can be asked which ids match."""

    def __init__(self, dialect_name: str, execute: Execute) -> None:
        self.dialect_name = dialect_name
        self.execute = execute

    def insert(self, row: Mapping[str, Any]) -> None:
        body = {name: row[name] for name in (*_PAYLOADS, "metadata") if name in row}
        self.insert_text(
            row,
            msgspec.json.encode(body).decode(),
            None if row.get("metadata") is None else msgspec.json.encode(row["metadata"]).decode(),
        )

    def insert_text(self, row: Mapping[str, Any], body: str, metadata: str | None) -> None:
        time, starred = row.get("timestamp"), row.get("starred")
        wrap = "jsonb(%(metadata)s)" if self.dialect_name == "sqlite" else "%(metadata)s::jsonb"
        self.run(
            f"INSERT INTO item ({_COLUMNS}, metadata, body) VALUES ({_VALUES}, {wrap}, %(body)s)",
            {
                **{name: row.get(name) for name in _COLUMNS.split(", ")},
                "timestamp": time and (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
                "starred": None if starred is None else int(starred),
                "metadata": metadata,
                "body": body,
            },
        )
        for (evaluator_id, slug), value in row.get("scores", {}).items():
            self.run(
                f"INSERT INTO score ({_SCORE_COLUMNS}) VALUES ({_SCORE_VALUES})",
                {
                    "log_id": row["id"],
                    "evaluator_id": evaluator_id,
                    "evaluator_slug": slug,
                    "status": "scored",
                    "string_value": value if isinstance(value, str) else None,
                    "categorical_value": msgspec.json.encode(value).decode() if isinstance(value, list) else None,
                    "boolean_value": int(value) if isinstance(value, bool) else None,
                    "numerical_value": value if type(value) is float else None,
                },
            )

    def run(self, text: str, values: Mapping[str, Any]) -> None:
        if self.dialect_name == "sqlite":
            for name in values:
                text = text.replace(f"%({name})s", f":{name}")
        self.execute(text, values)

    def ids(self, expression: Expression) -> list[str]:
        condition = compile_filter(expression, filter_columns(self.dialect_name), self.dialect_name)
        compiled = select(ITEM.c.id).where(condition).order_by(ITEM.c.id).compile(
            dialect=_DIALECTS[self.dialect_name], compile_kwargs={"render_postcompile": True}
        )  # fmt: skip
        return [row[0] for row in self.execute(str(compiled), compiled.params)]

    def filtered(self, filters: Any) -> list[str]:
        return self.ids(parse_filters(filters, DATASET_LOG_FIELDS))


def sqlite_store() -> Store:
    connection = apsw.Connection(":memory:")
    register_functions(connection)
    connection.execute(
        "CREATE TABLE item (id TEXT, source_log_id TEXT, model TEXT, prompt_tokens INTEGER, timestamp INTEGER,"
        " starred INTEGER, cost REAL, metadata BLOB, body TEXT);"
        "CREATE TABLE score (log_id TEXT, evaluator_id TEXT, evaluator_slug TEXT, status TEXT, string_value TEXT,"
        " categorical_value TEXT, boolean_value INTEGER, numerical_value REAL)"
    )
    return Store("sqlite", lambda text, values: list(connection.execute(text, dict(values))))


def postgresql_store(connection: psycopg.Connection[tuple[Any, ...]]) -> Store:
    connection.execute(
        "CREATE TEMP TABLE item (id TEXT, source_log_id TEXT, model TEXT, prompt_tokens BIGINT, timestamp BIGINT,"
        " starred BIGINT, cost DOUBLE PRECISION, metadata JSONB, body JSON);"
        "CREATE TEMP TABLE score (log_id TEXT, evaluator_id TEXT, evaluator_slug TEXT, status TEXT, string_value TEXT,"
        " categorical_value TEXT, boolean_value BIGINT, numerical_value DOUBLE PRECISION)"
    )

    def execute(text: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        cursor = connection.execute(text.encode(), values)
        return cursor.fetchall() if cursor.description else []

    return Store("postgresql", execute)


@pytest.fixture(scope="module")
def postgresql_connection(postgresql_url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA filter_test; SET search_path TO filter_test, public; {POSTGRESQL_FUNCTIONS}")
        yield connection
        connection.execute("DROP SCHEMA filter_test CASCADE")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        yield sqlite_store()
        return
    connection = request.getfixturevalue("postgresql_connection")
    yield postgresql_store(connection)
    connection.execute("DROP TABLE item, score")


ROWS = random_rows(seed=7, count=250)


def expected(expression: Expression, rows: list[dict[str, Any]]) -> list[str]:
    keyed = [{**row, "scores": {key: value for pair, value in row["scores"].items() for key in pair}} for row in rows]
    return [row["id"] for row in keyed if matches(expression, row)]


@pytest.fixture(scope="module")
def filled_sqlite() -> Store:
    store = sqlite_store()
    for row in ROWS:
        store.insert(row)
    return store


@pytest.fixture(scope="module")
def filled_postgresql(postgresql_url: str) -> Iterator[Store]:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA filled; SET search_path TO filled, public; {POSTGRESQL_FUNCTIONS}")
        store = postgresql_store(connection)
        for row in ROWS:
            store.insert(row)
        yield store
        connection.execute("DROP SCHEMA filled CASCADE")


def assert_agreement(store: Store, expression: Expression) -> None:
    """Compare every part of the filter, the smallest parts first, so that a failure names the guilty condition."""
    for part in reversed(list(walk(expression))):
        try:
            found = store.ids(part)
        except Invalid:
            # Only PostgreSQL refuses anything, and only patterns.
            assert store.dialect_name == "postgresql"
            assert any(isinstance(node, Condition) and node.operator is Operator.REGEX for node in walk(part))
            continue
        assert found == expected(part, ROWS), part


@settings(max_examples=400)
@given(expression=expressions())
def test_sqlite_finds_exactly_the_rows_that_match(filled_sqlite: Store, expression: Expression) -> None:
    assert_agreement(filled_sqlite, expression)


@pytest.mark.postgres
@settings(max_examples=300)
@given(expression=expressions())
def test_postgresql_finds_exactly_the_rows_that_match(filled_postgresql: Store, expression: Expression) -> None:
    assert_agreement(filled_postgresql, expression)


def test_a_literal_key_wins_over_the_nested_path_even_when_it_is_null(store: Store) -> None:
    store.insert({"id": "nested", "metadata": {"a": {"b": "x"}}})
    store.insert({"id": "literal", "metadata": {"a.b": "x", "a": {"b": "y"}}})
    store.insert({"id": "null", "metadata": {"a.b": None, "a": {"b": "x"}}})
    assert store.filtered({"metadata.a.b": "x"}) == ["literal", "nested"]


def test_numbers_are_equal_as_doubles_however_large(store: Store) -> None:
    for name, number in {"even": 2**53, "odd": 2**53 + 1, "next": 2**53 + 2}.items():
        store.insert({"id": name, "metadata": {"n": number}})
    assert store.filtered({"metadata.n": 2**53}) == ["even", "odd"]
    assert store.filtered({"metadata.n": [str(2**53 + 2), "x"]}) == ["next"]


def test_a_container_never_equals_its_own_text(store: Store) -> None:
    store.insert({"id": "array", "metadata": {"k": [1]}})
    store.insert({"id": "string", "metadata": {"k": "[1]"}})
    assert store.filtered({"metadata.k": "[1]"}) == ["string"]
    assert store.filtered({"metadata.k": ["x", "[1]"]}) == ["string"]
    assert store.filtered({"metadata.k": {"operator": "not", "value": "[1]"}}) == ["array"]


def test_case_is_ignored_as_re2_ignores_it(store: Store) -> None:
    for name, text in {"kelvin": "\u212a", "upper": "K", "long s": "\u017f", "other": "x"}.items():
        store.insert({"id": name, "model": text})
    assert store.filtered({"model": {"operator": "regex", "value": "(?i)k"}}) == ["kelvin", "upper"]
    assert store.filtered({"model": {"operator": "regex", "value": "(?i)[r-t]"}}) == ["long s"]
    assert store.filtered({"model": {"operator": "regex", "value": "(?i)[^ks]"}}) == ["other"]
    assert len(store.filtered({"model": {"operator": "regex", "value": r"(?i)^\w$"}})) == 4
    assert store.filtered({"model": {"operator": "regex", "value": r"^\W$"}}) == ["kelvin", "long s"]


def test_a_step_of_digits_indexes_arrays_and_names_keys(store: Store) -> None:
    store.insert({"id": "array", "input": [{"role": "user"}]})
    store.insert({"id": "object", "input": {"0": {"role": "user"}}})
    store.insert({"id": "short", "input": []})
    assert store.filtered({"input.0.role": "user"}) == ["array", "object"]
    assert store.filtered({"input.-1.role": "user"}) == []


def test_numbers_beyond_the_range_of_doubles_are_infinite_or_zero_and_never_an_error(store: Store) -> None:
    numbers = {"big": "1e400", "negative": "-1e400", "tiny": "1e-400", "long": "0." + "0" * 400 + "1", "zero": "0e999"}
    numbers["digits"] = "9" * 400
    for name, text in numbers.items():
        store.insert_text({"id": name}, f'{{"input":{{"n":{text}}}}}', None)
    assert store.filtered({"input.n": {"gt": 1e308}}) == ["big", "digits"]
    assert store.filtered({"input.n": {"lt": -1}}) == ["negative"]
    assert store.filtered({"input.n": 0}) == ["long", "tiny", "zero"]


def test_the_text_of_an_object_is_the_stored_text_in_its_own_order(store: Store) -> None:
    store.insert({"id": "x", "metadata": {"k": {"zz": [1, 2.5], "a": "é"}}, "input": {"zz": 1, "a": [True]}})
    assert store.filtered({"metadata.k": {"operator": "startswith", "value": '{"zz":[1,2.5],"a":"é"}'}}) == ["x"]
    assert store.filtered({"metadata": {"operator": "contains", "value": '{"k":{"zz":'}}) == ["x"]
    assert store.filtered({"input": {"operator": "regex", "value": r'^\{"zz":1,"a":\[true\]\}$'}}) == ["x"]


def test_a_payload_with_nul_characters_can_be_filtered(store: Store) -> None:
    store.insert({"id": "x", "input": {"k": "a\0b\0\0c", "other": "found"}, "output": "\\u0000",
                  "scores": {("e4", "labels"): ["\0", "yes"]}})  # fmt: skip
    assert store.filtered({"scores.labels": "yes"}) == ["x"]
    assert store.filtered({"input.other": "found"}) == ["x"]
    assert store.filtered({"input.k": {"operator": "startswith", "value": "a"}}) == ["x"]
    assert store.filtered({"input.k": {"operator": "endswith", "value": "c"}}) == ["x"]
    assert store.filtered({"output": "\\u0000"}) == ["x"]


def test_an_id_finds_the_row_and_the_copies_of_the_log(store: Store) -> None:
    store.insert({"id": "r1", "source_log_id": "log"})
    store.insert({"id": "r2"})
    store.insert({"id": "r3"})
    assert store.filtered({"id": ["log", "r3"]}) == ["r1", "r3"]
    assert store.filtered({"unique_id": {"operator": "not", "value": "log"}}) == ["r2", "r3"]


def test_scores_are_found_by_the_id_and_by_the_slug_of_the_evaluator(store: Store) -> None:
    store.insert({"id": "good", "scores": {("e1", "quality"): 0.9, ("e4", "labels"): ["rude", "long"]}})
    store.insert({"id": "bad", "scores": {("e1", "quality"): 0.2, ("e4", "labels"): []}})
    store.insert({"id": "unscored"})
    store.run("INSERT INTO score (log_id, evaluator_id, evaluator_slug, status, numerical_value)"
              " VALUES (%(id)s, 'e1', 'quality', 'failed', 0.9)", {"id": "unscored"})  # fmt: skip
    assert store.filtered({"scores.quality": {"gte": 0.5}}) == ["good"]
    assert store.filtered({"scores__e1": {"operator": "not", "value": [0.9]}}) == ["bad"]
    assert store.filtered({"scores__e4": "rude"}) == ["good"]
    assert store.filtered({"scores.labels": {"operator": "empty"}}) == ["bad", "unscored"]
    assert store.filtered({"scores.quality": {"operator": "isnull", "value": True}}) == ["unscored"]


def test_the_largest_filter_that_is_accepted_can_be_run(store: Store) -> None:
    store.insert({"id": "x", "metadata": {"k": {"y": "499"}}})
    conditions = [
        {"field": "metadata.k.y", "operator": "contains", "value": str(number), "connector": "OR"}
        for number in range(500)
    ]
    assert store.filtered(conditions) == ["x"]
    assert store.filtered({"model": {"operator": "not", "value": [str(n) for n in range(10_000)]}}) == ["x"]
    nested: dict[str, Any] = {"id": "x"}
    for _ in range(19):
        nested = {"group": {"connector": "OR", "filter_params": {"model": "y", **nested}}}
    assert store.filtered(nested) == ["x"]


def test_the_opposite_of_a_compiled_filter_can_be_asked_for(store: Store) -> None:
    store.insert({"id": "x", "metadata": {"k": "v"}})
    store.insert({"id": "y"})
    condition = compile_filter(
        parse_filters({"metadata.k": "v"}, DATASET_LOG_FIELDS), filter_columns(store.dialect_name), store.dialect_name
    )
    statement = select(ITEM.c.id).where(~is_true(condition)).compile(dialect=_DIALECTS[store.dialect_name])
    assert store.execute(str(statement), statement.params) == [("y",)]


def test_a_field_without_a_column_is_refused_by_name(store: Store) -> None:
    with pytest.raises(Invalid) as caught:
        store.ids(Condition(Field("metrics", ("cost",)), Operator.EQUAL, (1,)))
    assert caught.value.fields == {"filters.metrics.cost": ["This list cannot be filtered by this field."]}


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"\pL+", r"\p is not supported"),
        ("(?i)é", "letters beyond ASCII"),
        (r"a{300}", "a repetition is limited to 255"),
        (r"\Qa.b\E", r"\Q is not supported"),
    ],
)
def test_postgresql_refuses_a_pattern_it_cannot_search_for(pattern: str, reason: str) -> None:
    expression = parse_filters({"model": {"operator": "regex", "value": pattern}}, DATASET_LOG_FIELDS)
    compile_filter(expression, filter_columns("sqlite"), "sqlite")
    with pytest.raises(Invalid, match="PostgreSQL cannot search") as caught:
        compile_filter(expression, filter_columns("postgresql"), "postgresql")
    assert reason in caught.value.fields["filters.model"][0]


def test_equality_on_a_metadata_key_is_served_by_an_expression_index() -> None:
    store = sqlite_store()
    store.execute("CREATE INDEX item_tier ON item (metadata ->> '$.tier') WHERE metadata ->> '$.tier' IS NOT NULL", {})
    for value in ("gold", ["gold", "5"]):
        expression = parse_filters({"metadata.tier": value}, DATASET_LOG_FIELDS)
        condition = compile_filter(expression, filter_columns("sqlite"), "sqlite")
        statement = select(ITEM.c.id).where(condition).compile(dialect=_DIALECTS["sqlite"])
        plan = store.execute(f"EXPLAIN QUERY PLAN {statement}", statement.params)
        assert "USING INDEX item_tier" in plan[0][3]


def test_no_value_and_no_odd_key_is_ever_written_into_the_statement() -> None:
    evil = "x') OR 1=1 --"
    expression = And(
        (
            Condition(Field("model"), Operator.EQUAL, (evil,)),
            Not(Condition(Field("metadata", (evil, "a")), Operator.CONTAINS, (evil,))),
            Or((Condition(Field("scores", (evil,)), Operator.GT, (evil,)),)),
            Condition(Field("input", (evil,)), Operator.REGEX, ("x'\\) OR",)),
        )
    )
    for name, dialect in _DIALECTS.items():
        assert "OR 1=1" not in str(compile_filter(expression, filter_columns(name), name).compile(dialect=dialect))
