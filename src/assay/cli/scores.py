"""`assay scores`: what people and machines say of logs, and what reports want of people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.figures import verdict
from assay.cli.log_options import EnvironmentOption, SinceOption, UntilOption, read_environment, read_window
from assay.cli.options import FilterOption, FiltersOption, JsonOption, PageOption, YesOption, read_filters, read_value
from assay.cli.output import (
    confirm,
    day_and_time,
    fitted_table,
    print_json,
    print_line,
    print_table,
    shortened,
    table,
    text,
)
from assay.cli.session import dataset_id_of, session_of

if TYPE_CHECKING:
    from assay.sdk.evaluator_types import Score

app = typer.Typer(no_args_is_help=True, help="Scores of logs, by people and machines.")

EvaluatorOption = Annotated[str | None, typer.Option("--evaluator", "-e", help="Slug of an evaluator.")]


@app.command("list")
def list_scores(
    context: typer.Context,
    log: Annotated[str | None, typer.Option("--log", help="Only those of this log or dataset row.")] = None,
    evaluator: EvaluatorOption = None,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    page: PageOption = 1,
    as_json: JsonOption = False,
) -> None:
    """List scores, newest first."""
    wanted = read_filters(filters, filters_json) or {}
    wanted |= {name: value for name, value in (("log_id", log), ("evaluator_slug", evaluator)) if value is not None}
    window = read_window(since, until) | read_environment(environment)
    session = session_of(context)
    with session.client() as client:
        found = client.scores.list(
            wanted or None,
            start_time=window.get("start_time"),
            end_time=window.get("end_time"),
            environment=window.get("environment"),
            page=page,
            page_size=50,
        )
    if as_json:
        return session.print_last_answer()
    made = fitted_table(
        [
            ("Log", {"style": "dim"}),
            ("Evaluator", {"max_width": 24}),
            ("Score", {"max_width": 16}),
            ("By", {"max_width": 14}),
            ("Why", {"ratio": 3}),
        ],
        [
            (
                one.log_id or "–",
                one.evaluator_slug,
                _score(one),
                _by(one),
                shortened(_why(one)),
            )
            for one in found.results
        ],
    )
    print_table(made, "No scores match.", len(found.results), found.total_count)


@app.command()
def add(
    context: typer.Context,
    log: Annotated[str, typer.Argument(metavar="LOG", help="Id of a log or dataset row.")],
    evaluator: Annotated[str, typer.Option("--evaluator", "-e", help="Slug; it need not be registered.")],
    value: Annotated[
        str | None, typer.Option("--value", help="A number, true or false; anything else is a text.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="A choice of the evaluator; may be repeated.")
    ] = None,
    why: Annotated[str | None, typer.Option("--why", help="The reason for it.")] = None,
    scorer: Annotated[
        str | None, typer.Option("--scorer", help="Who says so: each has one score an evaluator and log.")
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="Id or name of the dataset of the row.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Give a log a score; the same scorer's by the same evaluator is replaced."""
    fields = _values(value, labels)
    given = {"explanation": why, "scorer": scorer}
    fields |= {name: words for name, words in given.items() if words is not None}
    session = session_of(context)
    with session.client() as client:
        if dataset is not None:
            fields["dataset_id"] = dataset_id_of(client, dataset)
        made = client.scores.create(log, evaluator_slug=evaluator, **fields)
    if as_json:
        return session.print_last_answer()
    print_line(f"{made.evaluator_slug} of {made.log_id}: {shortened(made.score_value)}.")


@app.command()
def delete(
    context: typer.Context,
    score: Annotated[str, typer.Argument(metavar="SCORE", help="Id of a score, as --json shows it.")],
    is_confirmed: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a score; a report that waits for people asks again."""
    confirm(f"Delete score {score}?", is_confirmed)
    session = session_of(context)
    with session.client() as client:
        client.scores.delete(score)
    print_json({"id": score, "deleted": True}) if as_json else print_line(f"Deleted score {score}.")


@app.command()
def tasks(
    context: typer.Context,
    status: Annotated[str, typer.Option(help="pending, completed or all.")] = "pending",
    dataset: Annotated[str | None, typer.Option("--dataset", help="Id or name of a dataset.")] = None,
    evaluator: EvaluatorOption = None,
    page: PageOption = 1,
    as_json: JsonOption = False,
) -> None:
    """List the verdicts that reports want of people; `assay scores add ROW` gives one."""
    session = session_of(context)
    with session.client() as client:
        found = client.annotation_tasks.list(
            status=None if status == "all" else status,
            dataset_id=None if dataset is None else dataset_id_of(client, dataset),
            evaluator=evaluator,
            page=page,
            page_size=20,
        )
    if as_json:
        return session.print_last_answer()
    made = table(
        [
            ("Row", {"no_wrap": True, "style": "dim"}),
            ("Evaluator", {"ratio": 1}),
            "Status",
            ("Asked", {"no_wrap": True}),
        ],
        [(one.log_id, one.evaluator_slug, one.status, day_and_time(one.created_at)) for one in found.results],
    )
    print_table(made, "Nothing is wanted of people.", len(found.results), found.total_count)


def _values(value: str | None, labels: list[str] | None) -> dict[str, Any]:
    if (value is None) == (not labels):
        raise typer.BadParameter("give a --value, or one or more --label", param_hint="--value")
    if labels:
        return {"categorical_value": labels}
    read = read_value(value)
    if isinstance(read, bool):
        return {"boolean_value": read}
    if isinstance(read, (int, float)):
        return {"numerical_value": read}
    return {"string_value": value}


def _score(one: Score) -> Any:
    if one.status not in ("", "scored"):
        return text(one.status, "red" if one.status == "failed" else "yellow")
    return verdict(_Said(one))


class _Said:
    """A score as `verdict` takes it: a score without word of its status is one."""

    status = "scored"

    def __init__(self, one: Score) -> None:
        value = one.score_value
        self.score = ", ".join(map(str, value)) if isinstance(value, list) else value
        # The API says false where no rule says what passing is, too.
        self.is_passed = True if one.is_passed else None


def _why(one: Score) -> str | None:
    return one.explanation or one.error_message


def _by(one: Score) -> Any:
    words = one.scorer or ("machine" if one.is_machine else "API")
    return f"{words}, corrected" if one.is_corrected else text(words, "dim" if one.is_machine else "")
