"""`assay evaluators`: list, show and try evaluators."""

from __future__ import annotations

from typing import Annotated

import typer

from assay.cli.options import JsonOption, PageOption, read_object, read_value
from assay.cli.output import day_and_time, print_fields, print_table, shortened, table
from assay.cli.report_table import arrow
from assay.cli.session import session_of

app = typer.Typer(no_args_is_help=True, help="Evaluators: list, show, try.")

EvaluatorArgument = Annotated[str, typer.Argument(metavar="EVALUATOR", help="Slug or id.")]


@app.command("list")
def list_evaluators(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Part of a name or slug.")] = None,
    type: Annotated[str | None, typer.Option(help="llm, code or human.")] = None,
    page: PageOption = 1,
    as_json: JsonOption = False,
) -> None:
    """List evaluators."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.list(search=search, type=type, page=page)
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Slug", {"no_wrap": True}), ("Name", {"ratio": 1}), "Type", "Score", ("", {"no_wrap": True})],
        [(one.evaluator_slug, one.name, one.type, one.score_value_type, arrow(one.direction)) for one in found.results],
    )
    print_table(made, "No evaluators match.", len(found.results), found.total_count)


@app.command()
def show(context: typer.Context, evaluator: EvaluatorArgument, as_json: JsonOption = False) -> None:
    """Show one evaluator."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.get(evaluator)
    if as_json:
        return session.print_last_answer()
    print_fields(
        {
            "Name": found.name,
            "Slug": found.evaluator_slug,
            "Id": found.id,
            "Description": found.description,
            "Type": found.type,
            "Class": found.eval_class,
            "Score": found.score_value_type,
            "Direction": found.direction,
            "Version": found.version,
            "Passes when": shortened(found.passing_conditions) if found.passing_conditions else None,
            "Model": (found.llm_config or {}).get("model"),
            "Prompt": (found.llm_config or {}).get("evaluator_definition"),
            "Code": (found.code_config or {}).get("eval_code_snippet"),
            "Updated": day_and_time(found.updated_at),
        }
    )


@app.command()
def run(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    input: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    expected_output: Annotated[str | None, typer.Option(help="JSON, or plain text.")] = None,
    metadata: Annotated[str | None, typer.Option(metavar="JSON", help="A JSON object.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Try an evaluator on one input and output; nothing is stored."""
    values = {
        "input": read_value(input),
        "output": read_value(output),
        "expected_output": read_value(expected_output),
        "metadata": None if metadata is None else read_object(metadata, "--metadata"),
    }
    inputs = {name: value for name, value in values.items() if value is not None}
    if not inputs:
        raise typer.BadParameter("give something to judge", param_hint="--output")
    session = session_of(context)
    with session.client() as client:
        verdict = client.evaluators.run(evaluator, inputs)
    if as_json:
        return session.print_last_answer()
    result = verdict.evaluation_result if isinstance(verdict.evaluation_result, dict) else {}
    print_fields(
        {
            "Score": "none" if verdict.score is None else shortened(verdict.score),
            "Status": verdict.status,
            "Passed": {True: "yes", False: "no"}.get(verdict.is_passed) if verdict.is_passed is not None else None,
            "Explanation": verdict.explanation or result.get("reasoning"),
            "Error": verdict.error_message,
        }
    )
