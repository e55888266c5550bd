"""What the client answers with about evaluators, providers of models and scores; as in `assay.sdk.types`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from assay.sdk.types import AwareDatetime, Interval, JsonObject, Wire


class EvaluatorFields(TypedDict, total=False):
    """What a definition of an evaluator may say; None clears a field where it is changed.

    `type` is llm, code or human; `llm_config` has model, evaluator_definition and scoring_rubric, `code_config`
    eval_code_snippet, `score_config` min_score and max_score; `passing_conditions` are written like
    `{"primary_score": {"operator": "gte", "value": 4}}`; `eval_class` names a built-in and `configurations` its
    parameters.
    """

    evaluator_slug: str
    type: str
    score_value_type: str
    eval_class: str
    description: str
    score_config: Mapping[str, Any] | None
    passing_conditions: Mapping[str, Any] | None
    llm_config: Mapping[str, Any] | None
    code_config: Mapping[str, Any] | None
    configurations: Mapping[str, Any] | None
    categorical_choices: Sequence[Mapping[str, Any]] | None
    custom_required_fields: Sequence[str]
    direction: str
    starred: bool
    tags: Sequence[str]


class EvaluatorChanges(EvaluatorFields, total=False):
    """What a change of an evaluator may say: its name, too."""

    name: str


class Evaluator(Wire, frozen=True, kw_only=True):
    """A versioned way to judge a row, as one of its versions defines it; `type` is llm, code or human.

    `version` 0 is the first draft; a version that `is_read_only` never changes. `warnings` of one that was just made
    say what is not as it was asked for.
    """

    id: str
    name: str
    evaluator_slug: str
    type: str = ""
    score_value_type: str = ""
    eval_class: str = ""
    description: str | None = ""
    direction: str | None = None
    unit: str = ""
    is_builtin: bool = False
    is_read_only: bool = False
    version: int | None = None
    version_id: str | None = None
    version_count: int | None = None
    version_description: str | None = None
    score_config: JsonObject | None = None
    passing_conditions: JsonObject | None = None
    llm_config: JsonObject | None = None
    code_config: JsonObject | None = None
    configurations: JsonObject | None = None
    categorical_choices: Sequence[JsonObject] | None = None
    custom_required_fields: Sequence[str] | None = None
    tags: Sequence[Any] = ()
    starred: bool = False
    created_by: Any = None
    updated_by: Any = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    warnings: Sequence[str] = ()


class VerdictDetail(Wire, frozen=True, kw_only=True):
    """How a verdict came about: what a model was asked and what it replied, or what code printed."""

    messages: Sequence[JsonObject] = ()
    reply: str | None = None
    stdout: str | None = None
    model: str | None = None
    is_from_cache: bool = False


class EvaluatorRun(Wire, frozen=True, kw_only=True):
    """What an evaluator said about inputs that were tried out; `score` has the evaluator's value type, None if failed.

    `execution_time` is seconds, `cost` USD, None where it is not known. `results` has one for each log where several
    were judged.
    """

    score: Any = None
    score_type: str | None = None
    status: str | None = None
    is_passed: bool | None = None
    evaluator_id: str | None = None
    evaluator_slug: str | None = None
    evaluator_name: str | None = None
    explanation: str | None = None
    evaluation_result: Any = None
    error_kind: str | None = None
    error_message: str | None = None
    execution_time: float | None = None
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    attempts: int | None = None
    generation_method: str | None = None
    detail: VerdictDetail | None = None
    log_id: str | None = None
    dataset_id: str | None = None
    results: Sequence[EvaluatorRun] = ()


class BenchVerdict(Wire, frozen=True, kw_only=True):
    """What one version says of a sampled row: status scored, skipped or failed; None where something is not known."""

    status: str
    score: Any = None
    is_passed: bool | None = None
    explanation: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    cost_usd: float | None = None
    latency_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class BenchRow(BenchVerdict, frozen=True, kw_only=True):
    """A sampled row: what the version under test says, and `before` what the version that it is compared with says.

    `delta` is by how much the score rose, None where either has no number.
    """

    log_id: str
    inputs: Mapping[str, Any] = {}
    detail: VerdictDetail | None = None
    before: BenchVerdict | None = None
    delta: float | None = None
    is_changed: bool | None = None


class BenchSummary(Wire, frozen=True, kw_only=True):
    """What became of the sampled rows; `latency_seconds` is a mean, `cost_usd` the sum of the known costs."""

    scored_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    passed_count: int = 0
    mean: float | None = None
    latency_seconds: float | None = None
    cost_usd: float | None = None
    cost_usd_per_row: float | None = None
    unknown_cost_count: int = 0


class BenchComparison(Wire, frozen=True, kw_only=True):
    """The version before on the same rows; `mean_difference` is new minus old over the rows that both scored."""

    version: int
    is_read_only: bool = True
    summary: BenchSummary | None = None
    paired_count: int = 0
    mean_difference: float | None = None
    interval: Interval | None = None
    changed_count: int = 0


class EvaluatorBench(Wire, frozen=True, kw_only=True):
    """An evaluator, or a draft of it, tried on sampled rows of a dataset version; nothing of it is stored."""

    evaluator_id: str
    version: int
    dataset_id: str
    dataset_version: int
    evaluator_slug: str = ""
    is_draft: bool = False
    row_count: int = 0
    sample_size: int = 0
    seed: int = 0
    summary: BenchSummary = BenchSummary()
    comparison: BenchComparison | None = None
    rows: Sequence[BenchRow] = ()
    warnings: Sequence[str] = ()


class ModelPrice(Wire, frozen=True, kw_only=True):
    """What a model costs, in USD for a million tokens."""

    input_usd: float
    output_usd: float


class ProviderLimits(Wire, frozen=True, kw_only=True):
    """How fast a provider may be asked; None is no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrency: int | None = None
    timeout_seconds: float | None = None


class Provider(Wire, frozen=True, kw_only=True):
    """One place that answers model calls; `has_key` says whether its key is stored, which no answer shows.

    `kind` is openai (and all that is compatible), anthropic or scripted; no `models` means any. One that
    `is_from_environment` of the server cannot be changed here.
    """

    id: str
    name: str
    kind: str
    base_url: str = ""
    models: Sequence[str] = ()
    prices: Mapping[str, ModelPrice] = {}
    limits: ProviderLimits | None = None
    has_key: bool = False
    is_enabled: bool = True
    is_from_environment: bool = False
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class ProviderTest(Wire, frozen=True, kw_only=True):
    """What a tiny call to a provider came to; `message` says it in plain words."""

    is_working: bool
    model: str = ""
    latency_seconds: float | None = None
    reply: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    error_kind: str | None = None
    message: str = ""


class ScoreValueFields(TypedDict, total=False):
    """The values of a score, one or several; None clears one where a score is changed."""

    numerical_value: float | None
    boolean_value: bool | None
    string_value: str | None
    categorical_value: Sequence[str] | None
    json_value: Any
    explanation: str | None


class ScoreFields(ScoreValueFields, total=False):
    """A score: by which evaluator (id or slug), by whom (`scorer`), and what it says."""

    evaluator_id: str
    evaluator_slug: str
    scorer: str
    dataset_id: str
    timestamp: datetime | str
    prompt_id: str
    prompt_version_number: int
    automation_id: str


class Score(Wire, frozen=True, kw_only=True):
    """A verdict on a log; its value stands in `score_value` and in the field of its type, None in the others.

    `scorer` is the person who gave it, None for a machine; `original` what the machine had said where a person
    corrected it. `cost` is USD.
    """

    id: str
    evaluator_slug: str = ""
    evaluator_id: str | None = None
    evaluator_name: str = ""
    type: str = ""
    score_value_type: str = ""
    score_value: Any = None
    numerical_value: float | None = None
    boolean_value: bool | None = None
    string_value: str | None = None
    categorical_value: Sequence[str] | None = None
    json_value: str | None = None
    is_passed: bool | None = None
    status: str = ""
    explanation: str | None = None
    error_message: str | None = None
    scorer: str | None = None
    is_machine: bool = True
    is_corrected: bool = False
    original: JsonObject | None = None
    corrected_by: str | None = None
    cost: float | None = None
    environment: str = ""
    log_id: str | None = None
    dataset_id: str | None = None
    eval_report_id: str | None = None
    automation_id: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class AnnotationTask(Wire, frozen=True, kw_only=True):
    """A verdict that a report wants of a person: a score by `evaluator_slug` on `log_id` answers it."""

    id: str
    eval_report_id: str
    dataset_id: str
    log_id: str
    evaluator_slug: str
    evaluator_id: str | None = None
    status: str = "pending"
    url: str = ""
    scores_url: str = ""
    created_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    completed_by: str | None = None
