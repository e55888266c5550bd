"""The stores as one bundle, and the door to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assay.model.access import Environment
from assay.model.server import DatabaseFacts
from assay.ports.access import AccessStore
from assay.ports.annotations import AnnotationStore
from assay.ports.automations import AutomationStore, OnlineStore
from assay.ports.dataset_log_analytics import DatasetLogAnalytics
from assay.ports.dataset_logs import DatasetLogStore
from assay.ports.dataset_versions import DatasetVersionStore
from assay.ports.datasets import DatasetStore, DeletedDatasets
from assay.ports.eval_reports import EvalReportStore
from assay.ports.evaluators import EvaluatorStore
from assay.ports.jobs import AbandonedJobs, JobStore
from assay.ports.judge_cache import JudgeCache
from assay.ports.log_analytics import LogAnalytics
from assay.ports.log_retention import LogUpkeep, RetentionStore
from assay.ports.log_samples import LogSampleStore
from assay.ports.providers import ProviderStore
from assay.ports.rate_limits import RateLimitStore
from assay.ports.request_logs import RequestLogStore
from assay.ports.runs import RunStore
from assay.ports.saved_views import SavedViewStore
from assay.ports.scores import ScoreStore
from assay.ports.traces import TraceStore


@dataclass(frozen=True, slots=True)
class Store:
    """All that can be kept, as seen from inside one organisation and environment."""

    organization_id: int
    environment: Environment
    datasets: DatasetStore
    dataset_versions: DatasetVersionStore
    dataset_logs: DatasetLogStore
    dataset_log_analytics: DatasetLogAnalytics
    evaluators: EvaluatorStore
    eval_reports: EvalReportStore
    scores: ScoreStore
    annotations: AnnotationStore
    automations: AutomationStore
    providers: ProviderStore
    saved_views: SavedViewStore
    judge_cache: JudgeCache
    jobs: JobStore
    request_logs: RequestLogStore
    log_analytics: LogAnalytics
    log_samples: LogSampleStore
    traces: TraceStore
    retention: RetentionStore


class Stores(Protocol):
    """The whole of what a server keeps; `within` is the only way to anybody's data."""

    @property
    def access(self) -> AccessStore:
        """Organisations and keys."""
        ...

    @property
    def runs(self) -> RunStore:
        """What the engine works on."""
        ...

    @property
    def online(self) -> OnlineStore:
        """What the engine judges as it comes in."""
        ...

    @property
    def rate_limits(self) -> RateLimitStore:
        """What processes that ask the same provider share."""
        ...

    @property
    def deleted_datasets(self) -> DeletedDatasets:
        """The clean-up behind deletes."""
        ...

    @property
    def abandoned_jobs(self) -> AbandonedJobs:
        """The clean-up behind crashes."""
        ...

    @property
    def log_upkeep(self) -> LogUpkeep:
        """The work behind request logs."""
        ...

    def within(self, organization_id: int, environment: Environment) -> Store:
        """Return the stores of one organisation and environment."""
        ...

    async def check(self) -> None:
        """Read from the database; raises Unavailable when it is away or its schema is not this release's."""
        ...

    async def describe(self) -> DatabaseFacts:
        """Say what the database is and how large."""
        ...

    async def back_up(self, directory: Path) -> None:
        """Write a consistent copy of everything into a directory; raises Invalid where this store cannot."""
        ...

    async def verify(self) -> list[str]:
        """Check the integrity of the files and references; return what is wrong, one line each."""
        ...

    def close(self) -> None:
        """Finish accepted writes and let go of the database."""
        ...
