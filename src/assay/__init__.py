"""Assay: curate datasets from logs, evaluate them, decide with evidence. The public face, imported when first used."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from assay.sdk import AsyncClient, Client
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
    from assay.sdk.types import (
        ApiKey,
        BulkResult,
        Dataset,
        DatasetDiff,
        DatasetLog,
        DatasetVersion,
        DeleteResult,
        EvalReport,
        Evaluator,
        EvaluatorRun,
        ImportResult,
        Job,
        LogCreated,
        LogsSummary,
        NewApiKey,
        Page,
        ReportEvaluator,
        ReportRow,
        RowDifference,
        ScoreSummary,
    )

__all__ = [
    "ApiKey",
    "AssayError",
    "AsyncClient",
    "BulkResult",
    "Client",
    "Conflict",
    "Customer",
    "Dataset",
    "DatasetDiff",
    "DatasetLog",
    "DatasetVersion",
    "DeleteResult",
    "EvalReport",
    "Evaluator",
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
    "RecordResult",
    "ReportEvaluator",
    "ReportRow",
    "RequestLog",
    "RequestLogCreated",
    "RequestLogPage",
    "RequestLogsSummary",
    "RowDifference",
    "SamplePreview",
    "ScoreSummary",
    "Span",
    "Thread",
    "TooLarge",
    "Trace",
    "Unavailable",
    "__version__",
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


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that `import assay` costs nothing."""
    if name == "__version__":
        value: Any = _version()
    elif name in __all__:
        homes = ((_ERRORS, "assay.model.errors"), (_CLIENTS, "assay.sdk"), (_LOGS, "assay.sdk.log_types"))
        home = next((home for names, home in homes if name in names), "assay.sdk.types")
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
