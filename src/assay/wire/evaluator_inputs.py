"""What evaluators get of a stored log, and how that is echoed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.model.evaluator import EvaluatorInputs
from assay.model.log import LogAttributes, LogContent
from assay.wire import codec

# Lifted out of a log into columns, and given back to evaluators as its metrics.
LIFTED_METRICS = (
    "prompt_tokens", "completion_tokens", "total_request_tokens", "cost", "latency", "time_to_first_token",
    "tokens_per_second",
)  # fmt: skip
_NAMES = ("input", "output", "expected_output", "metadata", "metrics")


def inputs_of(content: LogContent, lifted: Mapping[str, Any]) -> EvaluatorInputs:
    """Return what evaluators get of a log: its decoded payloads, and metrics that include the lifted ones."""
    return EvaluatorInputs(
        input=_decoded(content.input),
        output=_decoded(content.output),
        expected_output=_decoded(content.expected_output),
        metadata=_decoded(content.metadata) or {},
        metrics={**lifted, **(_decoded(content.metrics) or {})},
    )


def lifted_metrics(attributes: LogAttributes) -> dict[str, Any]:
    """Return the lifted metrics that a log has."""
    return {name: value for name in LIFTED_METRICS if (value := getattr(attributes, name)) is not None}


def _decoded(text: bytes | None) -> Any:
    return None if text is None else codec.decode_stored(text)


def inputs_out(inputs: EvaluatorInputs) -> dict[str, Any]:
    """Return inputs as they are echoed."""
    return {name: getattr(inputs, name) for name in _NAMES}
