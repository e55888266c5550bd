"""What `assay evaluators create`, `edit` and `commit` are told: flags, files and an editor, as fields of the API."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import read_file, read_object, read_text, read_value

if TYPE_CHECKING:
    from assay.sdk.evaluator_types import Evaluator

JUDGE = "LLM judges"
SCORES = "Scores"

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="FILE.json", help="Fields from a JSON file, - for standard input.")
]
NameOption = Annotated[str | None, typer.Option("--name", help="What people call it.")]
TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="llm|code|human", help="Default: as the other options say.")
]
DescriptionOption = Annotated[str | None, typer.Option("--description", help="What it is for.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="May be repeated.")]
CodeOption = Annotated[
    Path | None,
    typer.Option("--code", metavar="FILE.py", help="Code evaluators: a file with `def main(eval_inputs)`."),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="gpt-4o-mini, or provider/model; `scripted` asks none.", rich_help_panel=JUDGE),
]
DefinitionOption = Annotated[
    str | None,
    typer.Option(
        "--definition",
        metavar="TEXT|@FILE",
        help="What to judge, with {{input}}, {{output}}, {{expected_output}}, {{metadata.x}}.",
        rich_help_panel=JUDGE,
    ),
]
RubricOption = Annotated[
    str | None,
    typer.Option("--rubric", metavar="TEXT|@FILE", help="What each score means.", rich_help_panel=JUDGE),
]
TemperatureOption = Annotated[float | None, typer.Option("--temperature", min=0, rich_help_panel=JUDGE)]
ValuesOption = Annotated[
    str | None,
    typer.Option(
        "--values",
        metavar="KIND",
        help="numerical, percentage, boolean, single_select, multi_select, text or json.",
        rich_help_panel=SCORES,
    ),
]
ScaleOption = Annotated[
    str | None,
    typer.Option(
        "--scale", metavar="LOW..HIGH", help="Numbers between two ends, such as 1..5.", rich_help_panel=SCORES
    ),
]
ChoiceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--choice", metavar="NAME[=NUMBER]", help="One of several labels; may be repeated.", rich_help_panel=SCORES
    ),
]
PassOption = Annotated[
    str | None,
    typer.Option("--pass", metavar="RULE", help='When a score passes, such as ">=4".', rich_help_panel=SCORES),
]
DirectionOption = Annotated[
    str | None,
    typer.Option(
        "--direction", metavar="higher|lower|none", help="Which way is better; default higher.", rich_help_panel=SCORES
    ),
]

_COMPARED = {">=": "gte", "<=": "lte", "!=": "not", "==": "eq", ">": "gt", "<": "lt", "=": "eq"}
# What a definition consists of, in the order of a file that is edited.
_DEFINING = (
    "name", "description", "type", "score_value_type", "llm_config", "code_config", "score_config",
    "passing_conditions", "categorical_choices", "custom_required_fields", "direction", "configurations",
)  # fmt: skip


def definition_fields(
    source: str | None,
    *,
    name: str | None,
    type: str | None,
    description: str | None,
    tags: list[str] | None,
    code: Path | None,
    model: str | None,
    definition: str | None,
    rubric: str | None,
    temperature: float | None,
    values: str | None,
    scale: str | None,
    choices: list[str] | None,
    passes: str | None,
    direction: str | None,
    present: Evaluator | None = None,
) -> dict[str, Any]:
    """Return the fields that options name, laid over those of a file, and over the configuration that is there.

    Raises BadParameter.
    """
    fields: dict[str, Any] = {} if source is None else read_object(_source(source), "--from")
    named = {"name": name, "type": type, "description": description, "tags": tags, "direction": direction}
    fields |= {field: value for field, value in named.items() if value is not None}
    if code is not None:
        fields["code_config"] = {"eval_code_snippet": read_file(code, "--code")}
    judge = {
        "model": model,
        "evaluator_definition": None if definition is None else read_text(definition, "--definition"),
        "scoring_rubric": None if rubric is None else read_text(rubric, "--rubric"),
        "temperature": temperature,
    }
    judge = {field: value for field, value in judge.items() if value is not None}
    if judge:
        before = fields.get("llm_config") or (present.llm_config if present is not None else None)
        fields["llm_config"] = {**(before or {}), **judge}
    fields |= _score_fields(values, scale, choices)
    if passes is not None:
        fields["passing_conditions"] = read_pass_rule(passes)
    return fields


def _source(words: str) -> str:
    return sys.stdin.read() if words == "-" else read_file(Path(words), "--from")


def _score_fields(values: str | None, scale: str | None, choices: list[str] | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    config: dict[str, Any] = {}
    if scale is not None:
        fields["score_value_type"] = "numerical"
        config |= read_scale(scale)
    if choices:
        fields["score_value_type"] = "single_select"
        config["choices"] = [_choice(one) for one in choices]
    if values is not None:
        fields["score_value_type"] = values
    return fields | ({"score_config": config} if config else {})


def read_scale(words: str) -> dict[str, float]:
    """Return LOW..HIGH as min_score and max_score. Raises BadParameter."""
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*", words)
    ends = [read_value(end) for end in found.groups()] if found else []
    if len(ends) != 2 or not ends[0] < ends[1]:
        raise typer.BadParameter(f'"{words}" is not LOW..HIGH, such as 1..5 or 0..1', param_hint="--scale")
    return {"min_score": ends[0], "max_score": ends[1]}


def _choice(words: str) -> dict[str, Any]:
    name, sign, number = words.rpartition("=")
    value = read_value(number.strip())
    if not sign:
        return {"name": words.strip(), "value": words.strip()}
    if not name.strip() or isinstance(value, bool) or not isinstance(value, (int, float)):
        raise typer.BadParameter(f'"{words}" is not NAME or NAME=NUMBER', param_hint="--choice")
    return {"name": name.strip(), "value": value}


def read_pass_rule(words: str) -> dict[str, Any]:
    """Return a rule such as `>=4` as passing_conditions. Raises BadParameter."""
    for sign, operator in _COMPARED.items():
        if words.strip().startswith(sign):
            value = read_value(words.strip().removeprefix(sign).strip())
            if value not in ("", None):
                return {"primary_score": {"operator": operator, "value": value}}
    raise typer.BadParameter(f'"{words}" is no rule: write >=4, <0.5 or =good', param_hint="--pass")


def edited_fields(found: Evaluator, is_whole: bool) -> dict[str, Any]:
    """Open what matters of an evaluator in $EDITOR, its prompt or code, or all of it as JSON; return what changed.

    Raises BadParameter where there is no terminal, or what was written cannot be read.
    """
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to edit in: say what changes by options or --from FILE.json")
    code = (found.code_config or {}).get("eval_code_snippet")
    prompt = (found.llm_config or {}).get("evaluator_definition")
    if not is_whole and isinstance(code, str):
        written = _edited(code, ".py")
        return {} if written == code else {"code_config": {**(found.code_config or {}), "eval_code_snippet": written}}
    if not is_whole and isinstance(prompt, str):
        written = _edited(prompt, ".md")
        return (
            {} if written == prompt else {"llm_config": {**(found.llm_config or {}), "evaluator_definition": written}}
        )
    before = definition_of(found)
    after = read_object(_edited(_as_json(before), ".json"), "the edited file")
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return changed | {name: None for name in before if name not in after}


def definition_of(found: Evaluator) -> dict[str, Any]:
    """Return what defines an evaluator, as `create --from` reads it."""
    values = {name: getattr(found, name) for name in _DEFINING}
    if found.eval_class:
        values["eval_class"] = found.eval_class
    return {name: value for name, value in values.items() if value not in (None, (), [], {}, "")}


def _as_json(value: Any) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _edited(text: str, suffix: str) -> str:
    """Return what a person made of a text in $VISUAL, $EDITOR or vi. Raises BadParameter where that fails."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="assay-edit-") as directory:
        path = Path(directory) / f"evaluator{suffix}"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)  # noqa: S603 the user's own choice
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise typer.BadParameter(f"the editor {editor} failed: {error}; set $EDITOR") from error
        return read_file(path, "the edited file")
