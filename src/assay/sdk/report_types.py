"""What the client answers with about eval reports and their analyses; as in `assay.sdk.types`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from assay.sdk.evaluator_types import VerdictDetail
from assay.sdk.types import AwareDatetime, DatasetLog, Interval, JsonObject, Wire

FINISHED_STATUSES = frozenset({"completed", "failed", "cancelled"})


class RunOptions(TypedDict, total=False):
    """How a run goes; None and what is left out have the server's default.

    `trials` judges each row so often; `budget_usd` cancels the run before it costs more; `max_concurrency` bounds the
    model calls in flight; `cache` lets equal judge calls share an answer; `cluster_by` is a metadata path whose equal
    values make rows belong together; `seed` drives what is drawn at random in the statistics.
    """

    name: str | None
    trials: int | None
    budget_usd: float | None
    max_concurrency: int | None
    cache: bool | None
    cluster_by: str | None
    seed: int | None


class RowFilters(TypedDict, total=False):
    """Which rows of a report, and in which order.

    `status` is scored, skipped or failed; `min_score` and `max_score` are inclusive; `label` is written
    `metadata.topic:billing`; `evaluator_slug` (or id) says whose verdicts are meant; `sort` is position, worst or best.
    """

    status: str | None
    is_passed: bool | None
    min_score: float | None
    max_score: float | None
    label: str | None
    evaluator_slug: str | None
    sort: str | None


class Coverage(Wire, frozen=True, kw_only=True):
    """Cells by what became of them."""

    total: int = 0
    scored: int = 0
    skipped: int = 0
    failed: int = 0


class HistogramBin(Wire, frozen=True, kw_only=True):
    """One bin: `lower` <= value < `upper` (the last bin includes its upper edge)."""

    lower: float
    upper: float
    count: int


class ClusteredEstimate(Wire, frozen=True, kw_only=True):
    """A mean or rate whose interval respects that rows belong together; `note` says where that could not be done."""

    clusters: int = 0
    mean: float | None = None
    standard_error: float | None = None
    design_effect: float | None = None
    confidence_interval: Interval | None = None
    note: str | None = None
    method: str = ""


class PassRate(Wire, frozen=True, kw_only=True):
    """The share of passed cells, 0 to 1, with its interval; `clustered` where the run was asked to respect clusters."""

    rate: float | None = None
    passed: int = 0
    total: int = 0
    confidence_interval: Interval | None = None
    clustered: ClusteredEstimate | None = None


class MeanBounds(Wire, frozen=True, kw_only=True):
    """What the mean would be if the failed cells were at the ends of the range of scores."""

    lower: float
    upper: float


class DetectableEffect(Wire, frozen=True, kw_only=True):
    """The smallest true difference that a later run over as many `rows` would probably show, at `power`.

    `paired` compares two runs over the same rows, whose scores are taken to correlate by `correlation`; `unpaired` two
    runs over different rows. None where it cannot be said.
    """

    paired: float | None = None
    unpaired: float | None = None
    rows: int | None = None
    correlation: float | None = None
    design_effect: float | None = None
    level: float = 0.95
    power: float = 0.8
    method: str = ""


class CostSummary(Wire, frozen=True, kw_only=True):
    """What the cells cost: the sum of the known costs in USD, None where none is known."""

    known: int = 0
    total_usd: float | None = None
    unknown: int = 0


class LatencySummary(Wire, frozen=True, kw_only=True):
    """How long the cells took, in seconds; percentiles by name, such as p50."""

    known: int = 0
    mean: float | None = None
    maximum: float | None = None
    percentiles: Mapping[str, float | None] | None = None
    unknown: int = 0


class TokenCount(Wire, frozen=True, kw_only=True):
    """Tokens of the cells together, and of how many cells they are not known."""

    known: int = 0
    total: int | None = None
    unknown: int = 0


class TokenSummary(Wire, frozen=True, kw_only=True):
    """Tokens that models were sent and that they answered."""

    input: TokenCount | None = None
    output: TokenCount | None = None


class PassAtK(Wire, frozen=True, kw_only=True):
    """The chance that at least one (`pass_at_k`), or every one (`pass_hat_k`), of k trials of a row passes."""

    k: int
    rows: int = 0
    pass_at_k: float | None = None
    pass_at_k_confidence_interval: Interval | None = None
    pass_hat_k: float | None = None
    pass_hat_k_confidence_interval: Interval | None = None


class TrialsSummary(Wire, frozen=True, kw_only=True):
    """How verdicts vary between rows and within them; `advice` says what would narrow the interval faster."""

    rows: int = 0
    cells: int = 0
    trials: int | None = None
    variance_between_rows: float | None = None
    variance_within_rows: float | None = None
    interval_width: float | None = None
    interval_width_with_rows_doubled: float | None = None
    interval_width_with_trials_doubled: float | None = None
    advice: str | None = None
    pass_at_k: Sequence[PassAtK] | None = None
    agreement: Any = None


class ScoreSummary(Wire, frozen=True, kw_only=True):
    """An evaluator's figures over a report; None for what does not apply to its kind of score, or cannot be said."""

    coverage: Coverage | None = None
    mean: float | None = None
    standard_error: float | None = None
    standard_deviation: float | None = None
    confidence_interval: Interval | None = None
    clustered: ClusteredEstimate | None = None
    minimum: float | None = None
    maximum: float | None = None
    percentiles: Mapping[str, float | None] | None = None
    histogram: Sequence[HistogramBin] | None = None
    pass_rate: PassRate | None = None
    counts: Any = None
    mean_bounds: MeanBounds | None = None
    trials: TrialsSummary | None = None
    minimum_detectable_effect: DetectableEffect | None = None
    cost_usd: CostSummary | None = None
    latency_seconds: LatencySummary | None = None
    tokens: TokenSummary | None = None
    method: str = ""


class ReportEvaluator(Wire, frozen=True, kw_only=True):
    """One evaluator's part of a report; `score` is its mean, booleans counting 0 and 1.

    `method` is how it judged: llm, code, builtin or human. One that `is_scripted` asked no model: its scores are for
    tests and demonstrations. `cost_usd` sums the known costs. `summary` is None until it is finished.
    """

    evaluator_slug: str
    evaluator_id: str | None = None
    name: str = ""
    version: int | None = None
    type: str = ""
    method: str = ""
    model: str | None = None
    is_scripted: bool = False
    score_value_type: str = ""
    direction: str | None = None
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    status: str = ""
    trials: int = 1
    cell_count: int | None = None
    scored_count: int = 0
    skipped_count: int = 0
    failed_count: int = 0
    passed_count: int = 0
    score: float | None = None
    cost_usd: float | None = None
    unknown_cost_count: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    summary: ScoreSummary | None = None


class ReportProgress(Wire, frozen=True, kw_only=True):
    """How far a report is: finished of all cells, `percent` 0 to 100."""

    finished_count: int = 0
    cell_count: int = 0
    percent: float = 0


class RunSettings(Wire, frozen=True, kw_only=True):
    """How a run was asked to go; as in `RunOptions`."""

    trials: int = 1
    budget_usd: float | None = None
    max_concurrency: int | None = None
    cache: bool = False
    cluster_by: str | None = None
    generation_method: str = "auto"
    seed: int = 0


class RunEstimate(Wire, frozen=True, kw_only=True):
    """What the first cells let expect of all: USD, and seconds."""

    cost_usd: float | None = None
    seconds: float | None = None
    pilot_cells: int = 0
    cells: int = 0
    method: str = ""


class _Moving(Wire, frozen=True, kw_only=True):
    """What reports and snapshots of them tell of how they stand."""

    id: str
    dataset_id: str
    status: str
    state: str | None = None
    name: str | None = None
    awaited_count: int = 0
    cost_usd: float | None = None
    unknown_cost_count: int = 0
    is_cancel_requested: bool = False
    is_pause_requested: bool = False
    cancel_reason: str | None = None
    error_message: str | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end: completed, failed or cancelled."""
        return self.status in FINISHED_STATUSES

    @property
    def is_resting(self) -> bool:
        """Whether it goes on only when somebody does something: paused, or waiting for people's verdicts."""
        # Once the last verdict is given, the server completes the report by itself.
        return self.state == "paused" or (self.state == "waiting_for_annotations" and self.awaited_count > 0)


class EvalReport(_Moving, frozen=True, kw_only=True):
    """A run of evaluators over one dataset version.

    `status` is pending, running, completed, failed or cancelled; `state` also paused or waiting_for_annotations.
    `errors` names evaluators that were left out of a run that just began, and why. `estimate` is None until the first
    cells of a model came back.
    """

    evaluator_slugs: Sequence[str] = ()
    progress: ReportProgress | None = None
    dataset_version: int | None = None
    log_count: int | None = None
    trials: int = 1
    settings: RunSettings | None = None
    estimate: RunEstimate | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    evaluators: Sequence[ReportEvaluator] = ()
    results: JsonObject | None = None
    errors: Mapping[str, Any] = {}


class EvaluatorProgress(Wire, frozen=True, kw_only=True):
    """How far one evaluator of a report is; `score` is its mean so far."""

    evaluator_slug: str
    finished_count: int = 0
    cell_count: int = 0
    failed_count: int = 0
    score: float | None = None


class ReportSnapshot(_Moving, frozen=True, kw_only=True):
    """How a report stands at a moment, as the stream of events tells it; `eta_seconds` is None where it is unknown."""

    finished_count: int = 0
    cell_count: int = 0
    percent: float = 0
    failed_count: int = 0
    eta_seconds: float | None = None
    evaluators: Sequence[EvaluatorProgress] = ()


class EventData(Wire, frozen=True, kw_only=True):
    """What one event of the server holds: the reports that moved."""

    reports: Sequence[ReportSnapshot] = ()


class TrialScore(Wire, frozen=True, kw_only=True):
    """One verdict: status scored, skipped or failed; `detail` stands only where a single row was asked for."""

    status: str
    score: Any = None
    is_passed: bool | None = None
    explanation: str | None = None
    error_kind: str | None = None
    error_message: str | None = None
    attempts: int | None = None
    cost_usd: float | None = None
    latency_seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    detail: VerdictDetail | None = None


class CellScore(TrialScore, frozen=True, kw_only=True):
    """An evaluator's verdict on a row over all trials: the mean of numbers, the majority of booleans."""

    mean: float | None = None
    trials: Sequence[TrialScore] = ()


class ReportRow(Wire, frozen=True, kw_only=True):
    """A row of a report and its verdicts by evaluator slug; `log` holds its beginnings where they were asked for."""

    log_id: str
    scores: Mapping[str, CellScore] = {}
    log: JsonObject | None = None


class ReportRowDetail(Wire, frozen=True, kw_only=True):
    """A row of a report in full: as it was judged, and each trial with what was asked and answered."""

    log_id: str
    log: DatasetLog
    scores: Mapping[str, CellScore] = {}
    report_id: str | None = None


class VerifiedHash(Wire, frozen=True, kw_only=True):
    """What was recorded of one thing, and what it is now."""

    subject: str
    is_equal: bool
    expected: Any = None
    actual: Any = None


class ReportVerification(Wire, frozen=True, kw_only=True):
    """Whether all that a report names still is what it was."""

    is_verified: bool
    checks: Sequence[VerifiedHash] = ()


class Analysis(Wire, frozen=True, kw_only=True):
    """Of which evaluator of a report an analysis is, and on how many of its rows it stands."""

    report_id: str
    evaluator_slug: str
    version: int | None = None
    score_value_type: str = ""
    direction: str | None = None
    row_count: int = 0
    scored_row_count: int = 0


class Slice(Wire, frozen=True, kw_only=True):
    """The rows of one label against all others; `label` None are the rows without one, `is_other` the small ones.

    `adjusted_p_value` takes all slices together (Benjamini-Hochberg); None with the `reason` where nothing was tested.
    """

    label: Any = None
    is_other: bool = False
    n: int = 0
    estimate: float | None = None
    confidence_interval: Interval | None = None
    rest: float | None = None
    difference: float | None = None
    test: str | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    reason: str | None = None


class SlicesOfMeasure(Wire, frozen=True, kw_only=True):
    """All slices by one measure, mean or pass rate."""

    kind: str
    level: float = 0.95
    slices: Sequence[Slice] = ()
    method: str = ""


class ReportSlices(Analysis, frozen=True, kw_only=True):
    """Mean score and pass rate of the rows of each label; None for a measure that the evaluator does not have."""

    by: str
    mean: SlicesOfMeasure | None = None
    pass_rate: SlicesOfMeasure | None = None


class RowsNeeded(Wire, frozen=True, kw_only=True):
    """How many rows a run needs to show a difference of `effect`; None with the `reason` where none would do."""

    effect: float
    paired: int | None = None
    unpaired: int | None = None
    reason: str | None = None
    method: str = ""


class PowerOfMeasure(Wire, frozen=True, kw_only=True):
    """What another run could show by one measure: `mean` of scores or `rate` of passes."""

    rows: int = 0
    mean: float | None = None
    rate: float | None = None
    standard_deviation: float | None = None
    minimum_detectable_effect: DetectableEffect | None = None
    rows_needed: RowsNeeded | None = None
    trials: TrialsSummary | None = None


class ReportPower(Analysis, frozen=True, kw_only=True):
    """What another run could show, from the spread of this one; None for a measure that the evaluator lacks."""

    cluster_by: str | None = None
    mean: PowerOfMeasure | None = None
    pass_rate: PowerOfMeasure | None = None


class Estimate(Wire, frozen=True, kw_only=True):
    """A figure with its interval; None with the `reason` where it cannot be said."""

    value: float | None = None
    standard_error: float | None = None
    confidence_interval: Interval | None = None
    reason: str | None = None


class Accuracy(Wire, frozen=True, kw_only=True):
    """On what share of the rows an evaluator says what people say."""

    rate: float | None = None
    agreed: int = 0
    total: int = 0
    confidence_interval: Interval | None = None


class ConfusionMatrix(Wire, frozen=True, kw_only=True):
    """Rows by what people said (first index) and what the evaluator said (second), in the order of `categories`."""

    categories: Sequence[Any] = ()
    human_by_judge: Sequence[Sequence[int]] = ()


class LabelAgreement(Wire, frozen=True, kw_only=True):
    """Agreement of labels: accuracy, Cohen's kappa (weighted where they have an order), Krippendorff's alpha."""

    n: int = 0
    missing: int = 0
    accuracy: Accuracy | None = None
    confusion_matrix: ConfusionMatrix | None = None
    kappa: Estimate | None = None
    linear_kappa: Estimate | None = None
    quadratic_kappa: Estimate | None = None
    alpha: Estimate | None = None
    ordinal_alpha: Estimate | None = None
    method: str = ""


class NumberAgreement(Wire, frozen=True, kw_only=True):
    """Agreement of numbers: `bias` is evaluator minus people."""

    n: int = 0
    missing: int = 0
    bias: Estimate | None = None
    mean_absolute_difference: Estimate | None = None
    alpha: Estimate | None = None
    method: str = ""


class CorrectedMean(Wire, frozen=True, kw_only=True):
    """The evaluator's mean, corrected by what people say of some rows; None with the `reason` where it cannot be."""

    n_labelled: int = 0
    n_unlabelled: int = 0
    judge_mean: float | None = None
    human_mean: float | None = None
    human_confidence_interval: Interval | None = None
    bias: float | None = None
    mean: float | None = None
    standard_error: float | None = None
    confidence_interval: Interval | None = None
    reason: str | None = None
    method: str = ""


class ReportAgreement(Analysis, frozen=True, kw_only=True, rename={"passes": "pass"}):
    """How far an evaluator agrees with people on the same rows, by what it says and by what passes (`passes`).

    It `is_stale` once the evaluator judges in another way than it did here. `self_consistency` is the share of equal
    pairs of trials.
    """

    is_stale: bool = False
    stale_reason: str | None = None
    labelled_row_count: int = 0
    self_consistency: float | None = None
    labels: LabelAgreement | None = None
    numbers: NumberAgreement | None = None
    passes: LabelAgreement | None = None
    corrected_mean: CorrectedMean | None = None
