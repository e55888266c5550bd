"""Assay: curate datasets from logs, evaluate them, decide with evidence. The public face, imported when first used."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.evaluators.contract import Parameter
    from assay.evaluators.declaration import evaluator
    from assay.model.errors import (
        AssayError,
        Conflict,
        Invalid,
        NotAllowed,
        NotAuthenticated,
        NotFound,
        TooLarge,
        Unavailable,
    )
    from assay.model.evaluator import EvaluatorInputs, PassRule, ScoreRange, Skipped, Verdict
    from assay.sdk import AsyncClient, Client
    from assay.sdk.automation_types import Automation, AutomationEvent, Condition
    from assay.sdk.evaluator_types import (
        AnnotationTask,
        BenchRow,
        Evaluator,
        EvaluatorBench,
        EvaluatorRun,
        Provider,
        ProviderTest,
        Score,
    )
    from assay.sdk.log_types import (
        Customer,
        LogSample,
        RecordResult,
        RequestLog,
        RequestLogCreated,
        RequestLogPage,
        RequestLogsSummary,
        SamplePreview,
        Span,
        Thread,
        Trace,
    )
    from assay.sdk.report_types import (
        CellScore,
        EvalReport,
        ReportAgreement,
        ReportEvaluator,
        ReportPower,
        ReportRow,
        ReportRowDetail,
        ReportSlices,
        ReportSnapshot,
        ReportVerification,
        ScoreSummary,
    )
    from assay.sdk.types import (
        ApiKey,
        BulkResult,
        Dataset,
        DatasetDiff,
        DatasetLog,
        DatasetVersion,
        DeleteResult,
        ImportResult,
        Job,
        LogCreated,
        LogsSummary,
        NewApiKey,
        Page,
        RowDifference,
    )

__all__ = [
    "AnnotationTask",
    "ApiKey",
    "AssayError",
    "AsyncClient",
    "Automation",
    "AutomationEvent",
    "BenchRow",
    "BulkResult",
    "CellScore",
    "Client",
    "Condition",
    "Conflict",
    "Customer",
    "Dataset",
    "DatasetDiff",
    "DatasetLog",
    "DatasetVersion",
    "DeleteResult",
    "EvalReport",
    "Evaluator",
    "EvaluatorBench",
    "EvaluatorInputs",
    "EvaluatorRun",
    "ImportResult",
    "Invalid",
    "Job",
    "LogCreated",
    "LogSample",
    "LogsSummary",
    "NewApiKey",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Page",
    "Parameter",
    "PassRule",
    "Provider",
    "ProviderTest",
    "RecordResult",
    "ReportAgreement",
    "ReportEvaluator",
    "ReportPower",
    "ReportRow",
    "ReportRowDetail",
    "ReportSlices",
    "ReportSnapshot",
    "ReportVerification",
    "RequestLog",
    "RequestLogCreated",
    "RequestLogPage",
    "RequestLogsSummary",
    "RowDifference",
    "SamplePreview",
    "Score",
    "ScoreRange",
    "ScoreSummary",
    "Skipped",
    "Span",
    "Thread",
    "TooLarge",
    "Trace",
    "Unavailable",
    "Verdict",
    "__version__",
    "evaluator",
]

_ERRORS = frozenset(
    {
        "AssayError",
        "Conflict",
        "Invalid",
        "NotAllowed",
        "NotAuthenticated",
        "NotFound",
        "TooLarge",
        "Unavailable",
    }
)
_CLIENTS = frozenset({"AsyncClient", "Client"})
_LOGS = frozenset(
    {
        "Customer",
        "LogSample",
        "RecordResult",
        "RequestLog",
        "RequestLogCreated",
        "RequestLogPage",
        "RequestLogsSummary",
        "SamplePreview",
        "Span",
        "Thread",
        "Trace",
    }
)
_EVALUATION = frozenset(
    {
        "AnnotationTask",
        "BenchRow",
        "Evaluator",
        "EvaluatorBench",
        "EvaluatorRun",
        "Provider",
        "ProviderTest",
        "Score",
    }
)
_AUTOMATIONS = frozenset({"Automation", "AutomationEvent", "Condition"})
_REPORTS = frozenset(
    {
        "CellScore",
        "EvalReport",
        "ReportAgreement",
        "ReportEvaluator",
        "ReportPower",
        "ReportRow",
        "ReportRowDetail",
        "ReportSlices",
        "ReportSnapshot",
        "ReportVerification",
        "ScoreSummary",
    }
)
_EVALUATORS = frozenset({"EvaluatorInputs", "PassRule", "ScoreRange", "Skipped", "Verdict"})
_HOMES = (
    (_ERRORS, "assay.model.errors"),
    (_CLIENTS, "assay.sdk"),
    (_LOGS, "assay.sdk.log_types"),
    (_EVALUATION, "assay.sdk.evaluator_types"),
    (_AUTOMATIONS, "assay.sdk.automation_types"),
    (_REPORTS, "assay.sdk.report_types"),
    (_EVALUATORS, "assay.model.evaluator"),
    (frozenset({"Parameter"}), "assay.evaluators.contract"),
    (frozenset({"evaluator"}), "assay.evaluators.declaration"),
)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import assay` costs nothing."""
    if name == "__version__":
        value: Any = _version()
    elif name in __all__:
        home = next((home for names, home in _HOMES if name in names), "assay.sdk.types")
        value = getattr(importlib.import_module(home), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _version() -> str:
    try:
        return version("assay")
    except PackageNotFoundError:
        return "0+source"
