"""Taking request logs into datasets: what a body asks for, as a recipe that gives the same logs when it is repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assay.filters import expression as tree
from assay.filters.expression import EVERYTHING, And, Condition, Expression, Operator
from assay.filters.fields import REQUEST_LOG_FIELDS, TRACE_FIELDS, FieldSet
from assay.filters.literals import as_number
from assay.filters.log_query import LogQuery
from assay.filters.parse import MAX_VALUES, parse_filters
from assay.filters.search import TextSearch
from assay.filters.search_query import parse_search
from assay.model.access import Environment
from assay.model.errors import Invalid
from assay.model.sampling import Granularity, Sampling, SamplingMethod
from assay.wire.problems import REQUIRED
from assay.wire.times import read_time

_SIMILAR = 0.9
# JSON numbers up to here are exact in every language.
_LARGEST_SEED = 2**53 - 1
_INSTANT = timedelta(microseconds=1)
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
_SIZES = ("sampling", "sampling_percentage", "sampling_count")


class LogSelection(BaseModel):
    """Which request logs are taken: a window, filters, a text search; and how many of those that match."""

    start_time: Any = Field(default=None, description="Take logs from this time on.")
    end_time: Any = Field(default=None, description="Take logs up to this time, it included.")
    initial_log_filters: Any = Field(default=None, description="Conditions on the logs: see the filter language.")
    filters: Any = Field(default=None, description="Another name of initial_log_filters.")
    operator: Any = Field(default=None, description="AND (default) or OR between the filters.")
    search: str | None = Field(default=None, description='Words in input or output: `"gift card" refund`.')
    environments: list[Literal["prod", "test"]] | None = Field(default=None, description="Default: the key's own.")
    granularity: Literal["logs", "traces", "threads"] | None = None
    sampling: Any = Field(default=None, description="1 to 100: percent; between 0 and 1: a fraction; above: a number.")
    sampling_percentage: Any = Field(default=None, description="Over 0 to 100, rounded up to whole logs.")
    sampling_count: Any = Field(default=None, description="How many logs at most.")
    sampling_method: SamplingMethod | None = Field(default=None, description="Default: random.")
    seed: Any = Field(default=None, description="The same seed takes the same logs. Default: made from the dataset's.")
    stratify_by: str | None = Field(default=None, description="A field, or a path such as metadata.plan.")
    stratify_allocation: Literal["proportional", "equal"] | None = None
    deduplicate: Any = Field(default=None, description="Pass over inputs as similar as this; true means 0.9.")
    output_as_expected: bool = Field(
        default=False, description="Keep the output as expected_output too, where a log has none of its own."
    )
    copy_metadata: bool = Field(default=True, description="False: rows have no metadata of their logs.")
    dry_run: bool = Field(default=False, description="Only say what would be taken.")


class LogImport(LogSelection):
    """The body that adds request logs to a dataset."""

    log_ids: list[str] | None = Field(default=None, description="Add these logs, instead of a window and filters.")


class BulkAdd(LogImport):
    """Rows to add, 1 to 500 of them; or request logs, by a window and filters or by their ids."""

    model_config = ConfigDict(extra="allow")

    logs: Any = Field(default=None, description="1 to 500 rows in the unified log format.")

    @property
    def names_logs(self) -> bool:
        """Whether this says anything about request logs."""
        return not self.model_fields_set.isdisjoint(LogImport.model_fields)


@dataclass(frozen=True, slots=True)
class LogRecipe:
    """Which logs are taken, and what of them. `written` are the fields of a body that asks for the same logs again."""

    query: LogQuery
    granularity: Granularity
    sampling: Sampling
    written: Mapping[str, Any]
    is_output_expected: bool = False
    has_metadata: bool = True

    @property
    def failures(self) -> LogQuery:
        """The query narrowed to what failures-first takes first."""
        failed = Condition(tree.Field("status"), Operator.NOT, ("success",))
        if self.granularity == "traces":
            failed = Condition(tree.Field("error_count"), Operator.GT, (0,))
        query = self.query
        return LogQuery(_both(query.expression, failed), query.start, query.end, query.environments, query.search)


def seed_of(dataset_id: str) -> int:
    """Return the seed that a dataset gives its samplings unless they name one."""
    return int.from_bytes(hashlib.sha256(dataset_id.encode()).digest()[:4], "big")


def read_granularity(value: str | None) -> Granularity | None:
    """Return what a row is made of; raises Invalid for threads."""
    if value == "threads":
        raise Invalid.field("granularity", "Rows are logs or traces: a row cannot be made of a thread.")
    return "traces" if value == "traces" else "logs" if value == "logs" else None


def read_selection(body: LogSelection, granularity: Granularity, seed: int, environment: Environment) -> LogRecipe:
    """Return which logs a body asks for; `seed` and `environment` hold where it names none.

    Raises Invalid that names the field: for a missing window where no ids are picked, for a sampling that takes
    nothing or contradicts itself, and for filters that cannot be read.
    """
    fields = TRACE_FIELDS if granularity == "traces" else REQUEST_LOG_FIELDS
    name, filters = _filters(body)
    expression = _parsed(name, filters, body.operator, fields)
    start, end = _window(body, needs_both=not _picks_ids(expression, fields))
    search, condition = _search(body.search, granularity)
    sampling = _sampling(body, fields, seed)
    environments = tuple(dict.fromkeys(body.environments or (environment,)))
    query = LogQuery(
        _both(expression, condition),
        start,
        _just_after(end),
        environments,
        search,
    )
    written = {
        "start_time": start,
        "end_time": end,
        "initial_log_filters": filters or {},
        "operator": body.operator or None,
        "search": body.search or None,
        "environments": environments,
        "granularity": granularity,
        "sampling_method": sampling.method,
        "sampling_percentage": sampling.percent if sampling.count is None else None,
        "sampling_count": sampling.count,
        "seed": sampling.seed,
        "stratify_by": sampling.stratify_by,
        "stratify_allocation": sampling.allocation if sampling.stratify_by else None,
        "deduplicate": sampling.similarity,
    }
    # Only where they say something: recipes were stored before there were these.
    shaping = {
        **({"output_as_expected": True} if body.output_as_expected else {}),
        **({} if body.copy_metadata else {"copy_metadata": False}),
    }
    return LogRecipe(query, granularity, sampling, {**written, **shaping}, body.output_as_expected, body.copy_metadata)


def read_import(body: LogImport, granularity: Granularity, seed: int, environment: Environment) -> LogRecipe:
    """Return which logs an addition to a dataset asks for; raises Invalid as `read_selection`."""
    wanted = read_granularity(body.granularity)
    if wanted is not None and wanted != granularity:
        raise Invalid.field("granularity", f"The rows of this dataset are made of {granularity}, not of {wanted}.")
    if body.log_ids is None:
        return read_selection(body, granularity, seed, environment)
    if not 1 <= len(body.log_ids) <= MAX_VALUES:
        raise Invalid.field("log_ids", f"Send 1 to {MAX_VALUES:,} ids at once, not {len(body.log_ids):,}.")
    picked = {"id": {"operator": "in", "value": body.log_ids}}
    return read_selection(
        LogSelection(
            filters=picked,
            environments=body.environments,
            output_as_expected=body.output_as_expected,
            copy_metadata=body.copy_metadata,
            dry_run=body.dry_run,
        ),
        granularity,
        seed,
        environment,
    )


def _filters(body: LogSelection) -> tuple[str, Any]:
    name = "filters" if body.initial_log_filters is None and body.filters is not None else "initial_log_filters"
    filters = getattr(body, name)
    if not isinstance(filters, dict | list | None):
        raise Invalid.field(name, f"Expected an object or a list of conditions, but got {type(filters).__name__}.")
    return name, filters


def _parsed(name: str, filters: Any, operator: Any, fields: FieldSet) -> Expression:
    try:
        return parse_filters(filters, fields, operator=operator)
    except Invalid as error:
        # The parser calls them filters, whatever the body does.
        renamed = {
            name + field.removeprefix("filters") if field.startswith("filters") else field: messages
            for field, messages in error.fields.items()
        }
        raise Invalid(error.message, renamed) from None


def _both(one: Expression, other: Expression) -> Expression:
    parts = [part for part in (one, other) if part != EVERYTHING]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _picks_ids(expression: Expression, fields: FieldSet) -> bool:
    """Tell whether only logs of certain ids can match."""
    parts = expression.children if isinstance(expression, And) else (expression,)
    return any(
        isinstance(part, Condition) and part.operator is Operator.EQUAL and part.field == fields.resolve("id")
        for part in parts
    )


def _window(body: LogSelection, *, needs_both: bool) -> tuple[datetime | None, datetime | None]:
    times = {name: read_time(getattr(body, name), name) for name in ("start_time", "end_time")}
    missing = [name for name, time in times.items() if time is None]
    if needs_both and missing:
        raise Invalid(fields={name: [REQUIRED] for name in missing})
    start, end = times["start_time"], times["end_time"]
    if start is not None and end is not None and end <= start:
        raise Invalid.field("end_time", "end_time must be after start_time")
    return start, end


def _just_after(end: datetime | None) -> datetime | None:
    """Return the end that a query leaves out: a log exactly at the end asked for belongs to an import."""
    return None if end is None or end > _LAST_INSTANT - _INSTANT else end + _INSTANT


def _search(text: str | None, granularity: Granularity) -> tuple[TextSearch | None, Expression]:
    if not text or not text.strip():
        return None, EVERYTHING
    if granularity == "traces":
        raise Invalid.field("search", "A search looks into logs, not into traces: use filters.")
    return parse_search(text, REQUEST_LOG_FIELDS)


def _sampling(body: LogSelection, fields: FieldSet, seed: int) -> Sampling:
    percent, count = _size(body)
    stratify_by = _stratum_field(body.stratify_by, fields)
    method = body.sampling_method or ("stratified" if stratify_by else "random")
    if method == "stratified" and stratify_by is None:
        raise Invalid.field("stratify_by", "Say by which field, such as model or metadata.plan.")
    if method != "stratified" and stratify_by is not None:
        raise Invalid.field("stratify_by", f"The sampling method {method} has no strata: leave this out.")
    if body.stratify_allocation and stratify_by is None:
        raise Invalid.field("stratify_allocation", "This says how strata share the sample: name stratify_by too.")
    return Sampling(
        method=method,
        percent=percent,
        count=count,
        seed=seed if body.seed is None else _whole(body.seed, "seed", 0, _LARGEST_SEED),
        stratify_by=stratify_by,
        allocation=body.stratify_allocation or "proportional",
        similarity=_similarity(body.deduplicate),
    )


def _size(body: LogSelection) -> tuple[float | None, int | None]:
    """Return percent or count of what matches; everything is 100 percent."""
    given = [name for name in _SIZES if getattr(body, name) is not None]
    if len(given) > 1:
        raise Invalid.field(given[1], f"Say how many by one of {', '.join(_SIZES)}; here is {given[0]} as well.")
    name = given[0] if given else "sampling_percentage"
    value = getattr(body, name) if given else 100
    if name == "sampling_count":
        return None, _whole(value, name, 1, 10**12)
    number = _number(value)
    if number == 0:
        raise Invalid.field(name, f"0 takes no logs; to start without rows send is_empty: true. {_MEANT[name]}")
    if number is None or number < 0:
        raise Invalid.field(name, f"{_MEANT[name]} It is {_shown(value)}.")
    if number <= 100:
        return (_times_100(number) if name == "sampling" and number < 1 else float(number)), None
    if name == "sampling_percentage" or not float(number).is_integer():
        raise Invalid.field(name, f"{_MEANT[name]} It is {_shown(value)}.")
    return None, int(number)


_MEANT = {
    "sampling": "Expected a percentage from 1 to 100, a fraction between 0 and 1, or a whole number of logs above 100.",
    "sampling_percentage": "Expected a percentage over 0 to 100.",
}


def _times_100(fraction: float) -> float:
    """Move the decimal point: 0.07 is 7 percent, which the product of doubles is not."""
    return float(Decimal(repr(fraction)).scaleb(2))


def _number(value: Any) -> int | float | None:
    return None if isinstance(value, bool) or not isinstance(value, str | int | float) else as_number(value)


def _whole(value: Any, name: str, least: int, most: int) -> int:
    number = _number(value)
    if number is None or not float(number).is_integer() or not least <= number <= most:
        raise Invalid.field(name, f"A whole number from {least} to {most} is required, not {_shown(value)}.")
    return int(number)


def _similarity(value: Any) -> float | None:
    if value is None or value is False:
        return None
    number = _SIMILAR if value is True else _number(value)
    if number is None or not 0 < number <= 1:
        raise Invalid.field("deduplicate", f"Expected true, or a similarity over 0 to 1, not {_shown(value)}.")
    return float(number)


def _stratum_field(name: str | None, fields: FieldSet) -> str | None:
    if not name:
        return None
    field = fields.resolve(name)
    spec = None if field is None else fields.spec_of(field)
    is_metadata = field is not None and field.name == "metadata" and bool(field.path)
    if spec is None or not (is_metadata or spec.kind in ("text", "number", "boolean")):
        reason = f"'{name[:60]}' is nothing to make strata of"
        raise Invalid.field("stratify_by", f"{reason}: use a field such as model, or a path such as metadata.plan.")
    return str(field)


def _shown(value: Any) -> str:
    return repr(value)[:60]
