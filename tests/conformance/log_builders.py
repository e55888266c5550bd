"""Short ways to say what the log tests record: drafts, random logs with their reference rows, random queries."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from hypothesis import strategies as st

from assay.assembly import open_stores
from assay.filters.expression import EVERYTHING, Condition, Expression, Field, Not, Operator
from assay.filters.log_query import LogQuery
from assay.filters.match import matches
from assay.filters.search import TextSearch, search_holds, words_in
from assay.model.access import Environment
from assay.model.ids import new_uuid
from assay.model.log import ATTRIBUTE_NAMES, LogAttributes, LogContent
from assay.model.page import PageRequest, Sort
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES, RequestLog, RequestLogDraft, SpanAttributes
from assay.model.score import Score
from assay.ports.store import Store, Stores
from assay.settings import Settings
from tests.conformance.builders import ALL, T0, values_of
from tests.filters.generation import NUMBERS, STRINGS, TIMES, expressions, random_rows

BY_ID = Sort("id")
BOTH: tuple[Environment, ...] = ("prod", "test")


# Stores ---------------------------------------------------------------------------------------------------------------


@contextmanager
def fresh_settings(kind: str, directory: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Name an empty place for stores of a kind: a directory, or a PostgreSQL database that is dropped in the end."""
    if kind == "sqlite":
        yield Settings(directory)
        return
    url, name = request.getfixturevalue("postgresql_url"), f"logs_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'".encode()
        )
        yield Settings(directory, database_url=url.replace("/postgres?", f"/{name}?"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def fresh_stores(kind: str, directory: Path, request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Open empty stores of a kind that nobody else writes to."""
    with fresh_settings(kind, directory, request) as settings:
        stores = open_stores(settings)
        try:
            yield stores
        finally:
            stores.close()


async def new_organization(stores: Stores) -> dict[Environment, Store]:
    """Return both environments of a new organisation."""
    organization = await stores.access.create_organization(str(uuid4()), "an organisation", T0)
    return {environment: stores.within(organization.id, environment) for environment in BOTH}


# Drafts ---------------------------------------------------------------------------------------------------------------


def encoded(value: Any) -> bytes:
    """Return compact JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def log_draft(
    value: Any = None,
    output: Any = ...,
    *,
    metadata: Any = None,
    details: Mapping[str, Any] | None = None,
    identity: bytes | None = None,
    **attributes: Any,
) -> RequestLogDraft:
    """Return a log whose input is `value`; other names are its attributes, those of spans among them."""
    span = {name: attributes.pop(name) for name in SPAN_ATTRIBUTE_NAMES if name in attributes}
    times = {name: attributes.pop(name, T0) for name in ("timestamp", "start_time")}
    return RequestLogDraft(
        LogAttributes(**times, **attributes),
        LogContent(
            input=encoded(value),
            output=None if output is ... else encoded(output),
            metadata=None if metadata is None else encoded(metadata),
        ),
        SpanAttributes(**span),
        None if details is None else encoded(details),
        input_preview=str(value)[:100],
        identity=identity,
    )


async def record(store: Store, drafts: Sequence[RequestLogDraft]) -> list[str]:
    """Record drafts and return their ids."""
    return [recorded.id for recorded in await store.request_logs.append(drafts)]


async def found(store: Store, query: LogQuery = LogQuery(), sort: Sort = BY_ID) -> list[RequestLog]:  # noqa: B008
    """Return all logs that a query means."""
    logs, has_more = await store.request_logs.page(query, sort, ALL)
    assert not has_more
    return list(logs)


async def found_ids(store: Store, query: LogQuery = LogQuery(), sort: Sort = BY_ID) -> list[str]:  # noqa: B008
    """Return the ids of all logs that a query means."""
    return [log.id for log in await found(store, query, sort)]


def where(name: str, *values: Any, operator: str = "equal") -> LogQuery:
    """Return the query for logs whose field or path (`metadata.plan`) has one of the values."""
    root, *path = name.split(".")
    return LogQuery(Condition(Field(root, tuple(path)), Operator(operator), values))


# Random logs ----------------------------------------------------------------------------------------------------------

_PAYLOADS = ("input", "output", "expected_output", "metadata")
_DETAILS = ("variables", "tools", "full_request", "warnings")
_TEXTS = (
    *("model", "custom_identifier", "error_message", "customer_identifier", "thread_identifier", "note"),
    *("span_parent_id", "customer_email", "log_method", "prompt_name"),
)
_ALWAYS_TEXTS = ("status", "log_type")
_WHOLE_NUMBERS = ("prompt_tokens", "completion_tokens", "total_request_tokens", "prompt_version_number")
_NUMBERS = ("cost", "latency", "time_to_first_token", "tokens_per_second")
_BOOLEANS = ("stream", "cache_hit", "has_tool_calls", "blurred", "is_pinned")


@dataclass(frozen=True, slots=True)
class Sample:
    """A log to be recorded into an environment, and the same as `filters.match.matches` takes it."""

    environment: Environment
    draft: RequestLogDraft
    row: Mapping[str, Any]
    scores: Mapping[tuple[str, str], Any] = field(default_factory=dict)


def _text(draw: random.Random, *values: str) -> str | None:
    return draw.choice((None, *values, *draw.sample(STRINGS, 3)))


def random_logs(seed: int, count: int) -> list[Sample]:
    """Make logs full of clashing times, missing values and odd strings."""
    draw = random.Random(seed)
    samples = []
    for base, other in zip(random_rows(seed, count), random_rows(seed + 1, count), strict=True):
        row: dict[str, Any] = {name: base[name] for name in _PAYLOADS if base.get(name, ...) is not ...}
        row.update((name, other[key]) for name, key in zip(_DETAILS[1:], _PAYLOADS, strict=False) if key in other)
        row["scores"] = {key: value for pair, value in base["scores"].items() for key in pair}
        row["variables"] = {key: value for pair, value in other["scores"].items() for key in pair}
        row.update((name, _text(draw, "s", "s1")) for name in _TEXTS)
        row.update((name, _text(draw, "success", "chat") or "success") for name in _ALWAYS_TEXTS)
        row.update((name, draw.choice((None, 0, 1, 5, -3, 2**53))) for name in _WHOLE_NUMBERS)
        row.update((name, draw.choice((None, 0.0, 0.1, 0.30000000000000004, 5.0, 1e22, -3.5))) for name in _NUMBERS)
        row.update((name, draw.random() < 0.5) for name in _BOOLEANS)
        row["positive_feedback"] = draw.choice((None, True, False))
        row["status_code"] = draw.choice((200, 429, 500))
        row["timestamp"], row["start_time"] = draw.choice(TIMES), draw.choice(TIMES)
        row["environment"] = draw.choice(BOTH)
        row["is_root_span"] = row["span_parent_id"] is None
        samples.append(Sample(row["environment"], _draft_of(row), row, base["scores"]))
    return samples


def _draft_of(row: Mapping[str, Any]) -> RequestLogDraft:
    payloads = {name: msgspec.json.encode(row[name]) for name in _PAYLOADS if name in row}
    if row.get("metadata") is None:
        payloads.pop("metadata", None)
    return RequestLogDraft(
        LogAttributes(**{name: row[name] for name in ATTRIBUTE_NAMES if name in row}),
        LogContent(**payloads),
        SpanAttributes(**{name: row[name] for name in SPAN_ATTRIBUTE_NAMES if name in row}),
        msgspec.json.encode({name: row[name] for name in _DETAILS if name in row}),
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """Random logs of one organisation in one store, with ids in the order of recording."""

    stores: Stores
    within: Mapping[Environment, Store] = field(repr=False)
    samples: Sequence[Sample] = field(repr=False)
    ids: Sequence[str] = field(repr=False)
    created: Sequence[datetime] = field(repr=False)

    @property
    def store(self) -> Store:
        """The store that stands in `prod`."""
        return self.within["prod"]

    def matching(self, query: LogQuery) -> list[int]:
        """Return the places of the logs that a query of `store` means, by the reference."""
        return [place for place, sample in enumerate(self.samples) if self._is_meant(sample, query)]

    def _is_meant(self, sample: Sample, query: LogQuery) -> bool:
        row = sample.row
        return (
            sample.environment in (query.environments or ("prod",))
            and (query.start is None or row["timestamp"] >= query.start)
            and (query.end is None or row["timestamp"] < query.end)
            and matches(query.expression, row)
            and (query.search is None or search_holds(query.search, row.get("input"), row.get("output")))
        )

    def in_order(self, places: Sequence[int], sort: Sort) -> list[str]:
        """Return the ids of these places as a list sorted by `sort` shows them."""
        name = "timestamp" if sort.field == "id" else sort.field

        def key(place: int) -> Any:
            value = self.created[place] if name == "created_at" else self.samples[place].row[name]
            return value.encode() if isinstance(value, str) else value

        there = [place for place in places if key(place) is not None]
        missing = [place for place in places if key(place) is None]
        ordered = sorted(there, key=lambda place: (key(place), place), reverse=sort.descending)
        return [self.ids[place] for place in ordered + sorted(missing, reverse=sort.descending)]


async def fill(stores: Stores, samples: Sequence[Sample]) -> Filled:
    """Record samples for a new organisation, each into its environment, in several appends."""
    within = await new_organization(stores)
    ids: list[str] = []
    start = 0
    while start < len(samples):
        end = start
        while end < len(samples) and end - start < 20 and samples[end].environment == samples[start].environment:
            end += 1
        ids += await record(within[samples[start].environment], [sample.draft for sample in samples[start:end]])
        start = end
    for place, sample in enumerate(samples):
        for pair, value in sample.scores.items():
            # It does not matter who says so.
            scorer = ("", "api")[place % 2]
            await within[sample.environment].scores.record(_score_of(ids[place], pair, value, scorer), "refuse")
    logs = await within["prod"].request_logs.find_many(ids)
    assert sorted(log.sequence for log in logs) == [log.sequence for log in logs], "later is not higher"
    return Filled(stores, within, samples, ids, [log.created_at for log in logs])


def _score_of(log_id: str, pair: tuple[str, str], value: Any, scorer: str) -> Score:
    evaluator_id, slug = pair
    return Score(
        id=new_uuid(),
        log_id=log_id,
        dataset_id=None,
        evaluator_id=evaluator_id,
        evaluator_slug=slug,
        evaluator_name=slug,
        evaluator_type="llm",
        score_value_type="json",
        status="scored",
        values=values_of(value),
        is_passed=None,
        created_at=T0,
        environment="prod",
        scorer=scorer,
    )


# Random queries -------------------------------------------------------------------------------------------------------

_ALIKE: dict[str, tuple[str, ...]] = {
    "model": (*_TEXTS, *_ALWAYS_TEXTS, "environment"),
    "source_log_id": ("custom_identifier", "customer_identifier", "span_parent_id"),
    "prompt_tokens": (*_WHOLE_NUMBERS, "status_code"),
    "cost": _NUMBERS,
    "timestamp": ("timestamp", "start_time"),
    "starred": ("positive_feedback", "is_root_span", *_BOOLEANS),
    "metadata": ("metadata", "metadata", "metadata", "tools"),
    "expected_output": ("expected_output", "full_request", "warnings"),
    # The keys of evaluators are keys of the variables of random logs too.
    "scores": ("scores", "scores", "variables"),
}


def about_logs(expression: Expression, draw: random.Random) -> Expression:
    """Return a filter of `tests.filters.generation` with its fields replaced by like ones of request logs."""
    if isinstance(expression, Condition):
        name = draw.choice(_ALIKE.get(expression.field.name, (expression.field.name,)))
        return replace(expression, field=Field(name, expression.field.path))
    if isinstance(expression, Not):
        return Not(about_logs(expression.child, draw))
    return type(expression)(tuple(about_logs(child, draw) for child in expression.children))


def log_expressions() -> st.SearchStrategy[Expression]:
    """Draw filters over the fields of request logs."""
    return st.builds(lambda drawn, seed: about_logs(drawn, random.Random(seed)), expressions(), st.integers(0, 2**32))


_WORDS = sorted({word for text in (*STRINGS, *map(str, NUMBERS)) for word in words_in(text)})
_words = st.lists(st.sampled_from((*_WORDS, "foo", "bar", "absent")), min_size=1, max_size=2).map(tuple)
_some_phrases = [tuple(words_in(text)) for text in ("foo bar", "bar baz", "Foo bar BAZ", "bar foo", "a b", "tab x")]
searches: st.SearchStrategy[TextSearch] = st.builds(
    TextSearch,
    _words | st.just(()),
    st.lists(st.sampled_from([*_some_phrases, ("a",)]), max_size=2).map(tuple),
)
_moments = st.none() | st.builds(
    lambda moment, microseconds: moment + timedelta(microseconds=microseconds),
    st.sampled_from(TIMES),
    st.sampled_from((0, 1)),
)
_environments: st.SearchStrategy[tuple[Environment, ...]] = st.sampled_from(((), ("prod",), ("test",), BOTH))


def queries(with_search: bool = True) -> st.SearchStrategy[LogQuery]:
    """Draw filters, windows, environments and searches together."""
    expression = st.just(EVERYTHING) | log_expressions()
    search = st.none() | searches if with_search else st.none()
    return st.builds(LogQuery, expression, _moments, _moments, _environments, search)


SORTED_BY = (
    *("id", "timestamp", "start_time", "created_at", "status_code", "model", "cost", "prompt_tokens"),
    *("status", "positive_feedback", "stream", "environment", "is_root_span", "custom_identifier"),
)
sorts: st.SearchStrategy[Sort] = st.builds(Sort, st.sampled_from(SORTED_BY), st.booleans())
pages: st.SearchStrategy[PageRequest] = st.builds(PageRequest, st.integers(1, 3), st.sampled_from((1, 7, 50)))
