"""`assay reports slices`, `agreement` and `power`: what the verdicts of a report say beside their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.figures import NOTHING, figure, interval, percent, percent_interval
from assay.cli.options import DatasetArgument, JsonOption
from assay.cli.output import console, counted, print_fields, shortened, table, text
from assay.cli.report_reference import LATEST, EvaluatorOption, ReportArgument, report_id_of
from assay.cli.session import dataset_id_of, session_of

if TYPE_CHECKING:
    from assay.sdk.report_types import (
        ConfusionMatrix,
        Estimate,
        LabelAgreement,
        NumberAgreement,
        PowerOfMeasure,
        ReportAgreement,
        ReportPower,
        ReportSlices,
        Slice,
        SlicesOfMeasure,
    )

SIGNIFICANT = 0.05
_RIGHT: dict[str, Any] = {"justify": "right", "no_wrap": True}


def slices(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    by: Annotated[str, typer.Option("--by", metavar="PATH", help="A metadata path, such as metadata.topic.")] = "",
    evaluator: EvaluatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the rows of each label with all others, adjusted for how many comparisons there are."""
    if not by:
        raise typer.BadParameter("say by what to slice, such as metadata.topic", param_hint="--by")
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = report_id_of(client, dataset_id, report)
        found = client.eval_reports.slices(dataset_id, report_id, by, evaluator_slug=evaluator)
    session.print_last_answer() if as_json else _print_slices(found)


def agreement(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    evaluator: EvaluatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare an evaluator with what people say of the same rows, and correct its mean by them."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = report_id_of(client, dataset_id, report)
        found = client.eval_reports.agreement(dataset_id, report_id, evaluator_slug=evaluator)
    session.print_last_answer() if as_json else _print_agreement(found)


def power(
    context: typer.Context,
    dataset: DatasetArgument,
    report: ReportArgument = LATEST,
    effect: Annotated[float | None, typer.Option(help="How many rows does a difference of this size need?")] = None,
    rows: Annotated[int | None, typer.Option(min=2, help="What could so many rows show? Default: as many.")] = None,
    evaluator: EvaluatorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what difference another run could show, and how many rows a wanted one needs."""
    session = session_of(context)
    with session.client() as client:
        dataset_id = dataset_id_of(client, dataset)
        report_id = report_id_of(client, dataset_id, report)
        found = client.eval_reports.power(dataset_id, report_id, effect=effect, rows=rows, evaluator_slug=evaluator)
    session.print_last_answer() if as_json else _print_power(found)


def _print_slices(found: ReportSlices) -> None:
    out = console()
    rows = f"{found.scored_row_count:,} of {counted(found.row_count, 'row')}"
    out.print(text(f"{found.evaluator_slug} by {found.by}, {rows} scored", "bold"))
    for measure in (found.mean, found.pass_rate):
        if measure is not None:
            out.print()
            out.print(_slice_table(measure))
    out.print(text("* differs from all other rows: p below 0.05 after adjustment for all slices.", "dim"))


def _slice_table(measure: SlicesOfMeasure) -> Any:
    is_share = measure.kind == "pass_rate"
    columns = [
        ("Slice", {"ratio": 1}),
        ("Rows", _RIGHT),
        ("Pass rate" if is_share else "Mean", _RIGHT),
        ("95 % CI", _RIGHT),
        ("Others", _RIGHT),
        ("p, adjusted", _RIGHT),
    ]
    return table(columns, [_slice_row(one, is_share) for one in measure.slices])


def _slice_row(one: Slice, is_share: bool) -> tuple[Any, ...]:
    shown, bounds = (percent, percent_interval) if is_share else (figure, interval)
    label = "all smaller ones" if one.is_other else "without one" if one.label is None else shortened(one.label, 60)
    p_value = one.adjusted_p_value
    is_different = p_value is not None and p_value < SIGNIFICANT
    words = NOTHING if p_value is None else "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"
    return (
        text(label, "dim" if one.is_other or one.label is None else ""),
        f"{one.n:,}",
        text(shown(one.estimate), "bold"),
        bounds(one.confidence_interval),
        shown(one.rest),
        text(f"{words} *" if is_different else words, "yellow" if is_different else ""),
    )


def _print_agreement(found: ReportAgreement) -> None:
    out = console()
    rows = f"{found.labelled_row_count:,} of {found.scored_row_count:,} scored rows have a verdict of people"
    out.print(text(f"{found.evaluator_slug}, version {found.version}: {rows}", "bold"))
    if found.is_stale:
        out.print(text(f"Stale: {found.stale_reason}", "yellow"))
    if not found.labelled_row_count:
        out.print("People's verdicts come by `assay scores add ROW --evaluator SLUG --scorer NAME --value …`.")
    fields: dict[str, Any] = {}
    for title, labels in (("", found.labels), ("Pass: ", found.passes)):
        if labels is not None and labels.n:
            fields |= _label_fields(title, labels)
    if found.numbers is not None and found.numbers.n:
        fields |= _number_fields(found.numbers)
    corrected = found.corrected_mean
    if corrected is not None and corrected.mean is not None:
        fields["Mean, uncorrected"] = figure(corrected.judge_mean)
        fields["Mean, corrected by people"] = _with_interval(corrected.mean, interval(corrected.confidence_interval))
    if found.self_consistency is not None:
        fields["Agrees with itself"] = percent(found.self_consistency)
    print_fields(fields)
    labels = found.labels if found.labels is not None and found.labels.n else found.passes
    if labels is not None and labels.confusion_matrix is not None and labels.n:
        out.print()
        out.print(_confusion_table(labels.confusion_matrix))


def _label_fields(title: str, found: LabelAgreement) -> dict[str, Any]:
    accuracy = found.accuracy
    fields: dict[str, Any] = {}
    if accuracy is not None and accuracy.rate is not None:
        words = _with_interval(percent(accuracy.rate), percent_interval(accuracy.confidence_interval))
        fields[f"{title}same verdict"] = f"{words}, {accuracy.agreed:,} of {accuracy.total:,}"
    fields[f"{title}Cohen's kappa"] = _estimate(found.kappa)
    fields[f"{title}kappa, quadratic"] = _estimate(found.quadratic_kappa)
    fields[f"{title}Krippendorff's alpha"] = _estimate(found.ordinal_alpha or found.alpha)
    return fields


def _number_fields(found: NumberAgreement) -> dict[str, Any]:
    return {
        "Bias, evaluator minus people": _estimate(found.bias),
        "Mean absolute difference": _estimate(found.mean_absolute_difference),
        "Krippendorff's alpha, interval": _estimate(found.alpha),
    }


def _estimate(found: Estimate | None) -> str | None:
    if found is None:
        return None
    if found.value is None:
        return f"{NOTHING} {found.reason or ''}".strip()
    return _with_interval(figure(found.value), interval(found.confidence_interval))


def _with_interval(shown: float | str, bounds: str) -> str:
    words = shown if isinstance(shown, str) else figure(shown)
    return f"{words}, 95 % CI {bounds}" if bounds else words


def _confusion_table(found: ConfusionMatrix) -> Any:
    names = [shortened(name, 16) for name in found.categories]
    return table(
        [("People \\ evaluator", {}), *((name, _RIGHT) for name in names)],
        [
            (name, *(text(count, "bold" if row == column else "") for column, count in enumerate(counts)))
            for row, (name, counts) in enumerate(zip(names, found.human_by_judge, strict=True))
        ],
    )


def _print_power(found: ReportPower) -> None:
    console().print(text(f"{found.evaluator_slug}, {counted(found.scored_row_count, 'row')} scored", "bold"))
    for title, measure, is_share in (("Mean", found.mean, False), ("Pass rate", found.pass_rate, True)):
        if measure is not None:
            print_fields(_power_fields(title, measure, is_share))


def _power_fields(title: str, found: PowerOfMeasure, is_share: bool) -> dict[str, Any]:
    def size(value: float | None) -> str:
        return NOTHING if value is None else f"{value * 100:.1f} points" if is_share else f"{value:.3g}"

    shown = percent(found.rate if found.rate is not None else found.mean) if is_share else figure(found.mean)
    fields: dict[str, Any] = {title: shown}
    effect = found.minimum_detectable_effect
    if effect is not None:
        both = f"{size(effect.paired)} over the same rows, {size(effect.unpaired)} over others"
        fields[f"{effect.rows or found.rows:,} rows can show"] = both
    needed = found.rows_needed
    if needed is not None:
        same, others = (NOTHING if number is None else f"{number:,}" for number in (needed.paired, needed.unpaired))
        fields[f"To show {size(needed.effect)}"] = (
            needed.reason or f"{same} rows where both runs judge the same ones, else {others} each"
        )
    if found.trials is not None and found.trials.advice:
        fields["Narrower interval by"] = found.trials.advice
    return fields
