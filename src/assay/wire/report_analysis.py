"""Analyses of a report on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class AnalysisOut(BaseModel):
    """Of which evaluator an analysis is, and on how many of the report's rows it stands."""

    model_config = ConfigDict(extra="allow")

    report_id: str
    evaluator_slug: str
    version: int
    score_value_type: str
    direction: str
    row_count: int
    scored_row_count: int


class SlicesOut(AnalysisOut):
    """Mean score and pass rate of the rows of each label, each against all others; null for what there is not."""

    by: str
    mean: dict[str, Any] | None
    pass_rate: dict[str, Any] | None


class PowerOut(AnalysisOut):
    """The smallest difference that another run could show, and how many rows a wanted one needs."""

    cluster_by: str | None
    mean: dict[str, Any] | None
    pass_rate: dict[str, Any] | None


class AgreementOut(AnalysisOut):
    """An evaluator against people on the same rows; stale once it judges in another way than it did here."""

    is_stale: bool
    stale_reason: str | None
    definition_hash: str
    labelled_row_count: int
    self_consistency: float | None
    labels: dict[str, Any] | None
    numbers: dict[str, Any] | None
    corrected_mean: dict[str, Any] | None
