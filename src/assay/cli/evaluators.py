"""`assay evaluators`: define evaluators, try them, keep their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli import evaluator_trial
from assay.cli.evaluator_definition import (
    ChoiceOption,
    CodeOption,
    DefinitionOption,
    DescriptionOption,
    DirectionOption,
    FromOption,
    ModelOption,
    NameOption,
    PassOption,
    RubricOption,
    ScaleOption,
    TagOption,
    TemperatureOption,
    TypeOption,
    ValuesOption,
    definition_fields,
    definition_of,
    edited_fields,
)
from assay.cli.evaluator_trial import EvaluatorArgument
from assay.cli.figures import arrow, model_words
from assay.cli.options import JsonOption, PageOption, YesOption
from assay.cli.output import (
    confirm,
    console,
    day_and_time,
    print_fields,
    print_json,
    print_line,
    print_table,
    shortened,
    table,
    text,
)
from assay.cli.session import session_of

if TYPE_CHECKING:
    from assay.sdk.evaluator_types import Evaluator

app = typer.Typer(no_args_is_help=True, help="Evaluators: define, try, keep versions.")


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
        [
            (
                one.evaluator_slug,
                one.name,
                "built in" if one.is_builtin else one.type,
                one.score_value_type,
                arrow(one.direction),
            )
            for one in found.results
        ],
    )
    print_table(made, "No evaluators match.", len(found.results), found.total_count)


@app.command()
def show(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    is_definition: Annotated[
        bool, typer.Option("--definition", help="Print what `create --from` reads, as JSON.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one evaluator."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.get(evaluator)
    if is_definition:
        return print_json(definition_of(found))
    session.print_last_answer() if as_json else _print_evaluator(found)


@app.command()
def create(
    context: typer.Context,
    name: NameOption = None,
    type: TypeOption = None,
    model: ModelOption = None,
    definition: DefinitionOption = None,
    rubric: RubricOption = None,
    temperature: TemperatureOption = None,
    code: CodeOption = None,
    scale: ScaleOption = None,
    values: ValuesOption = None,
    choices: ChoiceOption = None,
    passes: PassOption = None,
    direction: DirectionOption = None,
    slug: Annotated[str | None, typer.Option(help="How it is named in commands; default: made from the name.")] = None,
    description: DescriptionOption = None,
    tags: TagOption = None,
    source: FromOption = None,
    copied: Annotated[
        str | None, typer.Option("--copy-of", metavar="EVALUATOR", help="Copy another evaluator; options change it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make an evaluator: a judge (--definition), code (--code), or one that people answer (--type human).

    Try it with `assay evaluators bench` before you rely on it, and keep it with `assay evaluators commit`.
    """
    fields = definition_fields(
        source, name=name, type=type, description=description, tags=tags, code=code, model=model,
        definition=definition, rubric=rubric, temperature=temperature, values=values, scale=scale, choices=choices,
        passes=passes, direction=direction,
    )  # fmt: skip
    if slug is not None:
        fields["evaluator_slug"] = slug
    if copied is None and "name" not in fields:
        raise typer.BadParameter("an evaluator needs a name", param_hint="--name")
    session = session_of(context)
    with session.client() as client:
        if copied is None:
            made = client.evaluators.create(fields.pop("name"), **fields)
        else:
            made = client.evaluators.duplicate(copied, **fields)
    if as_json:
        return session.print_last_answer()
    print_line(f"Made {made.evaluator_slug}: {_kind(made)}.")
    _print_warnings(made)


@app.command()
def edit(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    name: NameOption = None,
    type: TypeOption = None,
    model: ModelOption = None,
    definition: DefinitionOption = None,
    rubric: RubricOption = None,
    temperature: TemperatureOption = None,
    code: CodeOption = None,
    scale: ScaleOption = None,
    values: ValuesOption = None,
    choices: ChoiceOption = None,
    passes: PassOption = None,
    direction: DirectionOption = None,
    description: DescriptionOption = None,
    tags: TagOption = None,
    source: FromOption = None,
    is_whole: Annotated[bool, typer.Option("--whole", help="Edit all of it as JSON, not its prompt or code.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change the draft of an evaluator: by options, or without any in $EDITOR. Committed versions never change."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.get(evaluator)
        fields = definition_fields(
            source, name=name, type=type, description=description, tags=tags, code=code, model=model,
            definition=definition, rubric=rubric, temperature=temperature, values=values, scale=scale,
            choices=choices, passes=passes, direction=direction, present=found,
        )  # fmt: skip
        fields = fields or edited_fields(found, is_whole)
        if not fields:
            return print_line("Nothing changed.")
        changed = client.evaluators.update(found.id, **fields)
    if as_json:
        return session.print_last_answer()
    print_line(f"Changed {', '.join(fields)} of {changed.evaluator_slug}, the draft of version {changed.version}.")


@app.command()
def commit(
    context: typer.Context,
    evaluator: EvaluatorArgument,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What the version is about.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Freeze the draft as a version that never changes; a new draft begins as its copy."""
    session = session_of(context)
    with session.client() as client:
        draft = client.evaluators.commit(evaluator, message)
    if as_json:
        return session.print_last_answer()
    print_line(f"Committed version {(draft.version or 1) - 1} of {draft.evaluator_slug}.")


@app.command()
def versions(
    context: typer.Context, evaluator: EvaluatorArgument, page: PageOption = 1, as_json: JsonOption = False
) -> None:
    """List the versions of an evaluator, newest first."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.versions(evaluator, page=page)
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Version", {"justify": "right"}), "State", ("About", {"ratio": 1}), ("Made", {"no_wrap": True})],
        [
            (
                one.version,
                "committed" if one.is_read_only else text("draft", "yellow"),
                one.version_description or "",
                day_and_time(one.created_at),
            )
            for one in found.results
        ],
    )
    print_table(made, "No versions.", len(found.results), found.total_count)


@app.command()
def delete(
    context: typer.Context, evaluator: EvaluatorArgument, is_confirmed: YesOption = False, as_json: JsonOption = False
) -> None:
    """Delete an evaluator with its versions; its scores and reports stay."""
    session = session_of(context)
    with session.client() as client:
        found = client.evaluators.get(evaluator)
        confirm(f"Delete {found.evaluator_slug} with its versions?", is_confirmed)
        client.evaluators.delete(found.id)
    print_json({"id": found.id, "deleted": True}) if as_json else print_line(f"Deleted {found.evaluator_slug}.")


app.command("run")(evaluator_trial.run)
app.command("bench")(evaluator_trial.bench)


def _kind(found: Evaluator) -> str:
    """Return in a few words what an evaluator is."""
    model = (found.llm_config or {}).get("model")
    if str(model or "").startswith("scripted"):
        return f"a scripted judge of {found.score_value_type} scores, which asks no model"
    by = {"llm": f"a judge by {model or 'its default model'}", "code": "code", "human": "people"}
    return f"{found.score_value_type} scores by {by.get(found.type, found.type)}"


def _print_warnings(found: Evaluator) -> None:
    for warning in found.warnings:
        console(to_stderr=True).print(text(f"Note: {warning}", "yellow"))


def _print_evaluator(found: Evaluator) -> None:
    judge: Any = found.llm_config or {}
    model = judge.get("model")
    state = "draft" if not found.is_read_only else "built in" if found.is_builtin else "committed"
    print_fields(
        {
            "Name": found.name,
            "Slug": found.evaluator_slug,
            "Id": found.id,
            "Description": found.description,
            "Type": found.type,
            "Class": found.eval_class,
            "Score": f"{found.score_value_type} {shortened(found.score_config) if found.score_config else ''}".strip(),
            "Direction": found.direction,
            "Version": f"{found.version}, {state}" if found.version is not None else None,
            "Passes when": shortened(found.passing_conditions) if found.passing_conditions else None,
            "Model": model_words(model),
            "Prompt": judge.get("evaluator_definition"),
            "Rubric": judge.get("scoring_rubric"),
            "Code": (found.code_config or {}).get("eval_code_snippet"),
            "Settings": shortened(found.configurations) if found.configurations else None,
            "Updated": day_and_time(found.updated_at),
        }
    )
