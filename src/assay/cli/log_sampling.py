"""Datasets from request logs: `assay datasets create --from-logs`, `assay logs import`, and what they came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.log_options import (
    CountOption,
    DryRunOption,
    EnvironmentOption,
    EqualOption,
    FailuresOption,
    NewestOption,
    SampleOption,
    SearchOption,
    SeedOption,
    SimilarityOption,
    SinceOption,
    StratifyOption,
    UntilOption,
    read_sample,
)
from assay.cli.log_table import money
from assay.cli.options import DatasetArgument, FilterOption, FiltersOption, JsonOption, read_filters
from assay.cli.output import console, counted, fitted_table, print_line, shortened, table, text
from assay.cli.session import find_dataset, session_of
from assay.model.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from assay.sdk.log_types import SamplePreview
    from assay.sdk.types import Dataset

SHOWN_STRATA = 12


def create_dataset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    description: Annotated[str, typer.Option("--description", "-d")] = "",
    is_from_logs: Annotated[bool, typer.Option("--from-logs", help="Fill it with request logs.")] = False,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    search: SearchOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    share: SampleOption = None,
    count: CountOption = None,
    stratify_by: StratifyOption = None,
    is_equal: EqualOption = False,
    is_newest: NewestOption = False,
    is_failures_first: FailuresOption = False,
    seed: SeedOption = None,
    similarity: SimilarityOption = None,
    granularity: Annotated[str | None, typer.Option(help="A row of each of the logs (default) or traces.")] = None,
    is_dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a dataset: empty, or with --from-logs of the request logs that match, all of them or a sample."""
    session = session_of(context)
    if not is_from_logs:
        _refuse_sampling_options(context)
        with session.client() as client:
            made = client.datasets.create(name, description)
        if as_json:
            return session.print_last_answer()
        print_line(f'Made dataset "{made.name}" {made.id}.')
        return print_line(f"`assay datasets logs import {made.id} FILE` fills it.")
    sample = read_sample(
        since=since,
        until=until,
        filters=read_filters(filters, filters_json),
        search=search,
        environment=environment,
        share=share,
        count=count,
        stratify_by=stratify_by,
        is_equal=is_equal,
        is_newest=is_newest,
        is_failures_first=is_failures_first,
        seed=seed,
        similarity=similarity,
        granularity=granularity,
    )
    with session.client() as client:
        if is_dry_run:
            preview = client.datasets.preview(sample)
            return session.print_last_answer() if as_json else print_preview(preview)
        made = client.datasets.create(name, description, from_logs=sample)
        if made.status == "initializing":
            made = client.datasets.wait(made.id)
    if made.status == "failed":
        raise Unavailable(f'dataset "{made.name}" {made.id} could not be filled')
    if as_json:
        return session.print_last_answer()
    print_line(f'Made dataset "{made.name}" {made.id} with {counted(made.log_count, "row")}{_of_matching(made)}.')
    print_strata((made.sampling_outcome or {}).get("strata"))


def import_logs(
    context: typer.Context,
    dataset: DatasetArgument,
    filters: FilterOption = None,
    filters_json: FiltersOption = None,
    search: SearchOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    environment: EnvironmentOption = None,
    share: SampleOption = None,
    count: CountOption = None,
    stratify_by: StratifyOption = None,
    is_equal: EqualOption = False,
    is_newest: NewestOption = False,
    is_failures_first: FailuresOption = False,
    seed: SeedOption = None,
    similarity: SimilarityOption = None,
    is_dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Add logs to a dataset, all that match or a sample; those it has already are left out."""
    session = session_of(context)
    sample = read_sample(
        since=since,
        until=until,
        filters=read_filters(filters, filters_json),
        search=search,
        environment=environment,
        share=share,
        count=count,
        stratify_by=stratify_by,
        is_equal=is_equal,
        is_newest=is_newest,
        is_failures_first=is_failures_first,
        seed=seed,
        similarity=similarity,
    )
    with session.client() as client:
        found = find_dataset(client, dataset)
        if is_dry_run:
            preview = client.datasets.preview_import(found.id, sample)
            return session.print_last_answer() if as_json else print_preview(preview)
        added = client.datasets.import_logs(found.id, sample)
        if added.count is None and added.job_id is not None:
            job = client.jobs.wait(added.job_id)
            if job.state != "completed":
                raise Unavailable(f"the import is {job.state}: {job.error_message or 'no reason was given'}")
            number = job.done_count
        else:
            number = added.count or 0
    if as_json:
        return session.print_last_answer()
    print_line(f'Added {counted(number, "log")} to "{found.name}".')


def print_preview(preview: SamplePreview) -> None:
    """Print what a sample would take: how many, of which strata, and some examples."""
    print_line(f"{counted(preview.matched_count, 'log')} match, {preview.sample_count:,} would be taken.")
    print_strata(preview.strata)
    out = console()
    if preview.examples:
        out.print()
        out.print(_examples(preview.examples))
    seed = (preview.sampling_recipe or {}).get("seed")
    if seed is not None and preview.sample_count < preview.matched_count:
        out.print(text(f"Nothing was made. --seed {seed} takes just these.", "dim"))


def print_strata(strata: Sequence[Mapping[str, Any]] | None) -> None:
    """Print how a sample is made up, the largest strata first."""
    if not strata:
        return
    right = {"justify": "right", "no_wrap": True}
    rows = [
        ("(none)" if one.get("value") is None else one["value"], f"{one['matched']:,}", f"{one['taken']:,}")
        for one in strata[:SHOWN_STRATA]
    ]
    out = console()
    out.print()
    out.print(table([("Stratum", {"max_width": 40}), ("Match", right), ("Taken", right)], rows))
    if len(strata) > SHOWN_STRATA:
        out.print(text(f"and {len(strata) - SHOWN_STRATA:,} more; --json names them", "dim"))


def _examples(examples: Sequence[Mapping[str, Any]]) -> Any:
    return fitted_table(
        [
            ("Model", {"max_width": 18}),
            ("Status", {}),
            ("Cost", {"justify": "right"}),
            ("Input", {"ratio": 3}),
            ("Output", {"ratio": 2}),
        ],
        [
            (
                one.get("model") or one.get("log_type"),
                one.get("status"),
                money(one.get("cost")),
                shortened(one.get("input_preview"), 160),
                shortened(one.get("output_preview"), 120),
            )
            for one in examples
        ],
    )


def _refuse_sampling_options(context: typer.Context) -> None:
    own = {"name", "description", "is_from_logs", "as_json"}
    given = [name for name, value in context.params.items() if name not in own and value not in (None, False, [], ())]
    if given:
        raise typer.BadParameter("the options that choose logs need it", param_hint="--from-logs")


def _of_matching(dataset: Dataset) -> str:
    outcome = dataset.sampling_outcome or {}
    told = f" of {outcome['matched_count']:,} logs that match" if "matched_count" in outcome else ""
    near = outcome.get("near_duplicate_count")
    return told + (f", {counted(near, 'near duplicate')} passed over" if near else "")
