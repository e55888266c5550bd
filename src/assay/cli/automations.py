"""`assay automations`: evaluators that judge new logs by themselves, and a log of what they did and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assay.cli.options import JsonOption, PageOption, YesOption, read_comparison, slug_of
from assay.cli.output import (
    confirm,
    console,
    counted,
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
from assay.model.errors import AssayError

if TYPE_CHECKING:
    from assay.sdk.automation_types import Automation, Condition

app = typer.Typer(no_args_is_help=True, help="Judge new logs by themselves: online evaluation.")

AutomationArgument = Annotated[str, typer.Argument(metavar="AUTOMATION", help="Slug or id.")]

# The words of conditions for what filters write.
_OPERATORS = {
    "": "equals",
    "not": "not_equals",
    "gte": "greater_than_or_equal",
    "lte": "less_than_or_equal",
    "gt": "greater_than",
    "lt": "less_than",
    "contains": "contains",
}
_SIGNS = {
    "equals": "=",
    "not_equals": "!=",
    "greater_than_or_equal": ">=",
    "less_than_or_equal": "<=",
    "greater_than": ">",
    "less_than": "<",
    "contains": "~",
}


@app.command("list")
def list_automations(context: typer.Context, page: PageOption = 1, as_json: JsonOption = False) -> None:
    """List automations, newest first."""
    session = session_of(context)
    with session.client() as client:
        found = client.automations.list(page=page)
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Slug", {"no_wrap": True}), "State", ("Evaluators", {"ratio": 1}), ("Condition", {"ratio": 1}), "Share"],
        [
            (
                one.automation_slug,
                _state(one),
                ", ".join(each.evaluator_slug for each in one.evaluator_details),
                one.condition.name,
                _share(one),
            )
            for one in found.results
        ],
    )
    print_table(made, "No automations. `assay automations create` makes one.", len(found.results), found.total_count)


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    evaluators: Annotated[list[str], typer.Option("--evaluator", "-e", help="Slug or id; may be repeated.")],
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--when",
            "-w",
            metavar="FIELD=VALUE",
            help="Only logs like this, also != > >= < <= and ~ (contains); may be repeated; default: every log.",
        ),
    ] = None,
    is_any: Annotated[bool, typer.Option("--any", help="One of the --when is enough; default: all of them.")] = False,
    condition: Annotated[
        str | None, typer.Option(help="Slug or id of a condition that is there already, instead of --when.")
    ] = None,
    sample: Annotated[str, typer.Option(metavar="PERCENT", help="The share of those logs that is judged.")] = "100%",
    is_enabled: Annotated[
        bool, typer.Option("--enable/--no-enable", help="Begin with the next log, or when it is enabled.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Let evaluators judge new logs in the background, each log at most once.

    For example: assay automations create "Refunds" -e tone --when metadata.topic=refund --when "cost>0.01"
    --sample 10%
    """
    if rules and condition is not None:
        raise typer.BadParameter("give --when or --condition, not both", param_hint="--when")
    rate = _read_share(sample)
    slug = slug_of(name)
    session = session_of(context)
    with session.client() as client:
        policy = {"rules": [_rule(one) for one in rules or []], "connector": "OR" if is_any else "AND"}
        # A condition of its own, so that its rules can change with it.
        own = client.conditions.create(name, slug, policy) if condition is None else None
        try:
            made = client.automations.create(
                name,
                slug,
                condition or (own.id if own is not None else ""),
                evaluators,
                sampling_rate=rate,
                is_enabled=is_enabled,
            )
        except AssayError:
            if own is not None:
                client.conditions.delete(own.id)
            raise
    if as_json:
        return session.print_last_answer()
    state = "It judges new logs from now on." if made.is_enabled else f"`assay automations enable {slug}` starts it."
    print_line(f"Made automation {made.automation_slug}. {state}")


@app.command()
def show(context: typer.Context, automation: AutomationArgument, as_json: JsonOption = False) -> None:
    """Show an automation, its rules, and how many logs it judged and left out."""
    session = session_of(context)
    with session.client() as client:
        if as_json:
            client.automations.get(automation)
            return session.print_last_answer()
        found = client.automations.get(automation)
        rules = client.conditions.get(found.condition.id)
        counts = client.automations.events(found.id, page_size=1).decision_counts
    print_fields(
        {
            "Name": found.name,
            "Slug": found.automation_slug,
            "Id": found.id,
            "State": _state(found),
            "Evaluators": ", ".join(each.evaluator_slug for each in found.evaluator_details),
            "Condition": _policy(rules),
            "Share": _share(found),
            "Decisions": ", ".join(f"{number:,} {word.replace('_', ' ')}" for word, number in counts.items() if number)
            or "none yet",
            "Made": day_and_time(found.created_at),
        }
    )


@app.command()
def enable(context: typer.Context, automation: AutomationArgument, as_json: JsonOption = False) -> None:
    """Let an automation judge the logs recorded from now on."""
    _switch(context, automation, True, as_json)


@app.command()
def disable(context: typer.Context, automation: AutomationArgument, as_json: JsonOption = False) -> None:
    """Let an automation judge no further logs; its scores stay."""
    _switch(context, automation, False, as_json)


@app.command()
def events(
    context: typer.Context,
    automation: AutomationArgument,
    decision: Annotated[str | None, typer.Option(help="evaluated, failed, not_matched or not_sampled.")] = None,
    page: PageOption = 1,
    as_json: JsonOption = False,
) -> None:
    """List what an automation decided about logs lately, and why."""
    session = session_of(context)
    with session.client() as client:
        found = client.automations.events(automation, decision=decision, page=page, page_size=50)
    if as_json:
        return session.print_last_answer()
    made = table(
        [("Log", {"no_wrap": True, "style": "dim"}), "Decision", ("Why", {"ratio": 1}), ("At", {"no_wrap": True})],
        [
            (
                one.log_id,
                text(one.decision.replace("_", " "), {"failed": "red", "evaluated": "green"}.get(one.decision, "")),
                one.reason,
                day_and_time(one.created_at),
            )
            for one in found.results
        ],
    )
    print_table(made, "It decided about no log yet.", len(found.results), found.total_count)


@app.command()
def delete(
    context: typer.Context, automation: AutomationArgument, is_confirmed: YesOption = False, as_json: JsonOption = False
) -> None:
    """Delete an automation; the scores that it gave stay."""
    session = session_of(context)
    with session.client() as client:
        found = client.automations.get(automation)
        confirm(f"Delete automation {found.automation_slug}?", is_confirmed)
        client.automations.delete(found.id)
        if found.condition.condition_slug == found.automation_slug:
            _drop_condition(client, found)
    print_json({"id": found.id, "deleted": True}) if as_json else print_line(f"Deleted {found.automation_slug}.")


def _drop_condition(client: Any, found: Automation) -> None:
    """Delete the condition that was made with an automation, unless another uses it by now."""
    try:
        client.conditions.delete(found.condition.id)
    except AssayError as error:
        console(to_stderr=True).print(text(f"Its condition stays: {error}", "yellow"))


def _switch(context: typer.Context, automation: str, is_enabled: bool, as_json: bool) -> None:
    session = session_of(context)
    with session.client() as client:
        found = client.automations.update(automation, is_enabled=is_enabled)
    words = "judges new logs from now on" if found.is_enabled else "judges no further logs"
    session.print_last_answer() if as_json else print_line(f"{found.automation_slug} {words}.")


def _rule(words: str) -> dict[str, Any]:
    field, operator, value = read_comparison(words, "--when")
    return {"field": field, "operator": _OPERATORS[operator], "value": value}


def _read_share(words: str) -> float:
    number, is_percent = words.strip().removesuffix("%").strip(), words.strip().endswith("%")
    try:
        share = float(number) / (100 if is_percent else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f'"{words}" is not a share, such as 10% or 0.1', param_hint="--sample")
    return share


def _share(one: Automation) -> str:
    return f"{one.configuration.sampling_rate * 100:g} %"


def _state(one: Automation) -> Any:
    return text("on", "green") if one.is_enabled else text("off", "dim")


def _policy(found: Condition) -> str:
    rules = found.condition_policy.get("rules") or []
    if not rules:
        return "every log"
    words = [
        f"{rule.get('field')} {_SIGNS.get(str(rule.get('operator')), rule.get('operator'))} "
        f"{shortened(rule.get('value'), 60)}"
        for rule in rules
    ]
    connector = str(found.condition_policy.get("connector") or "AND").lower()
    return f" {connector} ".join(words) if len(words) < 5 else counted(len(words), "rule")
