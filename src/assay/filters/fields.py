"""What each noun offers to filters and sorting: canonical names, kinds, aliases. A new noun is a new table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assay.filters.expression import Field
from assay.filters.operators import Kind
from assay.model.log import ATTRIBUTE_NAMES
from assay.model.request_log import SPAN_ATTRIBUTE_NAMES


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: what its values are, whether lists sort by it, its other names.

    `also` names columns that a condition on this field tests as well: it matches when any of them does.
    """

    kind: Kind
    sortable: bool = False
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class FieldSet:
    """The fields of one noun, found by any of their accepted spellings."""

    def __init__(self, noun: str, specs: Mapping[str, FieldSpec]) -> None:
        self.noun = noun
        self.specs = dict(specs)
        self._canonical = {alias: name for name, spec in specs.items() for alias in spec.aliases}
        self._canonical.update({name: name for name in specs})

    @property
    def names(self) -> tuple[str, ...]:
        """Every canonical name and alias, canonical names first."""
        return (*self.specs, *(alias for alias in self._canonical if alias not in self.specs))

    @property
    def has_metadata(self) -> bool:
        """Whether unknown names can be read as metadata keys."""
        return "metadata" in self.specs

    def resolve(self, name: str) -> Field | None:
        """Return the field of a name, an alias, or a path such as `metadata.a.b`, `metadata__a`, `scores__<id>`.

        None when the name is unknown, and for `scores` without an evaluator.
        """
        canonical = self._canonical.get(name)
        if canonical is not None:
            return None if self.specs[canonical].kind == "scores" else Field(canonical)
        for separator in (".", "__"):
            root, _, rest = name.partition(separator)
            canonical = self._canonical.get(root)
            if not rest or canonical is None:
                continue
            kind = self.specs[canonical].kind
            if kind == "json":
                return Field(canonical, tuple(rest.split(".")))
            if kind == "scores":
                return Field(canonical, (rest,))
        return None

    def spec_of(self, field: Field) -> FieldSpec:
        """Return the table entry of a field that `resolve` gave."""
        return self.specs[field.name]


_TEXT = FieldSpec("text", sortable=True)
_NUMBER = FieldSpec("number", sortable=True)
_TIME = FieldSpec("time", sortable=True)
_BOOLEAN = FieldSpec("boolean", sortable=True)
_JSON = FieldSpec("json")

DATASET_FIELDS = FieldSet(
    "dataset",
    {
        "id": _TEXT,
        "name": _TEXT,
        "description": _TEXT,
        "type": _TEXT,
        "status": _TEXT,
        "running_status": _TEXT,
        "created_at": FieldSpec("time", sortable=True, aliases=("timestamp",)),
        "updated_at": _TIME,
        "log_count": _NUMBER,
        "starred": _BOOLEAN,
        "granularity": _TEXT,
        "tags": _JSON,
    },
)

_NUMBER_ATTRIBUTES = (
    *("status_code", "prompt_tokens", "completion_tokens", "total_request_tokens"),
    *("cost", "latency", "time_to_first_token", "tokens_per_second"),
)
_TIME_ATTRIBUTES = ("timestamp", "start_time")
_ATTRIBUTE_ALIASES: dict[str, tuple[str, ...]] = {
    "total_request_tokens": ("total_tokens", "all_tokens"),
    "prompt_tokens": ("input_tokens",),
    "completion_tokens": ("output_tokens",),
    "cost": ("total_cost",),
    "trace_unique_id": ("trace_id",),
    "session_identifier": ("session_id",),
}


def _attribute(name: str) -> FieldSpec:
    kind: Kind = "number" if name in _NUMBER_ATTRIBUTES else "time" if name in _TIME_ATTRIBUTES else "text"
    return FieldSpec(kind, sortable=True, aliases=_ATTRIBUTE_ALIASES.get(name, ()))


DATASET_LOG_FIELDS = FieldSet(
    "dataset log",
    {
        # Clients hand-pick rows by the id they know, which may be that of the log the row was copied from.
        "id": FieldSpec("text", sortable=True, aliases=("unique_id",), also=("source_log_id",)),
        **{name: _attribute(name) for name in ATTRIBUTE_NAMES},
        "created_at": _TIME,
        "updated_at": _TIME,
        "source_log_id": FieldSpec("text", sortable=True, aliases=("original_copy_unique_id",)),
        "annotation_status": _TEXT,
        "metadata": _JSON,
        "input": FieldSpec("json", aliases=("prompt",)),
        "output": FieldSpec("json", aliases=("completion",)),
        "expected_output": _JSON,
        "metrics": _JSON,
        "scores": FieldSpec("scores"),
    },
)

_SPAN_ALIASES: dict[str, tuple[str, ...]] = {
    "span_unique_id": ("span_id",),
    "span_parent_id": ("parent_span_id",),
    "cache_hit": ("cache_bit",),
}
_SPAN_NUMBERS = ("prompt_version_number", "prompt_cache_hit_tokens", "prompt_cache_creation_tokens", "reasoning_tokens")
_SPAN_BOOLEANS = ("stream", "cache_hit", "has_tool_calls", "positive_feedback", "blurred", "is_pinned")
# Recognised parts of a request log that stand in its body under their own names, beside input and output.
DETAIL_NAMES = (
    *("tools", "tool_calls", "tool_choice", "response_format", "properties", "variables", "full_request"),
    *("full_response", "warnings", "temperature", "top_p", "max_tokens"),
)


def _span_attribute(name: str) -> FieldSpec:
    kind: Kind = "number" if name in _SPAN_NUMBERS else "boolean" if name in _SPAN_BOOLEANS else "text"
    return FieldSpec(kind, sortable=True, aliases=_SPAN_ALIASES.get(name, ()))


REQUEST_LOG_FIELDS = FieldSet(
    "request log",
    {
        "id": FieldSpec("text", sortable=True, aliases=("unique_id",)),
        **{name: _attribute(name) for name in ATTRIBUTE_NAMES},
        **{name: _span_attribute(name) for name in SPAN_ATTRIBUTE_NAMES},
        "is_root_span": _BOOLEAN,
        "created_at": _TIME,
        "metadata": _JSON,
        "input": FieldSpec("json", aliases=("prompt", "messages", "prompt_messages")),
        "output": FieldSpec("json", aliases=("completion", "completion_message")),
        "expected_output": FieldSpec("json", aliases=("ideal_output",)),
        **dict.fromkeys(DETAIL_NAMES, _JSON),
        "scores": FieldSpec("scores"),
    },
)

TRACE_FIELDS = FieldSet(
    "trace",
    {
        "trace_unique_id": FieldSpec("text", sortable=True, aliases=("id", "unique_id", "trace_id")),
        "environment": _TEXT,
        "start_time": _TIME,
        "end_time": FieldSpec("time", sortable=True, aliases=("timestamp",)),
        "duration": _NUMBER,
        "span_count": _NUMBER,
        "llm_call_count": _NUMBER,
        "error_count": _NUMBER,
        "total_cost": FieldSpec("number", sortable=True, aliases=("cost",)),
        "total_tokens": FieldSpec("number", sortable=True, aliases=("total_request_tokens",)),
        "total_prompt_tokens": FieldSpec("number", sortable=True, aliases=("prompt_tokens",)),
        "total_completion_tokens": FieldSpec("number", sortable=True, aliases=("completion_tokens",)),
        "name": FieldSpec("text", sortable=True, aliases=("span_name",)),
        "workflow_name": FieldSpec("text", sortable=True, aliases=("span_workflow_name",)),
        "model": _TEXT,
        "status": _TEXT,
        "customer_identifier": _TEXT,
        "session_identifier": FieldSpec("text", sortable=True, aliases=("session_id",)),
        "thread_identifier": _TEXT,
        "trace_group_identifier": _TEXT,
        "metadata": _JSON,
        "input": _JSON,
        "output": _JSON,
    },
)

EVALUATOR_FIELDS = FieldSet(
    "evaluator",
    {
        "id": _TEXT,
        "name": _TEXT,
        "evaluator_slug": FieldSpec("text", sortable=True, aliases=("slug",)),
        "type": _TEXT,
        "score_value_type": _TEXT,
        "eval_class": _TEXT,
        "description": _TEXT,
        "starred": _BOOLEAN,
        "tags": _JSON,
        "created_at": FieldSpec("time", sortable=True, aliases=("timestamp",)),
        "updated_at": _TIME,
    },
)

SCORE_VALUE_FIELDS: Mapping[Kind, FieldSet] = {
    kind: FieldSet(
        "score",
        {
            "primary_score": FieldSpec(kind),
            "numerical_value": FieldSpec("number"),
            "boolean_value": FieldSpec("boolean"),
            "string_value": FieldSpec("text"),
            "categorical_value": FieldSpec("text"),
        },
    )
    for kind in ("number", "boolean", "text")
}
"""What the pass rule of an evaluator may test, by the kind of its primary score."""

SCORE_FIELDS = FieldSet(
    "score",
    {
        "id": _TEXT,
        "created_at": FieldSpec("time", sortable=True, aliases=("timestamp",)),
        "updated_at": _TIME,
        "log_id": _TEXT,
        "dataset_id": _TEXT,
        "evaluator_id": _TEXT,
        "evaluator_slug": _TEXT,
        "evaluator_name": _TEXT,
        "type": _TEXT,
        "score_value_type": _TEXT,
        "status": _TEXT,
        "is_passed": _BOOLEAN,
        "numerical_value": FieldSpec("number", sortable=True, aliases=("numerical_score",)),
        "string_value": _TEXT,
        "boolean_value": _BOOLEAN,
        "environment": _TEXT,
        "scorer": _TEXT,
        "automation_id": _TEXT,
    },
)

EVAL_REPORT_FIELDS = FieldSet(
    "eval report",
    {
        "id": _TEXT,
        "status": _TEXT,
        "name": _TEXT,
        "dataset_version": _NUMBER,
        "created_at": FieldSpec("time", sortable=True, aliases=("timestamp",)),
        "updated_at": _TIME,
        "completed_at": _TIME,
    },
)

EVAL_REPORTS_FIELDS = FieldSet(
    "eval report",
    {
        **EVAL_REPORT_FIELDS.specs,
        "dataset_id": _TEXT,
        "dataset_name": _TEXT,
        "environment": _TEXT,
        "log_count": _NUMBER,
        "started_at": _TIME,
    },
)
"""What the list of the reports of all datasets offers."""

JSON_ROOTS = frozenset(
    name
    for fields in (
        *(DATASET_FIELDS, DATASET_LOG_FIELDS, REQUEST_LOG_FIELDS, TRACE_FIELDS),
        *(EVALUATOR_FIELDS, EVAL_REPORT_FIELDS),
    )
    for name, spec in fields.specs.items()
    if spec.kind == "json"
)
"""Names that mean a JSON document in whichever noun they occur."""
